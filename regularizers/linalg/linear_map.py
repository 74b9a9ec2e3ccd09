"""A weight as a linear map: the flat matrix, the circular convolution, the zero-padded convolution.

A kernel K of shape (Co, Ci, kh, kw) stands for more than one matrix, and their norms differ:

* *flat*: Co × (Ci·kh·kw), one unfolded patch to one output position. Cheap; what most methods hold.
* *circular*: the convolution, with stride 1, of a whole h × w image that wraps around at its borders. The
  Fourier transform makes it block-diagonal, one Co × Ci matrix a frequency (Sedghi, Gupta and Long 2018,
  https://arxiv.org/abs/1805.10408), so that all its h·w·min(Co, Ci) singular values are exact and affordable.
* *padded*: the convolution the network computes, with its stride and zero padding. No transform makes it
  diagonal; it is known by its products.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from regularizers.checks import check_known

VIEWS = ("flat", "circular", "padded")


def flatten(weight: Tensor) -> Tensor:
    """The flat view: a kernel (…, Co, Ci, kh, kw) as a matrix (…, Co, Ci·kh·kw); a matrix stays as it is.

    Args:
        weight: a matrix (m, n) or a kernel (Co, Ci, kh, kw), with at most one batch dimension before it.

    Returns:
        (…, m, n).

    Raises:
        ValueError: the weight has fewer than two dimensions or more than five.

    Example:
        >>> flatten(torch.ones(8, 4, 3, 3)).shape
        torch.Size([8, 36])
    """
    if not 2 <= weight.ndim <= 5:
        raise ValueError(f"a weight has 2 to 5 dimensions, got shape {tuple(weight.shape)}; give a matrix or a kernel")
    return weight if weight.ndim <= 3 else weight.flatten(-3)


def frequencies(input_size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Frequencies that tell all of a real kernel's transform, and how often each one's singular values count.

    The transform of a real kernel at (−f, −g) is the conjugate of the one at (f, g) and has the same singular
    values, so one of each mirrored pair is enough. A frequency that is its own mirror image counts once.

    Args:
        input_size: (h, w).

    Returns:
        Points (f, 2) in cycles a sample, float64, and multiplicities (f,), which sum to h·w.

    Example:
        >>> points, multiplicity = frequencies((4, 4))
        >>> len(points), multiplicity.sum().item()
        (10, 16)
    """
    h, w = input_size
    rows, columns = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
    index = rows * w + columns
    mirror = (-rows % h) * w + (-columns % w)
    kept = index <= mirror
    multiplicity = torch.where(index < mirror, 2, 1)[kept]
    points = torch.stack([rows[kept].double() / h, columns[kept].double() / w], dim=-1)
    return points, multiplicity


def transfer(weight: Tensor, points: Tensor) -> Tensor:
    """The transfer matrices of a kernel, T(f, g) = Σ_ab exp(−2πi (f·a + g·b)) K[:, :, a, b].

    A kernel has so few taps that a product with the matrix of phases is cheaper than a padded FFT, and
    leaves each frequency's matrix contiguous. A kernel larger than the image wraps around by itself, because
    the phases are periodic.

    Args:
        weight: (…, Co, Ci, kh, kw), real.
        points: frequencies (f, 2) in cycles a sample.

    Returns:
        (…, f, Co, Ci), complex.
    """
    *_, co, ci, kh, kw = weight.shape
    a, b = torch.meshgrid(torch.arange(kh), torch.arange(kw), indexing="ij")
    taps = torch.stack([a.flatten(), b.flatten()]).double()
    angles = -2 * math.pi * (points @ taps)  # in float64: an error in the phase is an error in every value
    kernel = weight.flatten(-2).movedim(-1, -3).flatten(-2)  # (…, taps, Co·Ci)
    cosines, sines = angles.cos().to(kernel), angles.sin().to(kernel)
    return torch.complex(cosines @ kernel, sines @ kernel).unflatten(-1, (co, ci))


Vectors = Callable[[Tensor], Tensor]
"""A linear function of vectors (…, n), one by one."""


