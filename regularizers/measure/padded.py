"""Spectral norms of convolutions as the network computes them, with stride and zero padding."""

import math
from collections.abc import Mapping

import torch
from torch import nn

from regularizers.linalg.decomposition import gram_values
from regularizers.linalg.linear_map import flatten
from regularizers.linalg.padded_norm import padded_norm
from regularizers.linalg.polar import widened
from regularizers.measure.affine_map import a_patch_lies_inside
from regularizers.measure.by_weight import by_weight
from regularizers.measure.layer_spectrum import LayerSpectrum
from regularizers.measure.missing import numbers_and_reasons
from regularizers.targets import Target


def padded_spectra(targets: list[Target], sizes: Mapping[str, tuple[int, int]]) -> dict[str, LayerSpectrum]:
    """The largest singular value of every convolution, with its stride, its zero padding and its real input size.

    No transform makes this map diagonal. Lanczos' method finds the value from products with the map and its transpose,
    in the weight's precision: below the true one by a relative ``padded_norm.NORM_ERROR`` at most, and above it by
    rounding alone, of which 1.6e-5 was seen in float32. A kernel of one tap has the norm of its matrix, which is
    decomposed.

    Args:
        targets: convolutions.
        sizes: height and width of what each is given, by name.

    Returns:
        Spectra by name, with one singular value each.
    """
    for target in targets:
        padding_of(target)  # every refusal before the work
    return dict(by_weight(lambda group: [_spectrum(target, sizes[target.name]) for target in group], targets))


def padding_of(target: Target) -> tuple[int, int]:
    """Zeros on each side of what a convolution is given, in rows and columns.

    Args:
        target: a convolution.

    Returns:
        Both numbers.

    Raises:
        ValueError: the padding is not of zeros, or not the same on both sides.
    """
    module = target.module
    assert isinstance(module, nn.Conv2d)
    if module.padding_mode != "zeros":
        raise ValueError(
            f"the padded view needs padding with zeros, got padding_mode {module.padding_mode!r} in {target.name!r}; "
            'measure view "circular" or "flat"'
        )
    if module.padding == "valid":
        return (0, 0)
    if module.padding == "same":
        rows, columns = module.kernel_size
        if rows % 2 == 0 or columns % 2 == 0:
            raise ValueError(
                f"the padded view needs the same padding on both sides, got 'same' with a kernel of {rows} × {columns} "
                f"in {target.name!r}; give the kernel odd sides, or the layer its padding in numbers"
            )
        return (rows // 2, columns // 2)
    assert not isinstance(module.padding, str)
    return module.padding[0], module.padding[1]


def _spectrum(target: Target, size: tuple[int, int]) -> LayerSpectrum:
    weight, padding, module = target.weight, padding_of(target), target.module
    assert isinstance(module, nn.Conv2d)
    stride = (module.stride[0], module.stride[1])
    co, ci, *taps = weight.shape
    out = [(n + 2 * p - k) // s + 1 for n, p, k, s in zip(size, padding, taps, stride, strict=True)]
    fan_out, fan_in = co * out[0] * out[1], ci * size[0] * size[1]
    if taps == [1, 1]:
        values, routine = gram_values(flatten(weight))
        norm = float(values[0]) if a_patch_lies_inside(taps, size, stride, padding, (1, 1)) else 0.0
    else:
        # float32 tells the values of a float32 weight apart as well as these are known, in half float64's time.
        norm, routine = padded_norm(widened(weight), size, stride, padding)
    numbers, missing = numbers_and_reasons(
        {"spectral_norm": norm, "rms_norm": norm * math.sqrt(fan_in / fan_out)}, {}, routine
    )
    return LayerSpectrum(
        view="padded",
        fan_out=fan_out,
        fan_in=fan_in,
        singular_values=torch.tensor([norm], dtype=torch.float32),
        routine=routine,
        measures=numbers,
        missing=missing,
    )
