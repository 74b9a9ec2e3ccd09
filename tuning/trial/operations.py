"""How large a network is, and how much work an image is to it, found out on shapes without numbers."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from models import Architecture
from tuning.trial.without_numbers import without_numbers


@dataclass(frozen=True, kw_only=True)
class Operations:
    """Parameters of a network, and floating-point operations for one image.

    Attributes:
        parameters: numbers that are trained.
        forward: operations of a forward pass.
        training: operations of a forward and a backward pass; somewhat less than three times the forward pass, because
            the image itself needs no gradient.
    """

    parameters: int
    forward: int
    training: int


def count_operations(architecture: Architecture, input_shape: tuple[int, int, int], num_classes: int) -> Operations:
    """Count the parameters and the operations of a network.

    Counted are matrix products and convolutions, a multiply-add as two operations, as torch's `FlopCounterMode` does;
    norms, activations, biases and sums are left out.

    Args:
        architecture: what to count.
        input_shape: channels, height and width of an image.
        num_classes: outputs.

    Returns:
        The counts.

    Raises:
        ValueError: for an architecture beyond what torch can count.

    Example:
        >>> from models import MLPArchitecture
        >>> linear = MLPArchitecture(name="linear", depth=1, width=1)
        >>> count_operations(linear, (1, 8, 8), 10)
        Operations(parameters=650, forward=1280, training=2560)
    """
    model = without_numbers(architecture, input_shape, num_classes)
    model.eval()  # a single image has no batch statistics
    image = torch.empty(1, *input_shape, device="meta")
    label = torch.zeros(1, dtype=torch.long, device="meta")
    with FlopCounterMode(display=False) as forward:
        logits = model(image)
    with FlopCounterMode(display=False) as backward:
        F.cross_entropy(logits, label).backward()
    return Operations(
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        forward=forward.get_total_flops(),
        training=forward.get_total_flops() + backward.get_total_flops(),
    )