def padded_products(
    weight: Tensor, input_size: tuple[int, int], stride: int | tuple[int, int], padding: int | tuple[int, int]
) -> tuple[Vectors, Vectors]:
    """The products with A and with Aᵀ, where A is the strided, zero-padded convolution of an h × w image.

    Args:
        weight: (Co, Ci, kh, kw).
        input_size: (h, w).
        stride: steps in rows and columns.
        padding: zeros on each side in rows and columns.

    Returns:
        x ↦ Ax, of vectors (…, Ci·h·w), differentiable in the weight, and y ↦ Aᵀy.

    Raises:
        ValueError: the kernel is larger than the padded image.
    """
    strides, pads = _pair(stride), _pair(padding)
    room = [n + 2 * p - k for n, p, k in zip(input_size, pads, weight.shape[-2:], strict=True)]
    if min(room) < 0:
        raise ValueError(
            f"the padded image must hold the kernel, got kernel {tuple(weight.shape[-2:])} on {input_size} "
            f"with padding {pads}; give the layer's real input_size and padding"
        )
    out_size = [r // s + 1 for r, s in zip(room, strides, strict=True)]
    # What a stride skips at the far border; the transpose gives it back, as zeros.
    skipped = [r % s for r, s in zip(room, strides, strict=True)]

    def forward(vectors: Tensor) -> Tensor:
        images = vectors.reshape(-1, weight.shape[1], *input_size)
        return functional.conv2d(images, weight, stride=strides, padding=pads).reshape(*vectors.shape[:-1], -1)

    def adjoint(vectors: Tensor) -> Tensor:
        images = vectors.reshape(-1, weight.shape[0], *out_size)
        back = functional.conv_transpose2d(images, weight, stride=strides, padding=pads, output_padding=skipped)
        return back.reshape(*vectors.shape[:-1], -1)

    return forward, adjoint


def circular_products(weight: Tensor, input_size: tuple[int, int]) -> tuple[Vectors, Vectors]:
    """The products with A and with Aᵀ, where A is the stride-1 convolution of an h × w image that wraps around.

    The transpose is again such a convolution, with the kernel mirrored and its channels exchanged, that
    reaches backwards instead of forwards.

    Args:
        weight: (Co, Ci, kh, kw), of any size beside the image's.
        input_size: (h, w).

    Returns:
        x ↦ Ax, of vectors (…, Ci·h·w), differentiable in the weight, and y ↦ Aᵀy.
    """
    (h, w), (kh, kw) = input_size, weight.shape[-2:]
    rows = torch.arange(h + kh - 1, device=weight.device)
    columns = torch.arange(w + kw - 1, device=weight.device)
    mirrored = weight.flip(-2, -1).transpose(0, 1)

    def forward(vectors: Tensor) -> Tensor:
        wrapped = vectors.reshape(-1, weight.shape[1], h, w)[:, :, rows % h][..., columns % w]
        return functional.conv2d(wrapped, weight).reshape(*vectors.shape[:-1], -1)

    def adjoint(vectors: Tensor) -> Tensor:
        wrapped = vectors.reshape(-1, weight.shape[0], h, w)[:, :, (rows - kh + 1) % h][..., (columns - kw + 1) % w]
        return functional.conv2d(wrapped, mirrored).reshape(*vectors.shape[:-1], -1)

    return forward, adjoint


def check_view(weight: Tensor, view: str, input_size: tuple[int, int] | None, views: tuple[str, ...] = VIEWS) -> None:
    """Refuse a view that does not exist, or that this weight does not have.

    Args:
        weight: the weight to be seen.
        view: the view's name.
        input_size: (h, w), needed by every view but ``"flat"``.
        views: the names there are.

    Raises:
        ValueError: the view is unknown, the weight is no kernel, or the image has no size.
    """
    check_known("view", view, views)
    if view == "flat":
        return
    if weight.ndim < 4:
        raise ValueError(
            f'view "{view}" needs a kernel (Co, Ci, kh, kw), got shape {tuple(weight.shape)}; use view "flat"'
        )
    if input_size is None or len(input_size) != 2 or min(input_size) < 1:
        raise ValueError(f'view "{view}" needs input_size=(h, w), each >= 1, got {input_size}; give e.g. (32, 32)')


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value
