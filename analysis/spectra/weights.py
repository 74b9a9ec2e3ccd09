"""Which tensors of a state dict are weights, and what is said of those that are not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from analysis.notation import count, several
from analysis.spectra.state import State


@dataclass(frozen=True, kw_only=True, eq=False)
class Weights:
    """What is measured.

    Attributes:
        tensors: matrices and kernels (Co, Ci, …) by name, each once.
        remarks: what was left out and why, and what cannot be known.
        parameters: numbers in all floating tensors of the checkpoint.
    """

    tensors: Mapping[str, Tensor]
    remarks: tuple[str, ...]
    parameters: int


def choose(state: State, unmeasured: Mapping[str, str] | None = None) -> Weights:
    """Take every matrix and kernel that is called a weight.

    A state dict has names and shapes, no modules, so the name decides: its last part holds ``weight``, as in
    ``fc.weight``, ``attention.in_proj_weight`` and ``lstm.weight_ih_l0``. Vectors (biases, scales) are no linear maps
    and are passed over; every other tensor that is left out is named in a remark. So are tensors that stand under
    several names: they count once.

    Args:
        state: with each weight in one tensor.
        unmeasured: weights that the network's modules show to be no map to measure, with the reason; None where the
            modules are not known.

    Returns:
        The weights, in the state dict's order.

    Raises:
        ValueError: there is none.
    """
    tensors: dict[str, Tensor] = {}
    left_out: dict[str, list[str]] = {}
    shared = []
    first_name: dict[object, str] = {}
    for name, tensor in state.tensors.items():
        if tensor.ndim < 2:
            continue
        why = _unfit(name, tensor) or (unmeasured or {}).get(name)
        if why:
            left_out.setdefault(why, []).append(name)
            continue
        first = first_name.setdefault((tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype), name)
        if first != name:
            shared.append(f"{name} is {first}")
        else:
            tensors[name] = tensor
    remarks = [f"Left out, {why}: {several(names)}." for why, names in left_out.items()]
    if not tensors:
        raise ValueError(
            "a checkpoint must hold a matrix or kernel of floating numbers called weight, got "
            f"{count(len(state.tensors), 'tensor')} and none of them. {' '.join(remarks)}"
        )
    if shared:
        remarks.append(f"Shared and counted once: {several(shared)}.")
    depthwise = [name for name, tensor in list(tensors.items())[1:] if tensor.ndim > 2 and tensor.shape[1] == 1]
    if depthwise and unmeasured is None:
        remarks.append(
            f"One input channel, as depthwise convolutions have, whose map is block-diagonal and not this matrix: "
            f"{several(depthwise)}. --model NAME tells which they are."
        )
    return Weights(tensors=tensors, remarks=(*state.remarks, *remarks), parameters=_parameters(state.tensors.values()))


def _unfit(name: str, tensor: Tensor) -> str:
    """Why a tensor is no weight to measure; empty where it is one."""
    reasons = {
        "not called weight": "weight" not in name.rpartition(".")[2],
        "quantized": tensor.is_quantized,
        "sparse": tensor.layout != torch.strided,
        "without data": tensor.is_meta,
        "of whole or complex numbers": not tensor.is_floating_point(),
        "of 8 bits, with a scale that stands elsewhere": tensor.is_floating_point() and tensor.itemsize < 2,
        "of more dimensions than a kernel": tensor.ndim > 5,
        "empty": tensor.numel() == 0,
    }
    return next((why for why, holds in reasons.items() if holds), "")


def _parameters(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.numel() for tensor in tensors if tensor.is_floating_point())
