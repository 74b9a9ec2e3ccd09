"""What the weights of a model look like now: spectra, and the numbers drawn from them."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from regularizers.linear_map import VIEWS, flatten
from regularizers.measure.concentration import norms, ranks
from regularizers.measure.input_sizes import input_sizes, zero_padding
from regularizers.measure.layer_spectrum import LayerSpectrum
from regularizers.measure.undisturbed import undisturbed
from regularizers.measure.values import circular_values, values_of
from regularizers.names import check_name
from regularizers.spectrum import spectral_norm
from regularizers.targets import Target, by_shape, select


def measure(model: nn.Module, input_shape: Sequence[int], view: str = "flat") -> dict[str, LayerSpectrum]:
    """Every weight's spectrum, by the module's qualified name.

    The flat view decomposes weights of equal shape in one call. The circular view holds the ``Conv2d``
    layers alone, each at the size its input really has, which one forward pass of a single zero image finds
    out; it is the unstrided, wrapped-around map, an upper bound of the strided one. The padded view is the convolution
    that the network computes, with its stride and zeros, of which the largest singular value is found, to a relative
    residual of ``spectrum.TOLERANCE`` and never above the true one.

    Training is not disturbed: weights are read in evaluation mode without gradient, the forward pass leaves
    buffers, gradients and random states as they were, and each module gets its own train or eval flag back.

    An unknown view, a model without weights, a grouped convolution, and, in the views that need the image's size, a
    convolution that is dilated or left out by the forward pass are refused with a ``ValueError``.

    Args:
        model: the network.
        input_shape: of one example, without the batch: ``(3, 32, 32)``.
        view: ``"flat"``, ``"circular"`` or ``"padded"``.

    Returns:
        One entry a weight, in the order of the modules; none in the circular and padded view of a model without
        ``Conv2d``.

    Example:
        >>> net = nn.Sequential(nn.Linear(3, 3, bias=False))
        >>> _ = nn.init.eye_(net[0].weight)
        >>> spectrum = measure(net, (3,))["0"]
        >>> spectrum.rank, round(spectrum.stable_rank, 6), round(spectrum.effective_rank, 6)
        (3, 3.0, 3.0)
    """
    check_name("view", view, VIEWS)
    targets = select(model)
    with undisturbed(model), torch.no_grad():
        if view == "flat":
            spectra = _flat(targets)
            return {target.name: spectra[target.name] for target in targets}
        convolutions = [target for target in targets if isinstance(target.module, nn.Conv2d)]
        sizes = input_sizes(model, convolutions, input_shape) if convolutions else {}
        return _circular(convolutions, sizes) if view == "circular" else _padded(convolutions, sizes)


def _flat(targets: list[Target]) -> dict[str, LayerSpectrum]:
    spectra = {}
    for group in by_shape(targets):
        values, routine = values_of(torch.stack([flatten(target.weight) for target in group]))
        one = group[0]
        tolerance = max(one.fan_out, one.fan_in) * torch.finfo(one.parameter.dtype).eps
        measures = norms(values, one.fan_in / one.fan_out) | ranks(values, tolerance)
        for place, target in enumerate(group):
            spectra[target.name] = LayerSpectrum(
                view="flat",
                fan_out=target.fan_out,
                fan_in=target.fan_in,
                singular_values=values[place].float().cpu(),
                routine=routine,
                measures=_finite({name: numbers[place] for name, numbers in measures.items()}),
            )
    return spectra


def _circular(targets: list[Target], sizes: Mapping[str, tuple[int, int]]) -> dict[str, LayerSpectrum]:
    spectra = {}
    for target in targets:
        h, w = sizes[target.name]
        co, ci = target.parameter.shape[:2]
        values, routine = circular_values(target.weight, (h, w))
        tolerance = max(co, ci) * torch.finfo(target.parameter.dtype).eps
        spectra[target.name] = LayerSpectrum(
            view="circular",
            fan_out=co * h * w,
            fan_in=ci * h * w,
            singular_values=values.float().cpu(),
            routine=routine,
            measures=_finite(norms(values, ci / co) | ranks(values, tolerance)),
        )
    return spectra


def _padded(targets: list[Target], sizes: Mapping[str, tuple[int, int]]) -> dict[str, LayerSpectrum]:
    spectra = {}
    for target in targets:
        module, (h, w) = target.module, sizes[target.name]
        assert isinstance(module, nn.Conv2d)
        padding = zero_padding(target.name, module)
        stride = (module.stride[0], module.stride[1])
        co, ci = target.parameter.shape[:2]
        out = [(n + 2 * p - k) // s + 1 for n, p, k, s in zip((h, w), padding, module.kernel_size, stride, strict=True)]
        fan_out, fan_in = co * math.prod(out), ci * h * w
        norm = spectral_norm(target.weight, "padded", (h, w), stride, padding)
        spectra[target.name] = LayerSpectrum(
            view="padded",
            fan_out=fan_out,
            fan_in=fan_in,
            singular_values=torch.tensor([norm], dtype=torch.float32),
            routine="lanczos",
            measures=_finite({
                name: torch.tensor(value)
                for name, value in (("spectral_norm", norm), ("rms_norm", norm * math.sqrt(fan_in / fan_out)))
            }),
        )
    return spectra


def _finite(measures: Mapping[str, Tensor]) -> dict[str, float]:
    """The measures that are numbers; none of a weight that is not finite, whose counts would be of nothing."""
    numbers = {name: float(number) for name, number in measures.items()}
    if not math.isfinite(numbers["spectral_norm"]):
        return {}
    return {name: number for name, number in numbers.items() if math.isfinite(number)}
