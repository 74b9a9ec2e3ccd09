"""Every weight of a checkpoint or a named network, measured."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from analysis.notation import listed, several
from analysis.spectra.checkpoint_weights import Weights, choose
from analysis.spectra.evaluation import unused_convolutions
from analysis.spectra.network import SEED, Image, Network, filled_network, random_network
from analysis.spectra.quantized import dequantize
from analysis.spectra.reparametrized import resolve
from analysis.spectra.shards import in_folder
from analysis.spectra.state import State, read
from regularizers import LayerSpectrum, lipschitz_log10_bound, measure
from regularizers.measure.missing import NOT_FINITE, NOT_FOUND

_LOST = {NOT_FINITE: "Not finite", NOT_FOUND: "Found by no routine"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """One weight of a checkpoint with all that was measured of it.

    Attributes:
        name: the module's qualified name, or the tensor's where it is not the module's ``weight``.
        shape: as it is stored.
        spectrum: what was measured.
    """

    name: str
    shape: tuple[int, ...]
    spectrum: LayerSpectrum

    @property
    def finite(self) -> bool:
        """Whether every number of the weight is finite."""
        return bool(self.spectrum.singular_values.isfinite().all())


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """All weights of a checkpoint with what was measured of them.

    Attributes:
        title: what was measured.
        view: the linear map that a kernel is seen as.
        layers: at least one, in the network's order.
        remarks: what a reader should know, sentence by sentence.
        held: numbers in the weights measured.
        parameters: numbers in all of the checkpoint's floating tensors.
        log10_product: of all spectral norms; None where a weight is zero or not finite.
        seconds: the measuring alone.
    """

    title: str
    view: str
    layers: tuple[Layer, ...]
    remarks: tuple[str, ...]
    held: int
    parameters: int
    log10_product: float | None
    seconds: float


def spectra(
    checkpoint: str,
    *,
    model: str | None = None,
    image: Image | None = None,
    view: str = "flat",
    key: str | None = None,
) -> Measured:
    """Measure every weight of a checkpoint, or of a network by name.

    Args:
        checkpoint: a file that `read` takes; where there is none of this name, a network's name.
        model: the name of the network whose state dict the file holds.
        image: (channels, height, width) of the network's input.
        view: ``"flat"``, or one that needs a network: ``"circular"`` or ``"padded"``.
        key: the file's entry that holds the network, where it holds several.

    Returns:
        What was measured.

    Raises:
        ValueError: there is no such file or network, the file holds no weights, or the settings do not fit together,
            or a weight is too large to be measured.
        RuntimeError: where torch is at fault.
    """
    network = None
    if model is not None or _is_file(checkpoint):
        state = resolve(dequantize(read(Path(checkpoint), key)))
        if model is not None:
            network, state = filled_network(model, image, state)
        elif image is not None or view != "flat":
            given = f"--view {view}" if view != "flat" else "--input"
            raise ValueError(f"{given} needs the network's modules, got a checkpoint alone; add --model NAME")
    elif key is not None:
        raise ValueError(
            f"--key needs a file that holds networks, got {key!r} and no file {checkpoint!r}; leave it out"
        )
    else:
        network = random_network(checkpoint, image)
        state = State(
            tensors=network.module.state_dict(),
            remarks=(f"Random weights, drawn from seed {SEED}: no file is called {checkpoint!r}.",),
        )
    unused = [] if network is None or view == "flat" else unused_convolutions(network)
    weights = choose(state, None if network is None else _unmeasured(network, unused))
    start = time.perf_counter()
    try:
        found = _flat(weights) if view == "flat" or network is None else _of_modules(network, view, unused)
    except RuntimeError as error:
        if "alloc" not in str(error):  # torch's only mark of want of memory
            raise
        raise ValueError(_too_large(weights)) from None
    seconds = time.perf_counter() - start
    title = checkpoint if model is None else f"{checkpoint} as {model}"
    return _measured(title, view, weights, found, seconds)


def _is_file(checkpoint: str) -> bool:
    try:
        path = Path(checkpoint)
        return in_folder(path) is not None if path.is_dir() else path.exists()
    except OSError:  # too long a name, or a folder that may not be looked into: reading it will say which
        return True


def _too_large(weights: Weights) -> str:
    name = max(weights.found, key=lambda name: weights.found[name].tensor.numel())
    shape = "×".join(map(str, weights.found[name].shape))
    return (
        f"weights must fit into memory to be measured, got {shape} in {name!r}; leave it out, or give a smaller --input"
    )


def _unmeasured(network: Network, unused: Iterable[str]) -> dict[str, str]:
    """Weights that are left out of the table by name, with the reason."""
    grouped = dict.fromkeys(network.grouped, "grouped convolutions, which are block-diagonal maps")
    reasons = grouped | dict.fromkeys(unused, "not run in evaluation")
    return {f"{name}.weight": reason for name, reason in reasons.items()}


def _measured(title: str, view: str, weights: Weights, found: Mapping[str, LayerSpectrum], seconds: float) -> Measured:
    layers = tuple(
        Layer(name=name.removesuffix(".weight"), shape=weight.shape, spectrum=found[name])
        for name, weight in weights.found.items()
        if name in found
    )
    remarks = list(weights.remarks)
    without = [name for name in weights.found if name not in found]
    if without:
        remarks.append(f"Without a {view} view: {several(without)}; --view flat has all.")
    remarks += missing_measures(layers)
    return Measured(
        title=title if title.isprintable() else ascii(title)[1:-1],
        view=view,
        layers=layers,
        remarks=tuple(remarks),
        held=sum(weight.parameters for name, weight in weights.found.items() if name in found),
        parameters=weights.parameters,
        log10_product=lipschitz_log10_bound(found),
        seconds=seconds,
    )


def missing_measures(layers: Iterable[Layer]) -> list[str]:
    """Say which measures are no numbers and why, each reason once.

    Args:
        layers: the measured weights.

    Returns:
        Sentences, those of weights without any measure first.
    """
    without_any: dict[str, list[str]] = {}
    without_some: dict[tuple[str, str], list[str]] = {}
    for layer in layers:
        spectrum = layer.spectrum
        for why in dict.fromkeys(spectrum.missing.values()):
            lost = listed([measure for measure, reason in spectrum.missing.items() if reason == why])
            names = without_some.setdefault((lost, why), []) if spectrum.measures else without_any.setdefault(why, [])
            names.append(layer.name)
    return [
        *(f"{_LOST[why]}: {several(names)}." for why, names in without_any.items()),
        *(f"No {lost}, because {why}: {several(names)}." for (lost, why), names in without_some.items()),
    ]


def _flat(weights: Weights) -> dict[str, LayerSpectrum]:
    """The spectra by the tensors' names; a flat matrix is a layer of its own, whatever module it came from."""
    holder = nn.ModuleList(_linear(tensor.flatten(1)) for tensor in weights.tensors.values())
    found = measure.measure(holder, (1,))  # the flat view makes no forward pass
    return dict(zip(weights.found, found.values(), strict=True))


def _linear(matrix: Tensor) -> nn.Linear:
    layer = nn.Linear(matrix.shape[1], matrix.shape[0], bias=False, device="meta")
    layer.weight = nn.Parameter(matrix, requires_grad=False)
    return layer


def _of_modules(network: Network, view: str, unused: Iterable[str]) -> dict[str, LayerSpectrum]:
    """The spectra of a network's convolutions by their tensors' names.

    Raises:
        ValueError: there is none.
    """
    for name in (*network.grouped, *unused):
        network.module.set_submodule(name, _Closed(network.module.get_submodule(name)))
    found = measure.measure(network.module, network.image, view)
    if not found:
        raise ValueError(f"--view {view} needs a convolution, got a network without one; leave out --view")
    return {f"{name}.weight": spectrum for name, spectrum in found.items()}


class _Closed(nn.Module):
    """A module that computes what it did, and shows no weight to those who measure."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self._inside = (module,)  # no module finds a module in a tuple

    def forward(self, x: Tensor) -> Tensor:
        """Return what the wrapped module returns."""
        output: Tensor = self._inside[0](x)
        return output
