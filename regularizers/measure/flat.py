"""Spectra of weights as flat matrices."""

from collections.abc import Sequence

import torch
from torch import Tensor

from regularizers.linalg.decomposition import gram_values
from regularizers.measure.by_weight import by_weight
from regularizers.measure.layer_spectrum import LayerSpectrum
from regularizers.measure.marchenko_pastur import marchenko_pastur, marchenko_pastur_obstacles
from regularizers.measure.missing import numbers_and_reasons
from regularizers.measure.power_law import power_law, power_law_obstacles
from regularizers.measure.sizes import norms, rank_obstacles, rank_tolerance, ranks
from regularizers.targets import Target, by_shape


def flat_spectra(targets: list[Target], bundle: str) -> dict[str, LayerSpectrum]:
    """The spectrum of every weight as its flat matrix.

    On the CPU each weight is decomposed by itself, as many at once as torch has threads; on a GPU weights of equal
    shape are one batch.

    Args:
        targets: the weights.
        bundle: one of ``BUNDLES``.

    Returns:
        Spectra by name.
    """

    def values_of(group: list[Target]) -> list[tuple[Tensor, str]]:
        values, routine = gram_values(torch.stack([target.used_matrix for target in group]))
        return [(row, routine) for row in values.double().cpu()]

    groups = {target.name: group for group in by_shape(targets) for target in group}
    found: dict[str, tuple[Tensor, str]] = {}
    spectra: dict[str, LayerSpectrum] = {}
    for name, result in by_weight(values_of, targets):
        found[name], group = result, groups[name]
        if all(target.name in found for target in group):  # measures of equal shapes are found together
            values, routines = zip(*(found[target.name] for target in group), strict=True)
            measured = _spectra(torch.stack(values), routines, group[0], bundle)
            spectra |= zip((target.name for target in group), measured, strict=True)
    return spectra


def _spectra(values: Tensor, routines: Sequence[str], target: Target, bundle: str) -> list[LayerSpectrum]:
    """From the values (b, r) of weights of one shape."""
    fan_out, fan_in = target.fan_out, target.fan_in
    tolerance = rank_tolerance(fan_out, fan_in, target.weight.dtype)
    measures, obstacles = norms(values, fan_in / fan_out) | ranks(values, tolerance), rank_obstacles(values, tolerance)
    if bundle != "economy":
        measures |= power_law(values, tolerance) | marchenko_pastur(values, fan_out, fan_in, tolerance)
        obstacles = {
            **obstacles,
            **power_law_obstacles(values, tolerance),
            **marchenko_pastur_obstacles(values, tolerance),
        }
    spectra = []
    for i, (row, routine) in enumerate(zip(values, routines, strict=True)):
        numbers, missing = numbers_and_reasons(measures, obstacles, routine, (i,))
        spectra.append(
            LayerSpectrum(
                view="flat",
                fan_out=fan_out,
                fan_in=fan_in,
                singular_values=row.float(),
                routine=routine,
                measures=numbers,
                missing=missing,
            )
        )
    return spectra
