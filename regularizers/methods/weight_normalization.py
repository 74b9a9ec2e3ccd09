"""Weight normalization: the size and the direction of each output's weights are trained apart."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from regularizers.base import Regularizer, RegularizerSettings
from regularizers.holding.reparametrize import reparametrize


@dataclass(frozen=True, kw_only=True)
class WeightNormalization(RegularizerSettings):
    """The network's weight has the rows wᵢ = gᵢ · vᵢ / ‖vᵢ‖, where g and V are trained.

    The reparametrization of Salimans and Kingma 2016 (https://arxiv.org/abs/1602.07868), one row an output
    (a convolution's: one filter). It starts at the weight as it was, with gᵢ = ‖vᵢ‖. The gradient of vᵢ is
    orthogonal to vᵢ, so that ‖vᵢ‖ grows with every step of plain gradient descent, and with it shrinks the
    step's effect on the direction. No norm is held: g is free.

    Nothing is approximate: it computes what ``torch.nn.utils.parametrizations.weight_norm`` does, but a row
    that starts at zero stays zero here and is NaN there.

    Example:
        >>> layer = nn.Linear(2, 1, bias=False)
        >>> layer.weight.data = torch.tensor([[3.0, 4.0]])
        >>> _ = WeightNormalization().attach(layer)
        >>> layer.weight.detach(), layer.parametrizations.weight[0].g.detach()
        (tensor([[3., 4.]]), tensor([5.]))
    """

    @property
    def reparametrizes(self) -> bool:
        """Whether the network computes with another tensor than the one that is trained: yes."""
        return True

    def attach(self, model: nn.Module) -> Regularizer:
        """Reparametrize the weights of a model. The trained parameters stay the same objects, and g is added.

        Args:
            model: the network, on its device.

        Returns:
            The regularizer; its state lies in the model, and its hooks do nothing.
        """
        targets = self.held(model)
        reparametrize([(target, _Directed(target.weight)) for target in targets])
        return Regularizer(targets)


class _Directed(nn.Module):
    """V ↦ the rows gᵢ vᵢ / ‖vᵢ‖."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.g = nn.Parameter(_row_norms(weight))

    def forward(self, weight: Tensor) -> Tensor:
        norms = _row_norms(weight)
        # A zero row has no direction, and stays zero.
        factors = self.g / torch.where(norms > 0, norms, 1)
        return weight * factors.view(-1, *[1] * (weight.ndim - 1))


def _row_norms(weight: Tensor) -> Tensor:
    return torch.linalg.vector_norm(weight.flatten(1), dim=1)
