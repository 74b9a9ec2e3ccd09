"""The weights a network computes with, where a state dict keeps what they are made from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from analysis.notation import several
from analysis.spectra.recipes import RECIPES, Made, two_part_weight
from analysis.spectra.state import State

Parts = Mapping[str, Tensor]


def resolve(state: State) -> State:
    """Put weights in the place of the tensors they are made from.

    * Weight normalization (``weight_g`` and ``weight_v``, or ``original0`` and ``original1``): W = g·V/‖V‖, the norm
      taken over every dimension along which g does not vary (Salimans and Kingma 2016,
      https://arxiv.org/abs/1602.07868); so too our own, of ``original`` and a g for each row.
    * Spectral normalization (``weight_orig``, ``weight_bar`` or ``original``, with u and v): W = V / uᵀVv, as torch has
      it in evaluation (Miyato et al. 2018, https://arxiv.org/abs/1802.05957), V seen as the matrix whose vectors u and
      v are.
    * Pruning (``weight_orig`` and ``weight_mask``): W = V · mask.

    Parametrizations in a chain are applied one after the other. A weight that is made in any other way is left out,
    and a remark says so: of one part alone nobody can tell what the network computes with.

    Args:
        state: as read.

    Returns:
        The same with one tensor, under the weight's own name, for each weight that was stored in parts.

    Raises:
        ValueError: the parts of a weight do not fit together.
    """
    found = _Found()
    tensors = dict(state.tensors)
    while sets := _older(tensors) or _today(tensors):  # a part may be made of parts: each round takes the innermost
        tensors = _round(tensors, sets, found)
    remarks = list(state.remarks)
    if found.unknown:
        remarks.append(f"Left out, made from its parts in a way that the file does not tell: {several(found.unknown)}.")
    if found.unsure:
        remarks.append(
            "Spectral normalization's u and v are not yet those of the weight in any layout, so the first that fits is "
            f"taken: {several(found.unsure)}."
        )
    return State(tensors=tensors, remarks=tuple(remarks), outputs={**state.outputs, **found.outputs})


@dataclass(kw_only=True)
class _Found:
    """What was learned of weights while they were made from their parts."""

    unknown: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    outputs: dict[str, int] = field(default_factory=dict)


def _round(tensors: Mapping[str, Tensor], sets: Mapping[str, Mapping[str, str]], found: _Found) -> dict[str, Tensor]:
    """The tensors with each set of parts replaced by what it makes, at the place of its first part."""
    owners = {name: owner for owner, names in sets.items() for name in names.values()}
    result: dict[str, Tensor] = {}
    done: set[str] = set()
    for name, tensor in tensors.items():
        owner = owners.get(name)
        if owner is None:
            result[name] = tensor
        elif owner not in tensors and owner not in done:  # where the weight itself is there, too, it is the one
            done.add(owner)
            made = _made(owner, {part: tensors[name] for part, name in sets[owner].items()})
            if made is None:
                found.unknown.append(owner)
                continue
            result[owner] = made.weight
            if made.outputs is not None:
                found.outputs[owner] = made.outputs
            found.unsure += [] if made.sure else [owner]
    return result


_TODAY = re.compile(r"((?:.+\.)?)parametrizations\.(\w+)\.(original\d*|\d+\..+)")
_OLDER = {  # by the ending of the part that holds the numbers, the others' names
    "orig": {"orig": "original", "u": "0._u", "v": "0._v", "mask": "mask"},
    "bar": {"bar": "original", "u": "0._u", "v": "0._v"},
    "g": {"g": "original0", "v": "original1"},
}


def _older(tensors: Mapping[str, Tensor]) -> dict[str, dict[str, str]]:
    """The names of each weight's parts by their part in it, of torch's hooks, in the words of its parametrizations."""
    sets: dict[str, dict[str, str]] = {}
    for name in tensors:
        base, _, ending = name.rpartition("_")
        words = _OLDER.get(ending, {})
        needed = {"bar": ("u", "v"), "g": ("v",)}.get(ending, ())
        if not base or not words or not all(f"{base}_{part}" in tensors for part in needed):
            continue
        here = {words[part]: f"{base}_{part}" for part in words if f"{base}_{part}" in tensors}
        if ending == "orig" and len(here) == 1 and (base in tensors or "weight" not in base):
            continue  # a name of somebody's own
        sets.setdefault(base, here)
    return sets


def _today(tensors: Mapping[str, Tensor]) -> dict[str, dict[str, str]]:
    """The names of each weight's parts by their part in it, of torch's parametrizations."""
    sets: dict[str, dict[str, str]] = {}
    for name in tensors:
        if today := _TODAY.fullmatch(name):
            sets.setdefault(today[1] + today[2], {})[today[3]] = name
    return sets


def _made(owner: str, parts: Parts) -> Made | None:
    """What the parts make; None where their names do not tell how.

    Raises:
        ValueError: they do not fit together.
    """
    try:
        return _chained(parts)
    except (RuntimeError, IndexError, TypeError):  # torch's, of shapes, types and layouts that do not go together
        shapes = ", ".join(f"{part} {tuple(tensor.shape)}" for part, tensor in parts.items())
        raise ValueError(
            f"the parts of a weight must be plain tensors that fit together, got {shapes} for {owner!r}; save the "
            "effective weight"
        ) from None


def _chained(parts: Parts) -> Made | None:
    if "mask" in parts:
        pruned = parts.keys() == {"original", "mask"}
        return Made(weight=parts["original"] * parts["mask"].view_as(parts["original"])) if pruned else None
    steps: dict[int, dict[str, Tensor]] = {}
    for name, tensor in parts.items():
        place, point, rest = name.partition(".")
        if point:
            steps.setdefault(int(place), {})[rest] = tensor
    made, first = two_part_weight(parts), 1  # its g and V are stored as the originals, none of them as its own
    if made is None and parts.keys() >= {"original"} and "original0" not in parts and steps:
        made, first = Made(weight=parts["original"]), 0
    if made is None or sorted(steps) != list(range(first, first + len(steps))):
        return None
    for _, stored in sorted(steps.items()):
        recipe = RECIPES.get(frozenset(stored))
        if recipe is None:
            return None
        made = recipe(made, stored)
    return made
