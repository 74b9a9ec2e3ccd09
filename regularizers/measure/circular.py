"""Spectra of convolutions of images that wrap around."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from regularizers.linalg.decomposition import root_eigenvalues, svd_values
from regularizers.linalg.linear_map import frequencies, transfer
from regularizers.linalg.polar import widened
from regularizers.measure.layer_spectrum import LayerSpectrum
from regularizers.measure.missing import numbers_and_reasons
from regularizers.measure.side_by_side import side_by_side
from regularizers.measure.sizes import norms, rank_obstacles, rank_tolerance, ranks
from regularizers.measure.transfer_gram import Grams, transfer_grams
from regularizers.targets import Target

_ENTRIES = 2**19  # of transfer matrices that are one piece of work: 8 MB in complex128


def circular_spectra(targets: list[Target], sizes: Mapping[str, tuple[int, int]]) -> dict[str, LayerSpectrum]:
    """The exact spectrum of every convolution as the unstrided map of an image that wraps around.

    All h·w·min(Co, Ci) values, from the transfer matrices of half the frequencies, as in
    ``spectrum.singular_values``; on the CPU several at once, each on one thread. At the (up to four) frequencies that
    are their own mirror image a transfer matrix is real; those of a single tap are all the same.

    Args:
        targets: convolutions.
        sizes: height and width of what each is given, by name.

    Returns:
        Spectra by name.
    """

    def prepared(target: Target) -> _Kernel:
        return _prepared(target, sizes[target.name])

    at_once = [target for target in targets if _on_cpu(target)]
    kernels = [*side_by_side(prepared, at_once), *(prepared(target) for target in targets if not _on_cpu(target))]
    pieces = sorted((piece for kernel in kernels for piece in _pieces(kernel)), key=lambda piece: -piece.work)
    here = [piece for piece in pieces if _on_cpu(piece.kernel.target)]
    elsewhere = [piece for piece in pieces if not _on_cpu(piece.kernel.target)]
    values = [*side_by_side(_values, here), *map(_values, elsewhere)]
    found: dict[str, list[tuple[Tensor, str]]] = {target.name: [] for target in targets}
    for piece, result in zip(here + elsewhere, values, strict=True):
        found[piece.kernel.target.name].append(result)
    spectra = side_by_side(lambda target: _spectrum(target, sizes[target.name], found[target.name]), targets)
    return {target.name: spectrum for target, spectrum in zip(targets, spectra, strict=True)}


@dataclass(frozen=True, kw_only=True)
class _Kernel:
    """One convolution at one image size, with what all its frequencies share; no Gram matrices of a float64 weight."""

    target: Target
    points: Tensor
    multiplicity: Tensor
    grams: Grams | None


@dataclass(frozen=True, kw_only=True)
class _Piece:
    """Some frequencies of one convolution, all of which are their own mirror image or none."""

    kernel: _Kernel
    points: Tensor
    multiplicity: Tensor
    real: bool

    @property
    def work(self) -> int:
        """Roughly proportional to its time."""
        weight = self.kernel.target.parameter
        return len(self.points) * weight.shape[0] * weight.shape[1] * min(weight.shape[:2]) * (1 if self.real else 4)


def _on_cpu(target: Target) -> bool:
    return not target.parameter.is_cuda


def _prepared(target: Target, size: tuple[int, int]) -> _Kernel:
    points, multiplicity = frequencies(size)
    weight = target.weight
    if weight.shape[2:].numel() == 1:
        points, multiplicity = points[:1], multiplicity.sum().unsqueeze(0)
    with torch.no_grad():
        # What was measured in float64 has no accuracy to give away.
        grams = None if weight.dtype == torch.float64 else transfer_grams(weight.double(), len(points))
    return _Kernel(target=target, points=points, multiplicity=multiplicity, grams=grams)


def _pieces(kernel: _Kernel) -> list[_Piece]:
    count = max(1, _ENTRIES // kernel.target.parameter.shape[:2].numel())
    own_mirror_image = (2 * kernel.points == (2 * kernel.points).round()).all(-1)
    return [
        _Piece(kernel=kernel, points=points, multiplicity=multiplicity, real=real)
        for real, chosen in ((False, ~own_mirror_image), (True, own_mirror_image))
        for points, multiplicity in zip(
            kernel.points[chosen].split(count), kernel.multiplicity[chosen].split(count), strict=True
        )
        if len(points)
    ]


def _values(piece: _Piece) -> tuple[Tensor, str]:
    """The values at some frequencies, each as often as it counts, and the routine."""
    with torch.no_grad():
        values, routine = _decomposed(piece)
        return values.double().cpu().repeat_interleave(piece.multiplicity, dim=0).flatten(), routine


def _decomposed(piece: _Piece) -> tuple[Tensor, str]:
    weight, grams = widened(piece.kernel.target.weight), piece.kernel.grams
    if grams is None or not bool(weight.isfinite().all()):
        return svd_values(transfer(weight, piece.points))  # which knows what is not finite
    values = root_eigenvalues(grams(piece.points, real=piece.real))
    if values is not None:
        return values, "gram"
    values, routine = svd_values(transfer(weight, piece.points))
    return values, f"gram: {routine}"


def _spectrum(target: Target, size: tuple[int, int], found: list[tuple[Tensor, str]]) -> LayerSpectrum:
    values = torch.cat([values for values, _ in found]).sort(descending=True).values
    co, ci = target.parameter.shape[:2]
    pixels = size[0] * size[1]
    tolerance = rank_tolerance(co, ci, target.weight.dtype)
    routine = max((routine for _, routine in found), key=len)  # the longest is one that fell back, if any did
    numbers, missing = numbers_and_reasons(
        norms(values, ci / co) | ranks(values, tolerance), rank_obstacles(values, tolerance), routine
    )
    return LayerSpectrum(
        view="circular",
        fan_out=co * pixels,
        fan_in=ci * pixels,
        singular_values=values.float(),
        routine=routine,
        measures=numbers,
        missing=missing,
    )
