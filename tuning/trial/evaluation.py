"""Loss and accuracy, summed on the device and read once."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tuning.trial.data import Batches


def batch_sums(cross_entropy: Tensor, logits: Tensor, y: Tensor) -> Tensor:
    """Return what a batch adds to the sums of its part, without waiting for the device.

    Args:
        cross_entropy: mean over the batch, a scalar.
        logits: shape (B, classes).
        y: true classes, shape (B,).

    Returns:
        ``[sum of losses, images classified rightly, images]``, shape (3,).
    """
    images = torch.full_like(cross_entropy, len(y))
    right = (logits.argmax(1) == y).sum().to(cross_entropy.dtype)
    return torch.stack([cross_entropy * images, right, images])


@torch.no_grad()
def evaluate(model: nn.Module, part: Batches) -> tuple[float, float]:
    """Return mean cross-entropy and accuracy of the model over a part, as the model is in evaluation.

    Args:
        model: left in the mode it was in.
        part: the images, without augmentation.

    Returns:
        Loss in nats, possibly not finite, and accuracy in [0, 1].
    """
    was_training = model.training
    model.eval()
    sums = torch.zeros(3, device=part.device)
    for x, y in part.in_order():
        logits = model(x)
        sums += batch_sums(F.cross_entropy(logits, y), logits, y)
    model.train(was_training)
    return means(sums)


def means(sums: Tensor) -> tuple[float, float]:
    """Return loss and accuracy from the sums of `batch_sums`."""
    loss, right, images = sums.tolist()
    return loss / images, right / images
