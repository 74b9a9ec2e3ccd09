"""The operator norm of one affine layer, as the layer stands in a network."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from regularizers.linalg.decomposition import in_unit, lower_gram, root_eigenvalues, svd_values
from regularizers.linalg.padded_norm import NORM_ERROR, padded_norm


@dataclass(frozen=True, kw_only=True, eq=False)
class AffineMap:
    """x ↦ diag(scale) (W ∗ x) + constant: a ``Linear`` or a convolution, with what BatchNorm makes of it.

    Attributes:
        weight: (Co, Ci), or a kernel (Co, Ci / groups, k…).
        scale: one factor an output channel, float64; None for ones.
        input_size: extents of the image that comes in; () for a ``Linear``, here and in the next four.
        output_size: extents of the image that goes out.
        stride: steps.
        padding: zeros on each side; None where the sides differ.
        dilation: distances between taps.
        groups: of channels.
        known: σ₁ of the flat weight without scale, where somebody has found it; None where nobody has.
    """

    weight: Tensor
    scale: Tensor | None = None
    input_size: tuple[int, ...] = ()
    output_size: tuple[int, ...] = ()
    stride: tuple[int, ...] = ()
    padding: tuple[int, ...] | None = ()
    dilation: tuple[int, ...] = ()
    groups: int = 1
    known: float | None = None

    def scaled(self, factors: Tensor) -> "AffineMap":
        """The map with its output multiplied, channel by channel.

        Args:
            factors: (Co,), float64.

        Returns:
            A map of its own.
        """
        return replace(self, scale=factors if self.scale is None else self.scale * factors)

    @property
    def overlaps(self) -> int:
        """In how many patches an input value is at most; 1 for a ``Linear``."""
        return overlaps(self.weight.shape[2:], self.stride, self.dilation, self.output_size)

    @property
    def has_padded_view(self) -> bool:
        """Whether the padded view describes this layer: no groups, no dilation, even padding, two dimensions."""
        plain = self.groups == 1 and set(self.dilation) <= {1} and self.padding is not None
        return self._flat_norm_is_exact or (plain and self.weight.ndim == 4)

    @property
    def _flat_norm_is_exact(self) -> bool:
        """Whether patches do not overlap and one of them lies inside the image, so that no tap of it meets padding."""
        padding = self.padding or [0] * len(self.stride)  # where the sides differ every position has a patch
        return self.overlaps == 1 and a_patch_lies_inside(
            self.weight.shape[2:], self.input_size, self.stride, padding, self.dilation
        )

    def flat_norm(self) -> float:
        """An upper bound of the operator norm, σ₁(diag(scale) W) · √overlaps.

        The layer's output holds one vector ``diag(scale) W p`` for each patch p of its input, so that its square
        norm is at most σ₁² Σ‖p‖². In this sum no input value occurs more often than it occurs in patches, and
        the padding's zeros add nothing. Patches that do not overlap make it the norm itself, if one of them lies
        inside the image. With groups σ₁ is the largest of those of the groups' matrices, which share neither inputs
        nor outputs.

        Returns:
            The bound, exact up to float64's rounding; NaN if the layer is not finite.
        """
        if self.known is not None and self.scale is None and self.groups == 1:
            sigma = self.known
        else:
            sigma = largest_singular_value(self._weight().flatten(1).unflatten(0, (self.groups, -1)))
        return sigma * math.sqrt(self.overlaps)

    def padded_norm(self) -> float:
        """The operator norm of the convolution the network computes, with its stride and its zero padding.

        Returns:
            Not below the norm: Lanczos' estimate and ``regularizers.linalg.padded_norm.NORM_ERROR`` of it, which is how
            far it may lie below, but never more than ``flat_norm``; the norm itself for layers whose patches do not
            overlap but lie in the image; NaN if the layer is not finite.
        """
        assert self.has_padded_view, "the walk has refused it"
        if self._flat_norm_is_exact:
            return self.flat_norm()
        assert self.padding is not None
        (h, w), (sh, sw), (ph, pw) = self.input_size, self.stride, self.padding
        norm, routine = padded_norm(self._weight(), (h, w), (sh, sw), (ph, pw))
        return min(norm * (1 + NORM_ERROR), self.flat_norm()) if routine == "lanczos" else self.flat_norm()

    def _weight(self) -> Tensor:
        weight = self.weight.double()
        return weight if self.scale is None else weight * self.scale.view(-1, *[1] * (weight.ndim - 1))


def overlaps(
    kernel_size: Sequence[int], stride: Sequence[int], dilation: Sequence[int], output_size: Sequence[int]
) -> int:
    """In how many windows of a convolution or pooling one input value is at most.

    Tap a of window i reads position i·s + a·d (less the padding). A position is read by as many windows as there
    are taps a < k with a·d ≡ position (mod s), and these recur with period s / gcd(s, d): at most ⌈k gcd(s, d) / s⌉,
    and never more than there are windows.

    Args:
        kernel_size: taps k, a number for each dimension.
        stride: steps s.
        dilation: distances d.
        output_size: how many windows there are.

    Returns:
        The product over dimensions.

    Example:
        >>> overlaps((3, 3), (1, 1), (1, 1), (32, 32)), overlaps((3, 3), (2, 2), (1, 1), (16, 16))
        (9, 4)
    """
    sizes = zip(kernel_size, stride, dilation, output_size, strict=True)
    return math.prod(min(-(-k * math.gcd(s, d) // s), windows) for k, s, d, windows in sizes)


def a_patch_lies_inside(
    kernel_size: Sequence[int],
    input_size: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
) -> bool:
    """Whether one of the windows of a convolution holds no padding.

    The first that begins inside the image begins at position −p mod s.

    Args:
        kernel_size: taps k, a number for each dimension.
        input_size: extents n of the image.
        stride: steps s.
        padding: zeros p on each side.
        dilation: distances d.

    Example:
        >>> [a_patch_lies_inside((1,), (n,), (3,), (1,), (1,)) for n in (2, 3)]
        [False, True]
    """
    sizes = zip(kernel_size, input_size, stride, padding, dilation, strict=True)
    return all(-p % s + d * (k - 1) < n for k, n, s, p, d in sizes)


def largest_singular_value(matrices: Tensor) -> float:
    """The largest singular value in a stack of matrices, never below it by more than float64's rounding.

    From all eigenvalues of the smaller Gram matrix: an iteration could stop at a value that is not the largest.

    Args:
        matrices: (k, m, n).

    Returns:
        max σ₁; NaN if an entry is not finite, or nothing converges.
    """
    matrices = matrices.double()
    if not matrices.isfinite().all():
        return math.nan
    unit, size = in_unit(matrices)
    rows, columns = unit.shape[-2:]
    values = root_eigenvalues(lower_gram(unit if rows <= columns else unit.mT))
    if values is None:
        values, _ = svd_values(unit)
    return float(values.max()) * size
