"""What the weights of a model look like now: spectra, and the numbers drawn from them."""

from collections.abc import Sequence

import torch
from torch import nn

from regularizers.checks import check_known
from regularizers.linalg.linear_map import VIEWS
from regularizers.measure.circular import circular_spectra
from regularizers.measure.definitions import BUNDLES
from regularizers.measure.flat import flat_spectra
from regularizers.measure.input_sizes import input_sizes
from regularizers.measure.layer_spectrum import LayerSpectrum
from regularizers.measure.padded import padded_spectra
from regularizers.measure.real_numbers import check_real_numbers
from regularizers.measure.undisturbed import undisturbed
from regularizers.targets import check_entries, select


def measure(
    model: nn.Module, input_shape: Sequence[int], view: str = "flat", bundle: str = "standard"
) -> dict[str, LayerSpectrum]:
    """Every weight's spectrum, by the module's qualified name.

    The flat view decomposes every weight's matrix. The circular and the padded view hold the ``Conv2d`` layers alone,
    each at the size its input really has, which one forward pass of a single zero image finds out. The circular view
    is the unstrided map of an image that wraps around, with all its singular values; the padded view is the map the
    network computes, of which the largest alone is affordable.

    The bundle decides what is drawn from the values: ``MEASURES`` defines each. Norms, ranks and concentration in every
    bundle; WeightWatcher's measures of a weight matrix from ``"standard"`` on, in the flat view. ``"full"`` adds
    nothing to a spectrum.

    Training is not disturbed: weights are read in evaluation mode without gradient, the forward pass leaves
    buffers, gradients and random states as they were, and each module gets its own train or eval flag back. Values do
    not depend on torch's number of threads. No weight can end the measurement: one that is not finite has NaN for
    values and no measures, and where a routine does not converge another is taken, which ``routine`` tells. A measure
    that is no number stands in ``missing`` with the reason.

    An unknown view or bundle, a model without weights, and a convolution that is grouped, or (in a view other than
    flat) dilated, left out by the forward pass, given images of several sizes or padded with anything but zeros (padded
    view), are refused with a ``ValueError``; so are a weight without entries, one of whole or complex numbers or of
    floats of 8 bits, and an image that the model does not take.

    Args:
        model: the network.
        input_shape: of one example, without the batch: ``(3, 32, 32)``.
        view: ``"flat"``, ``"circular"`` or ``"padded"``.
        bundle: ``"economy"``, ``"standard"`` or ``"full"``.

    Returns:
        One entry a weight, in the order of the modules; without convolutions none but in the flat view.

    Example:
        >>> net = nn.Sequential(nn.Linear(3, 3, bias=False))
        >>> _ = nn.init.eye_(net[0].weight)
        >>> spectrum = measure(net, (3,))["0"]
        >>> spectrum.rank, round(spectrum.stable_rank, 6), round(spectrum.effective_rank, 6)
        (3.0, 3.0, 3.0)
    """
    check_known("view", view, VIEWS)
    check_known("bundle", bundle, BUNDLES)
    targets = select(model)
    check_entries(targets)
    with undisturbed(model), torch.no_grad():
        check_real_numbers(targets)
        if view == "flat":
            spectra = flat_spectra(targets, bundle)
        else:
            convolutions = [target for target in targets if isinstance(target.module, nn.Conv2d)]
            sizes = input_sizes(model, convolutions, input_shape) if convolutions else {}
            find = circular_spectra if view == "circular" else padded_spectra
            spectra = find(convolutions, sizes)
    return {target.name: spectra[target.name] for target in targets if target.name in spectra}
