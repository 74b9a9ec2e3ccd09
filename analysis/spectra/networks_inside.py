"""Where in what a file holds the state dicts of networks are."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from analysis.spectra.stand_ins import Array

HOLDERS = (
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "net",
    "network",
    "module",
    "params",
    "weights",
    "model_weights",
)
"""Keys under which training programs, ours too, keep the state dict beside an optimizer's and an epoch."""

_DEPTH = 8  # holders within holders; a pickle may hold itself, so there must be an end
_AVERAGED = re.compile(r"(?:^|[._])(?:ema|swa|averaged?|polyak)(?:[._]|$)")

Path = tuple[str, ...]
Networks = Mapping[Path, Mapping[str, Tensor]]


def networks(found: Any) -> Networks:
    """Find every state dict, however deep and under whatever keys.

    A state dict is a dictionary with tensors under names. Where dictionaries stand for the modules, so that the names
    in each are mere words as ``weight``, they are one state dict, with names joined by points. An optimizer's state is
    none. Dictionaries without a matrix called weight count only where there is no other.

    Args:
        found: what was read.

    Returns:
        State dicts by the way of keys to each, the likeliest network first: the file itself, then the keys of
        `HOLDERS`, then others in the file's order, averages over training last.
    """
    everywhere = {node.path: node.tensors for node in _walk(found, (), set()) if node.tensors}
    likely = {path: tensors for path, tensors in everywhere.items() if any(map(_is_weight, tensors.items()))}
    some = likely or everywhere
    direct = isinstance(found, Mapping) and any(name in found for name in some.get((), ()))
    ranked = sorted(some, key=lambda path: _rank(path, direct=direct))  # which keeps the file's order among equals
    return {path: some[path] for path in ranked}


def is_averaged(path: Path) -> bool:
    """Tell whether a network's key says that its weights are averages over training.

    Args:
        path: the way of keys to it.

    Example:
        >>> [is_averaged((key,)) for key in ("state_dict_ema", "params_ema", "schema")]
        [True, True, False]
    """
    return any(_AVERAGED.search(key.lower()) for key in path)


def unnamed(found: Any, inside: Networks) -> list[str]:
    """Find matrices and kernels that are in no state dict: in lists and tuples, under keys that are no text, too deep.

    Args:
        found: what was read.
        inside: its state dicts.

    Returns:
        The way to each, ``"ema.shadow_params[0]"``.
    """
    named = {id(tensor) for tensors in inside.values() for tensor in tensors.values()}
    ways: list[str] = []
    seen: set[int] = set()
    waiting: list[tuple[str, Any]] = [("", found)]
    while waiting:
        way, value = waiting.pop()
        tensor = _tensor(value)
        if tensor is not None:
            if id(tensor) not in named and not tensor.is_nested and tensor.ndim >= 2:
                ways.append(way)
        elif id(value) not in seen and isinstance(value, Mapping | list | tuple):
            seen.add(id(value))
            waiting += reversed(list(_within(way, value)))
    return ways


def _within(way: str, value: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        yield from ((f"{way}[{place}]", item) for place, item in enumerate(value))
    elif not _is_of_optimizer(value):
        yield from ((".".join(filter(None, (way, str(key)))), item) for key, item in value.items())


def weight_count(tensors: Mapping[str, Tensor]) -> int:
    """Count the matrices and kernels called weight.

    Args:
        tensors: by name.
    """
    return sum(map(_is_weight, tensors.items()))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Node:
    path: Path
    tensors: Mapping[str, Tensor]
    is_module: bool  # whether its own names are words, and those with points come of modules within it


def _walk(found: Any, path: Path, seen: set[int]) -> list[_Node]:
    """The state dicts below, and last that of this node itself."""
    if id(found) in seen or len(path) > _DEPTH:
        return []
    seen.add(id(found))  # each once, however many keys it stands under: a file of few bytes may name one very often
    own: dict[str, Tensor] = {}
    below = []
    is_module = True
    for key, value in _entries(found):
        tensor = _tensor(value)
        if tensor is not None:
            own[key] = tensor
            is_module &= "." not in key
            continue
        nodes = _walk(value, (*path, key), seen)
        below += nodes[:-1]
        if not nodes or not nodes[-1].tensors:
            continue
        child = nodes[-1]
        if child.is_module and key not in HOLDERS and not is_averaged((key,)):
            own |= {f"{key}.{name}": tensor for name, tensor in child.tensors.items()}
        else:
            below.append(child)
    return [*below, _Node(path=path, tensors=own, is_module=is_module)]


def _entries(found: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(found, Mapping) and not _is_of_optimizer(found):
        yield from ((key, value) for key, value in found.items() if isinstance(key, str))
    elif isinstance(found, list | tuple) and any(isinstance(item, Mapping | list | tuple) for item in found):
        yield from (
            (str(place), value) for place, value in enumerate(found) if isinstance(value, Mapping | list | tuple)
        )


def _is_of_optimizer(found: Mapping[Any, Any]) -> bool:
    return {"state", "param_groups"} <= found.keys()


def _tensor(value: Any) -> Tensor | None:
    if isinstance(value, Array):
        return value.tensor
    return value if isinstance(value, Tensor) else None


def _is_weight(entry: tuple[str, Tensor]) -> bool:
    name, tensor = entry
    return "weight" in name.rpartition(".")[2] and not tensor.is_nested and tensor.ndim >= 2


def _rank(path: Path, *, direct: bool) -> tuple[bool, int]:
    places = [HOLDERS.index(key) for key in path if key in HOLDERS]
    return is_averaged(path), -1 if direct and not path else min(places, default=len(HOLDERS))
