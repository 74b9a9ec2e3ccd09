"""What the weights of a model look like now: spectra, and the numbers drawn from them."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from regularizers.linear_map import flatten
from regularizers.measure.input_sizes import input_sizes
from regularizers.measure.layer_spectrum import LayerSpectrum
from regularizers.measure.undisturbed import undisturbed
from regularizers.names import check_name
from regularizers.spectrum import singular_values, svdvals
from regularizers.targets import Target, by_shape, select


def measure(model: nn.Module, input_shape: Sequence[int], view: str = "flat") -> dict[str, LayerSpectrum]:
    """Every weight's spectrum, by the module's qualified name.

    The flat view decomposes weights of equal shape in one call. The circular view holds the ``Conv2d``
    layers alone, each at the size its input really has, which one forward pass of a single zero image finds
    out; it is the unstrided, wrapped-around map, an upper bound of the strided one.

    Training is not disturbed: weights are read in evaluation mode without gradient, the forward pass leaves
    buffers, gradients and random states as they were, and each module gets its own train or eval flag back.

    An unknown view, a model without weights, and a convolution that is grouped, dilated (circular view) or
    left out by the forward pass (circular view) are refused with a ``ValueError``.

    Args:
        model: the network.
        input_shape: of one example, without the batch: ``(3, 32, 32)``.
        view: ``"flat"`` or ``"circular"``.

    Returns:
        One entry a weight, in the order of the modules; none in the circular view of a model without
        ``Conv2d``.

    Example:
        >>> net = nn.Sequential(nn.Linear(3, 3, bias=False))
        >>> _ = nn.init.eye_(net[0].weight)
        >>> spectrum = measure(net, (3,))["0"]
        >>> spectrum.rank, round(spectrum.stable_rank, 6), round(spectrum.effective_rank, 6)
        (3, 3.0, 3.0)
    """
    check_name("view", view, ("flat", "circular"))
    targets = select(model)
    with undisturbed(model), torch.no_grad():
        spectra = _flat(targets) if view == "flat" else _circular(model, targets, input_shape)
    return {target.name: spectra[target.name] for target in targets if target.name in spectra}


def _flat(targets: list[Target]) -> dict[str, LayerSpectrum]:
    spectra = {}
    for group in by_shape(targets):
        values = svdvals(torch.stack([flatten(target.weight) for target in group]))
        for target, row in zip(group, values.cpu(), strict=True):
            spectra[target.name] = _spectrum(
                row,
                "flat",
                target.fan_out,
                target.fan_in,
                max(target.fan_out, target.fan_in),
                target.weight.dtype,
            )
    return spectra


def _circular(model: nn.Module, targets: list[Target], input_shape: Sequence[int]) -> dict[str, LayerSpectrum]:
    convolutions = [target for target in targets if isinstance(target.module, nn.Conv2d)]
    sizes = input_sizes(model, convolutions, input_shape) if convolutions else {}
    spectra = {}
    for target in convolutions:
        weight, (h, w) = target.weight, sizes[target.name]
        values = singular_values(weight, "circular", input_size=(h, w)).cpu()
        co, ci = weight.shape[:2]
        spectra[target.name] = _spectrum(values, "circular", co * h * w, ci * h * w, max(co, ci), weight.dtype)
    return spectra


def _spectrum(values: Tensor, view: str, fan_out: int, fan_in: int, block: int, dtype: torch.dtype) -> LayerSpectrum:
    s = values.double()
    top, squares = float(s[0]), float(s.square().sum())
    nuclear = s.sum()
    entropy = torch.special.entr(s / nuclear).sum() if top != 0 else torch.tensor(-math.inf)
    return LayerSpectrum(
        view=view,
        fan_out=fan_out,
        fan_in=fan_in,
        singular_values=values.float(),
        spectral_norm=top,
        frobenius_norm=math.sqrt(squares),
        rms_norm=top * math.sqrt(fan_in / fan_out),
        rank=int((s > top * block * torch.finfo(dtype).eps).sum()),
        stable_rank=squares / top**2 if top != 0 else 0.0,
        effective_rank=float(entropy.exp()),
    )
