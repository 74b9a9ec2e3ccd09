"""Spectra of convolutions of images that wrap around."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from regularizers.decomposition import svd_values, wide_gram_values
from regularizers.linear_map import frequencies, transfer
from regularizers.measure.layer_spectrum import LayerSpectrum
from regularizers.measure.side_by_side import side_by_side
from regularizers.measure.sizes import finite, norms, ranks
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
    pieces = [piece for target in targets for piece in _pieces(target, sizes[target.name])]
    on_cpu = sorted((piece for piece in pieces if not piece.target.parameter.is_cuda), key=lambda piece: -piece.work)
    elsewhere = [piece for piece in pieces if piece.target.parameter.is_cuda]
    found: dict[str, list[tuple[Tensor, str]]] = {target.name: [] for target in targets}
    values = side_by_side(_values, on_cpu) + [_values(piece) for piece in elsewhere]
    for piece, result in zip(on_cpu + elsewhere, values, strict=True):
        found[piece.target.name].append(result)
    by_layer = [(target, sizes[target.name], found[target.name]) for target in targets]
    spectra = side_by_side(lambda layer: _spectrum(*layer), by_layer)
    return {target.name: spectrum for target, spectrum in zip(targets, spectra, strict=True)}


@dataclass(frozen=True, kw_only=True)
class _Piece:
    """Some frequencies of one convolution, all of which are their own mirror image or none."""

    target: Target
    points: Tensor
    multiplicity: Tensor
    real: bool

    @property
    def work(self) -> int:
        weight = self.target.parameter
        return len(self.points) * weight.shape[0] * weight.shape[1] * min(weight.shape[:2]) * (1 if self.real else 4)


def _pieces(target: Target, size: tuple[int, int]) -> list[_Piece]:
    weight = target.parameter
    points, multiplicity = frequencies(size)
    if weight.shape[2:].numel() == 1:
        points, multiplicity = points[:1], multiplicity.sum().unsqueeze(0)
    real = (2 * points == (2 * points).round()).all(-1)
    count = max(1, _ENTRIES // weight.shape[:2].numel())
    return [
        _Piece(target=target, points=p, multiplicity=m, real=is_real)
        for is_real in (False, True)
        for p, m in zip(points[real == is_real].split(count), multiplicity[real == is_real].split(count), strict=True)
        if len(p)
    ]


def _values(piece: _Piece) -> tuple[Tensor, str]:
    """The values at some frequencies, each as often as it counts, and the routine."""
    with torch.no_grad():
        weight = piece.target.weight
        matrices = transfer(weight.double(), piece.points)
        if piece.real:
            matrices = matrices.real.contiguous()
        # The transform is computed in float64 for its own accuracy; what counts is that of the weight.
        decompose = svd_values if weight.dtype == torch.float64 else wide_gram_values
        values, routine = decompose(matrices)
        return values.cpu().repeat_interleave(piece.multiplicity, dim=0).flatten(), routine


def _spectrum(target: Target, size: tuple[int, int], found: list[tuple[Tensor, str]]) -> LayerSpectrum:
    values = torch.cat([values for values, _ in found]).sort(descending=True).values
    co, ci = target.parameter.shape[:2]
    pixels = size[0] * size[1]
    tolerance = max(co, ci) * torch.finfo(target.weight.dtype).eps
    return LayerSpectrum(
        view="circular",
        fan_out=co * pixels,
        fan_in=ci * pixels,
        singular_values=values.float(),
        routine=max((routine for _, routine in found), key=len),  # the longest is one that fell back, if any did
        measures=finite(norms(values, ci / co) | ranks(values, tolerance)),
    )
