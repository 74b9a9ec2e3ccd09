"""The weights a network computes with, where a state dict keeps what they are made from."""

import re
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from analysis.spectra.state import State

Parts = Mapping[str, Tensor]


def resolve(state: State) -> State:
    """Put weights in the place of the tensors they are made from.

    * Weight normalization (``weight_g`` and ``weight_v``, or ``original0`` and ``original1``): W = g·V/‖V‖, the norm
      taken over every dimension along which g does not vary (Salimans and Kingma 2016,
      https://arxiv.org/abs/1602.07868); so too our own, of ``original`` and a g for each row.
    * Spectral normalization (``weight_orig`` or ``original``, with u and v): W = V / uᵀVv, as torch has it in
      evaluation (Miyato et al. 2018, https://arxiv.org/abs/1802.05957).
    * Pruning (``weight_orig`` and ``weight_mask``): W = V · mask.

    Of any other parametrization only the stored tensor is known: it is taken as it is, and a remark says so.

    Args:
        state: as read.

    Returns:
        The same with one tensor, under the weight's own name, for each weight that was stored in parts.

    Raises:
        ValueError: the parts of a weight do not fit together.
    """
    parts = _parts(state.tensors)
    owners = {name: owner for owner, names in parts.items() for name in names.values()}
    tensors: dict[str, Tensor] = {}
    unknown = []
    for name, tensor in state.tensors.items():
        owner = owners.get(name, name)
        if owner == name:
            tensors[name] = tensor
        elif owner not in tensors:
            stored = {part: state.tensors[each] for part, each in parts[owner].items()}
            recipe = _RECIPES.get(frozenset(stored))
            tensors[owner] = tensor if recipe is None else _made(owner, recipe, stored)
            unknown += [owner] if recipe is None else []
    remark = f"Taken as stored, for what the network makes of it is not in the file: {', '.join(map(repr, unknown))}."
    return State(tensors=tensors, remarks=(*state.remarks, remark) if unknown else state.remarks)


_TODAY = re.compile(r"((?:.+\.)?)parametrizations\.(\w+)\.(original\d*|\d+\.\w+)")
_NORMALIZED = {"g": "original0", "v": "original1"}
_ORIGINAL = {"orig": "original", "u": "0._u", "v": "0._v", "mask": "mask"}


def _parts(tensors: Mapping[str, Tensor]) -> dict[str, dict[str, str]]:
    """The names of each reparametrized weight's parts by their part in it, in the words of torch's parametrizations."""
    parts: dict[str, dict[str, str]] = {}
    for name in tensors:
        base, _, ending = name.rpartition("_")
        if today := _TODAY.fullmatch(name):
            owner, part = today[1] + today[2], today[3]
        elif f"{base}_orig" in tensors and ending in _ORIGINAL:
            owner, part = base, _ORIGINAL[ending]
        elif {f"{base}_g", f"{base}_v"} <= tensors.keys() and ending in _NORMALIZED:
            owner, part = base, _NORMALIZED[ending]
        else:
            continue
        parts.setdefault(owner, {})[part] = name
    return {owner: names for owner, names in parts.items() if {"original", "original0"} & names.keys()}


def _made(owner: str, recipe: Callable[[Parts], Tensor], stored: Parts) -> Tensor:
    try:
        return recipe(stored)
    except (RuntimeError, IndexError):  # what torch says of shapes, types and layouts that do not go together
        shapes = ", ".join(f"{part} {tuple(tensor.shape)}" for part, tensor in stored.items())
        raise ValueError(
            f"the parts of a weight must be plain tensors that fit together, got {shapes} for {owner!r}; save the "
            "effective weight"
        ) from None


def _normalized(stored: Parts) -> Tensor:
    g, v = stored["original0"], stored["original1"]
    constant = [dim for dim in range(v.ndim) if g.ndim != v.ndim or g.shape[dim] == 1]
    norms = torch.linalg.vector_norm(v, dim=constant, keepdim=True)
    return v * (g.view_as(norms) / norms)


def _row_normalized(stored: Parts) -> Tensor:
    v = stored["original"]
    norms = torch.linalg.vector_norm(v.flatten(1), dim=1)
    factors = stored["0.g"].view_as(norms) / torch.where(norms > 0, norms, 1)  # a zero row stays zero
    return v * factors.view(-1, *[1] * (v.ndim - 1))


def _spectrally_normalized(stored: Parts) -> Tensor:
    v, left, right = stored["original"], stored["0._u"], stored["0._v"]
    outputs = 0 if left.numel() == v.shape[0] else 1  # a transposed convolution has them in its second dimension
    return v / (left @ (v.movedim(outputs, 0).flatten(1) @ right)).view(())


def _pruned(stored: Parts) -> Tensor:
    return stored["original"] * stored["mask"].view_as(stored["original"])


_RECIPES: Mapping[frozenset[str], Callable[[Parts], Tensor]] = {
    frozenset({"original0", "original1"}): _normalized,
    frozenset({"original", "0.g"}): _row_normalized,
    frozenset({"original", "0._u", "0._v"}): _spectrally_normalized,
    frozenset({"original", "mask"}): _pruned,
}
