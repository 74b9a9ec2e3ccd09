"""A tensor of a network as a function of the image."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from regularizers.measure.affine_map import AffineMap


class NoBound(Exception):  # ruff: ignore[error-suffix-on-exception-name]  # no mistake: of some networks no bound is known
    """Why there is no bound."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Question:
    """What is asked of a network.

    Attributes:
        view: of its convolutions, ``"flat"`` or ``"padded"``.
        known: weights with σ₁ of their flat view, where it has been found before, by the tensor's ``id``.
    """

    view: str
    known: Mapping[int, tuple[Tensor, float]]

    def norm_of(self, weight: Tensor) -> float | None:
        """Return σ₁ of the weight, if it is known."""
        tensor, norm = self.known.get(id(weight), (None, None))
        return norm if tensor is weight else None


@dataclass(frozen=True, kw_only=True, eq=False)
class Value:
    """A tensor of the network as a function of the image.

    Attributes:
        shape: the tensor's.
        question: the one it belongs to.
        before: logarithm of the Lipschitz constant, of the layer's input if there is a layer, else of the tensor.
        layer: the affine map whose output the tensor is. Its norm is taken when it is asked for and not before,
            because BatchNorm may follow and scale it.
    """

    shape: torch.Size
    question: Question
    before: float
    layer: AffineMap | None = None

    @cached_property
    def log(self) -> float:
        """The natural logarithm of a bound of the Lipschitz constant, −∞ for a constant.

        Raises:
            NoBound: the layer is not finite, or does not have the view.
        """
        if self.layer is None:
            return self.before
        if self.question.view == "flat":
            return self.before + log(self.layer.flat_norm())
        if not self.layer.has_padded_view:
            raise NoBound("a convolution with groups, dilation or uneven padding has no padded view")
        return self.before + log(self.layer.padded_norm())


def log(norm: float) -> float:
    """The natural logarithm of a norm, −∞ of zero.

    Args:
        norm: ≥ 0.

    Returns:
        log(norm).

    Raises:
        NoBound: the norm is not finite.
    """
    if not math.isfinite(norm):
        raise NoBound("a weight is not finite")
    return math.log(norm) if norm > 0 else -math.inf
