"""A saved state dict: from a file that anyone may have written to tensors by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from analysis.notation import count, several
from analysis.spectra.files import CURE, quoted
from analysis.spectra.names import unwrapped
from analysis.spectra.networks_inside import HOLDERS, Networks, is_averaged, networks, weight_count
from analysis.spectra.shards import whole

__all__ = ["HOLDERS", "State", "read"]


@dataclass(frozen=True, kw_only=True, eq=False)
class State:
    """The tensors of a checkpoint.

    Attributes:
        tensors: by name, on the CPU; what wrappers put into the names is gone, and every character can be printed.
        remarks: what a reader should know of where they came from.
        outputs: the dimension of a weight's outputs, by name, where how it was stored tells.
    """

    tensors: Mapping[str, Tensor]
    remarks: tuple[str, ...] = ()
    outputs: Mapping[str, int] = field(default_factory=dict)


def read(path: Path, key: str | None = None) -> State:
    """Read a checkpoint as data: nothing in it is ever executed.

    Args:
        path: a file of ``torch.save``, safetensors or ``npz``; an index of such files; or a folder with one of these.
        key: the entry that holds the network, ``"generator"`` or ``"model.ema"``; None takes the likeliest.

    Returns:
        Its tensors.

    Raises:
        ValueError: the file cannot be read, is damaged, would run code, holds no tensor by name, or not this entry.
    """
    found = whole(path)
    inside = networks(found)
    if not inside:
        raise ValueError(f"{_rule(found)}, got {_described(found)} in {quoted(path)}; {CURE}")
    ways = {".".join(way): way for way in inside}
    chosen = next(iter(ways)) if key is None else key
    if chosen not in ways or key == "":
        raise ValueError(_unknown(chosen, ways, path))
    tensors, remarks = unwrapped({str(name): tensor for name, tensor in inside[ways[chosen]].items()})
    said = [*_told(chosen, inside), *remarks]
    if nested := [name for name, tensor in tensors.items() if tensor.is_nested]:  # they have no shape to ask for
        said.append(f"Left out, nested: {several(nested)}.")
    plain = {name: tensor for name, tensor in tensors.items() if not tensor.is_nested}
    return State(tensors=plain, remarks=tuple(said))


def _told(chosen: str, inside: Networks) -> list[str]:
    """Which of the file's networks this is, and which others there are."""
    said = []
    if chosen:
        average = ", an average over training by its name" if is_averaged((chosen,)) else ""
        said.append(f"The state dict is the file's entry {_shown(chosen)}{average}.")
    others = {".".join(way): tensors for way, tensors in inside.items() if ".".join(way) != chosen}
    if others:
        listed = [
            f"{_shown(name) if name else 'the file itself'} ({count(weight_count(tensors), 'weight')}"
            f"{', an average over training by its name' if is_averaged((name,)) else ''})"
            for name, tensors in others.items()
        ]
        said.append(f"Also in the file, and not measured: {several(listed)}. --key NAME chooses.")
    return said


def _unknown(key: str, ways: Mapping[str, Any], path: Path) -> str:
    named = [_shown(way) for way in ways if way]
    cure = f"name {several(named)}" if named else "leave out --key: the file itself is a state dict"
    return f"--key must be an entry that holds a network, got {_shown(key)} for {quoted(path)}; {cure}"


def _rule(found: Any) -> str:
    return f"a checkpoint must {'hold tensors by name' if isinstance(found, Mapping) else 'be a state dict'}"


def _described(found: Any) -> str:
    kind = type(found).__name__
    if not isinstance(found, Mapping):
        return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
    return f"a dict of {several([repr(key)[:40] for key in found]) if found else 'nothing'}"


def _shown(key: str) -> str:
    return ascii(key) if not key.isprintable() else repr(key)
