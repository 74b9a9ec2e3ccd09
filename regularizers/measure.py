"""What the weights of a model look like now: spectra, and the numbers drawn from them."""

import math
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from regularizers.linear_map import flatten
from regularizers.names import check_name
from regularizers.spectrum import singular_values, svdvals
from regularizers.targets import Target, by_shape, select


@dataclass(frozen=True, kw_only=True, eq=False)  # tensors have no single answer to ==
class LayerSpectrum:
    """One weight, seen as one linear map.

    With singular values s₁ ≥ … ≥ s_r and W the map's matrix:

    * rank: how many exceed s₁ · max(block rows, block columns) · eps, with eps of the weight's dtype (NumPy's
      rule). The block is what was decomposed: the flat matrix, or one frequency's Co × Ci matrix.
    * stable rank: ‖W‖²_F / s₁², never above the rank.
    * effective rank: exp(−Σ p ln p) with p = s / Σs (Roy and Vetterli 2007), between 1 and r.
    * RMS→RMS norm: s₁ · √(fan_in / fan_out), how much the root mean square of an input can grow at most
      (Yang, Simon and Bernstein 2023, https://arxiv.org/abs/2310.17813).

    A zero matrix has all of these zero. A matrix that is not finite has NaN for them, and rank 0.

    Attributes:
        view: ``"flat"`` or ``"circular"``.
        fan_out: rows of the map: Co, or Co·h·w of a circular convolution.
        fan_in: columns of the map: Ci·kh·kw, or Ci·h·w of a circular convolution.
        singular_values: all of them, descending, float32 on the CPU.
        spectral_norm: s₁.
        frobenius_norm: √Σs².
        rms_norm: the RMS→RMS norm.
        rank: the numeric rank.
        stable_rank: a real number.
        effective_rank: a real number.
    """

    view: str
    fan_out: int
    fan_in: int
    singular_values: Tensor
    spectral_norm: float
    frobenius_norm: float
    rms_norm: float
    rank: int
    stable_rank: float
    effective_rank: float

    @property
    def measures(self) -> dict[str, float]:
        """The numbers by name, without the vector: what a record keeps of every epoch."""
        names = ("spectral_norm", "frobenius_norm", "rms_norm", "rank", "stable_rank", "effective_rank")
        return {name: float(getattr(self, name)) for name in names}


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
    with _undisturbed(model), torch.no_grad():
        spectra = _flat(targets) if view == "flat" else _circular(model, targets, input_shape)
    return {target.name: spectra[target.name] for target in targets if target.name in spectra}


def lipschitz_log10_bound(spectra: Mapping[str, LayerSpectrum]) -> float | None:
    """The base-10 logarithm of the product of all spectral norms.

    For a chain of layers with 1-Lipschitz activations this bounds the network's Lipschitz constant, in the
    sense in which the given view's maps are the network's maps. Left out of account are the scales of
    BatchNorm and the sums of residual branches, so for such networks it is an index of size, not a bound.

    Args:
        spectra: what ``measure`` gave.

    Returns:
        Σ log₁₀ s₁; None where it is no number: a layer is zero or not finite, or there is no layer.
    """
    norms = [spectrum.spectral_norm for spectrum in spectra.values()]
    if not norms or not all(math.isfinite(norm) and norm > 0 for norm in norms):
        return None
    return sum(math.log10(norm) for norm in norms)


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
    sizes = _input_sizes(model, convolutions, input_shape) if convolutions else {}
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


def _input_sizes(
    model: nn.Module, convolutions: list[Target], input_shape: Sequence[int]
) -> dict[str, tuple[int, int]]:
    """The height and width of what each convolution is given, by the layer's name.

    Raises:
        ValueError: a convolution is dilated or not used.
    """
    sizes: dict[str, tuple[int, int]] = {}

    def note(name: str, image: Tensor) -> None:
        sizes[name] = (image.shape[-2], image.shape[-1])

    handles = [
        target.module.register_forward_pre_hook(lambda _, inputs, name=target.name: note(name, inputs[0]))
        for target in convolutions
    ]
    like = convolutions[0].parameter
    try:
        model(like.new_zeros(1, *input_shape))
    finally:
        for handle in handles:
            handle.remove()
    for target in convolutions:
        if target.name not in sizes:
            raise ValueError(f"the forward pass must use every convolution, got unused {target.name!r}; remove it")
        if target.module.dilation != (1, 1):
            raise ValueError(
                f"the circular view needs dilation 1, got {target.module.dilation} in {target.name!r}; "
                "measure the flat view"
            )
    return sizes


@contextmanager
def _undisturbed(model: nn.Module) -> Generator[None]:
    """Evaluation mode within, and every flag and random state afterwards as it was before."""
    flags = {module: module.training for module in model.modules()}
    devices = {parameter.device for parameter in model.parameters() if parameter.is_cuda}
    try:
        with torch.random.fork_rng(devices=list(devices)):
            for module in flags:
                module.training = False  # not eval(): a model may have given train() a meaning of its own
            yield
    finally:
        for module, training in flags.items():
            module.training = training
