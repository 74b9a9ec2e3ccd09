"""Weights of eight bits, back as numbers, where the file holds their scale."""

import re
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from analysis.notation import several
from analysis.spectra.state import State

_BLOCK = 128  # rows and columns to a scale, as DeepSeek, transformers and compressed-tensors write them
_INT8 = 127  # what bitsandbytes' ``SCB`` is the size of
_SCALING = re.compile(r"(?:.*_)?(?:scales?|zeros?|zero_points?|scale_inv|scale_2|scale_weight|absmax|quant_map|SCB)")


def is_scaling(name: str) -> bool:
    """Tell whether a tensor is called what belongs to a quantized weight, and is none.

    Args:
        name: the tensor's.

    Example:
        >>> [is_scaling(f"fc.{name}") for name in ("weight_scale_inv", "weight_zero_point", "qzeros", "weight")]
        [True, True, False, False]
    """
    return _SCALING.fullmatch(name.rpartition(".")[2]) is not None


def dequantize(state: State) -> State:
    """Put numbers in the place of quantized weights whose scale stands beside them.

    W = (q − z)·s, with a scale for the whole weight, for each row, or for each block of it, and z where the file has
    one: torch's quantized tensors; ``weight_scale`` (compressed-tensors, ModelOpt, TensorRT-LLM) and
    ``weight_scale_inv`` (DeepSeek, transformers: multiplied in spite of its name) beside int8 or 8-bit floating
    numbers; ``scale_weight`` (ComfyUI); ``SCB`` (bitsandbytes: s = SCB/127 a row). Blocks are of 128 rows or columns,
    the last one cut, where that makes as many as there are scales, and else equal parts.

    Args:
        state: as read.

    Returns:
        The same with float32 for these weights, and a remark that names them. Their scales are no tensors of it any
        more; what has no scale, or one that does not fit, stays as it is.
    """
    tensors = dict(state.tensors)
    names = []
    for name, tensor in state.tensors.items():
        used, numbers = _numbers(name, tensor, state.tensors)
        if numbers is not None:
            tensors[name] = numbers
            names.append(name)
            for name in used:
                tensors.pop(name, None)
    if not names:
        return state
    remark = f"Quantized, and measured as the numbers that the file's scales make of them: {several(names)}."
    return replace(state, tensors=tensors, remarks=(*state.remarks, remark))


def _numbers(name: str, q: Tensor, tensors: Mapping[str, Tensor]) -> tuple[list[str], Tensor | None]:
    """The names of what a weight is scaled with, and its numbers; None where that is not known."""
    if "weight" not in name.rpartition(".")[2] or q.ndim < 2 or is_scaling(name) or q.is_meta:
        return [], None
    if q.is_quantized:
        return [], q.dequantize()
    eight_bits = q.dtype == torch.int8 or (q.is_floating_point() and q.itemsize == 1)
    owner = name.removesuffix("weight")
    scales = (f"{name}_scale_inv", f"{name}_scale", f"{owner}scale_weight", f"{owner}SCB")
    scale = next((name for name in scales if name in tensors), None)
    if scale is None or not (eight_bits or (q.dtype == torch.uint8 and f"{name}_zero_point" in tensors)):
        return [], None
    zero = f"{name}_zero_point"
    factor = _spread(tensors[scale], q.shape)
    shift = _spread(tensors[zero], q.shape) if zero in tensors else torch.zeros(())
    if factor is None or shift is None or not tensors[scale].is_floating_point() or q.layout != torch.strided:
        return [], None
    if scale.endswith("SCB"):
        factor = factor / _INT8
    return [scale, zero], (q.float() - shift) * factor


def _spread(scale: Tensor, shape: torch.Size) -> Tensor | None:
    """A scale as float32 numbers that go with a weight, each repeated over its rows or its block; None if none do."""
    if scale.layout != torch.strided or scale.is_meta or scale.is_complex() or scale.is_quantized:
        return None
    numbers = scale.float()
    if numbers.numel() == 1:
        return numbers.reshape(())
    if numbers.ndim == 1 and len(numbers) == shape[0]:
        return numbers.view(-1, *[1] * (len(shape) - 1))
    if numbers.ndim != len(shape) or 0 in shape:
        return None
    for dim, (some, all_of_it) in enumerate(zip(numbers.shape, shape, strict=True)):
        if some in {1, all_of_it}:
            continue
        if some == -(-all_of_it // _BLOCK):
            block = _BLOCK
        elif some and all_of_it % some == 0:
            block = all_of_it // some
        else:
            return None
        numbers = numbers.repeat_interleave(block, dim).narrow(dim, 0, all_of_it)
    return numbers
