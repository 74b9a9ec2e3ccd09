"""Which tensors of a state dict are weights, and what is said of those that are not."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from analysis.notation import count, several
from analysis.spectra.low_rank import factors, pairs
from analysis.spectra.outputs import Outputs, bias_of, is_elementwise, outputs_of
from analysis.spectra.quantized import is_scaling
from analysis.spectra.state import State


@dataclass(frozen=True, kw_only=True, eq=False)
class Weight:
    """A weight of a checkpoint that is a linear map, as it is measured.

    Attributes:
        tensor: matrix or kernel, its outputs first: (Co, Ci, …).
        shape: as it is stored.
        parameters: numbers that it is made of.
    """

    tensor: Tensor
    shape: tuple[int, ...]
    parameters: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Weights:
    """The weights of a checkpoint that are measured, with what is said of the others.

    Attributes:
        found: weights by name, each once.
        remarks: what was left out and why, what was guessed, and what cannot be known.
        parameters: numbers in all floating tensors of the checkpoint.
    """

    found: Mapping[str, Weight]
    remarks: tuple[str, ...]
    parameters: int

    @property
    def tensors(self) -> dict[str, Tensor]:
        """Matrices and kernels (Co, Ci, …) by name."""
        return {name: weight.tensor for name, weight in self.found.items()}


def choose(state: State, unmeasured: Mapping[str, str] | None = None) -> Weights:
    """Take every matrix and kernel that is called a weight.

    A state dict has names and shapes, no modules, so the name decides: its last part holds ``weight``, as in
    ``fc.weight``, ``attention.in_proj_weight`` and ``lstm.weight_ih_l0``. Fused experts (``experts.down_proj``) and
    LoRA's factors are weights, too: the first are one matrix an expert, the second one product. Vectors (biases,
    scales) are no linear maps and are passed over; every other tensor that is left out is named in a remark. So are
    tensors that stand under several names: they count once.

    Args:
        state: with each weight in one tensor.
        unmeasured: weights that the network's modules show to be no map to measure, with the reason; None where the
            modules are not known.

    Returns:
        The weights, in the state dict's order, products of factors last.

    Raises:
        ValueError: there is none.
    """
    told = _Told()
    found: dict[str, Weight] = {}
    low_rank = factors(state.tensors)
    parts = {name for names in low_rank.values() for name in names.values()}
    for name in _once(_fit(state, unmeasured or {}, parts, told), state.tensors, told):
        found |= _maps(name, state, told, known=unmeasured is not None)
    found |= _products(state, low_rank, told)
    remarks = [f"Left out, {why}: {several(names)}." for why, names in told.left_out.items()]
    if not found:
        raise ValueError(
            "a checkpoint must hold a matrix or kernel of floating numbers called weight, got "
            f"{count(len(state.tensors), 'tensor')} and none of them. {' '.join((*state.remarks, *remarks))}".rstrip()
        )
    remarks += [f"{sentence}: {several(names)}." for sentence, names in told.said.items()]
    depthwise = [
        name for name, weight in list(found.items())[1:] if len(weight.shape) > 2 and weight.tensor.shape[1] == 1
    ]
    if depthwise and unmeasured is None:
        remarks.append(
            f"One input channel, as depthwise convolutions have, whose map is block-diagonal and not this matrix: "
            f"{several(depthwise)}. --model NAME tells which they are."
        )
    return Weights(found=found, remarks=(*state.remarks, *remarks), parameters=_parameters(state.tensors.values()))


@dataclass(frozen=True, kw_only=True)
class _Told:
    """Names of tensors, sorted by the remark that will be made on them."""

    left_out: dict[str, list[str]] = field(default_factory=dict)
    said: dict[str, list[str]] = field(default_factory=dict)

    def leave_out(self, why: str, name: str) -> None:
        self.left_out.setdefault(why, []).append(name)

    def say(self, sentence: str, name: str) -> None:
        self.said.setdefault(sentence, []).append(name)


def _fit(state: State, unmeasured: Mapping[str, str], parts: set[str], told: _Told) -> list[str]:
    """The names of weights, others that have two dimensions and more being told as left out."""
    fit = []
    for name, tensor in state.tensors.items():
        if tensor.ndim < 2 or name in parts:
            continue
        why = _unfit(name, tensor, state.tensors) or unmeasured.get(name)
        if why:
            told.leave_out(why, name)
        else:
            fit.append(name)
    return fit


def _unfit(name: str, tensor: Tensor, tensors: Mapping[str, Tensor]) -> str:
    """Why a tensor is no weight to measure; empty where it is one."""
    reasons = {
        "not called weight": "weight" not in name.rpartition(".")[2] and not _is_fused(name, tensor),
        "scales and zero points of quantized weights": is_scaling(name),
        "quantized": tensor.is_quantized,
        "sparse": tensor.layout != torch.strided,
        "without data": tensor.is_meta,
        "of whole or complex numbers, with no scale beside them that is known and fits": not tensor.is_floating_point(),
        "of 8 bits, with no scale beside them that is known and fits": tensor.is_floating_point()
        and tensor.itemsize < 2,
        "of more dimensions than a kernel": tensor.ndim > 5,
        "empty": tensor.numel() == 0,
        "with a bias of its own shape, so it multiplies entry by entry and is no matrix": is_elementwise(name, tensors),
    }
    return next((why for why, holds in reasons.items() if holds), "")


def _once(names: Iterable[str], tensors: Mapping[str, Tensor], told: _Told) -> list[str]:
    """The same names without those of a tensor that has been named before."""
    first_name: dict[object, str] = {}
    for name in names:
        tensor = tensors[name]
        first = first_name.setdefault((tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype), name)
        if first != name:
            told.say("Shared and counted once", f"{name} is {first}")
    return list(first_name.values())


_EXPERTS = re.compile(r"(?:^|[._])experts?(?![._]\d)(?:[._]|$)")  # with a number it is one of them
_FUSED = re.compile(r"(?:\w+_)?proj|w[123]")


def _is_fused(name: str, tensor: Tensor) -> bool:
    """Whether it is the stack of one projection of all experts, which transformers calls no weight."""
    return tensor.ndim == 3 and bool(_EXPERTS.search(name)) and bool(_FUSED.fullmatch(name.rpartition(".")[2]))


def _maps(name: str, state: State, told: _Told, *, known: bool) -> dict[str, Weight]:
    """What one tensor is: one map, or one of each expert."""
    tensor = state.tensors[name]
    if tensor.ndim == 3 and not known and _EXPERTS.search(name) and not _has_one_bias(name, state.tensors):
        return _of_experts(name, state, told)
    outputs = Outputs() if known else outputs_of(name, state.tensors, state.outputs)
    if not known:
        _say_outputs(name, outputs, told)
    if tensor.ndim > 2 and tensor.shape[outputs.dim] == 1:
        told.say("One row, whose norms are all its Frobenius norm, as where outputs are not the first dimension", name)
    return {name: _weight(tensor, outputs.dim)}


def _has_one_bias(name: str, tensors: Mapping[str, Tensor]) -> bool:
    """Whether the bias is that of one map, as a convolution within an expert has it."""
    bias = bias_of(name, tensors)
    return bias is not None and bias.ndim == 1


def _of_experts(name: str, state: State, told: _Told) -> dict[str, Weight]:
    tensor = state.tensors[name]
    told.say("One matrix an expert", f"{name} has {len(tensor)}")
    bias = bias_of(name, state.tensors)
    here = {f"{name}.weight": tensor[0]}
    if bias is not None and bias.ndim == 2 and len(bias) == len(tensor):
        here[f"{name}.bias"] = bias[0]
    outputs = outputs_of(f"{name}.weight", here, {})
    _say_outputs(name, outputs, told)
    base = name.removesuffix(".weight")
    return {f"{base}[{place}]": _weight(matrix, outputs.dim) for place, matrix in enumerate(tensor)}


def _weight(tensor: Tensor, outputs: int) -> Weight:
    return Weight(tensor=tensor.movedim(outputs, 0), shape=tuple(tensor.shape), parameters=tensor.numel())


_TELLS = {
    "bias": "the bias tells",
    "u": "spectral normalization's u tells",
    "next": "the norm after it tells",
}


def _say_outputs(name: str, outputs: Outputs, told: _Told) -> None:
    if not outputs.by:
        told.say("Nothing tells the outputs from the inputs, so they are taken as in Linear and Conv, first", name)
    elif outputs.dim:
        told.say(f"The outputs are dimension {outputs.dim + 1}, as {_TELLS[outputs.by]}", name)
    if outputs.grouped:
        told.say("In groups, as the length of the bias tells, so the map is block-diagonal and not this matrix", name)


def _products(state: State, low_rank: Mapping[str, Mapping[str, str]], told: _Told) -> dict[str, Weight]:
    found = {}
    for pair in pairs(state.tensors, low_rank):
        found[pair.name] = Weight(tensor=pair.weight, shape=tuple(pair.weight.shape), parameters=pair.parameters)
        scale = "(alpha/r)·B·A" if pair.scaled else "B·A, without the factor alpha/r, which the file does not hold"
        told.say(f"LoRA's factors are measured as {scale}", f"{pair.name} of rank {pair.rank} at most")
    for layer, names in low_rank.items():
        if layer not in found:
            why = (
                "LoRA's factors with a kernel between them"
                if "mid" in names
                else "LoRA's factors without one that fits"
            )
            for name in names.values():
                told.leave_out(why, name)
    return found


def _parameters(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.numel() for tensor in tensors if tensor.is_floating_point())
