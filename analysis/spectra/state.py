"""A saved state dict: from a file that anyone may have written to tensors by name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from analysis.notation import count, several
from analysis.spectra.files import CURE, quoted
from analysis.spectra.names import unwrapped
from analysis.spectra.networks_inside import HOLDERS, Networks, is_averaged, networks, unnamed, weight_count
from analysis.spectra.shards import whole

__all__ = ["HOLDERS", "State", "read"]

_ITSELF = "."
"""What `--key` calls the network whose tensors stand beside the file's entries, in none of them."""


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
        key: the entry that holds the network, ``"generator"`` or ``"model.ema"``, ``"."`` for what stands beside all
            entries; None takes the likeliest.

    Returns:
        Its tensors.

    Raises:
        ValueError: the file cannot be read, is damaged, would run code, holds no tensor by name, or not this entry.
    """
    found = whole(path)
    inside = networks(found)
    if not inside:
        raise ValueError(f"{_rule(found)}, got {_described(found)} in {quoted(path)}; {CURE}")
    named = _named(inside)
    chosen = next(iter(named)) if key is None else key
    if chosen not in named:
        raise ValueError(_unknown(chosen, named, path))
    tensors, remarks = unwrapped({str(name): tensor for name, tensor in named[chosen].items()})
    said = [*_told(chosen, named), *remarks]
    if others := unnamed(found, inside):
        said.append(f"Left out, in no state dict: {several([_shown(path) for path in others])}.")
    if nested := [name for name, tensor in tensors.items() if tensor.is_nested]:  # they have no shape to ask for
        said.append(f"Left out, nested: {several(nested)}.")
    plain = {name: tensor for name, tensor in tensors.items() if not tensor.is_nested}
    return State(tensors=plain, remarks=tuple(said))


def _named(inside: Networks) -> dict[str, Mapping[str, Tensor]]:
    """The same networks by what `--key` takes: the keys to each joined by points, or by strokes where that is taken."""
    named: dict[str, Mapping[str, Tensor]] = {}
    for way, tensors in inside.items():
        name = ".".join(way) or _ITSELF
        named["/".join(way) if name in named else name] = tensors
    return named


def _told(chosen: str, named: Mapping[str, Mapping[str, Tensor]]) -> list[str]:
    """Which of the file's networks this is, and which others there are."""
    said = []
    if chosen != _ITSELF:
        said.append(f"The state dict is the file's entry {_shown(chosen)}{_average(chosen)}.")
    others = [
        f"{_shown(name)} ({'the file itself, ' if name == _ITSELF else ''}{count(weight_count(tensors), 'weight')}"
        f"{_average(name)})"
        for name, tensors in named.items()
        if name != chosen
    ]
    if others:
        said.append(f"Also in the file, and not measured: {several(others)}. --key NAME chooses.")
    return said


def _average(name: str) -> str:
    return ", an average over training by its name" if is_averaged((name,)) else ""


def _unknown(key: str, named: Iterable[str], path: Path) -> str:
    entries = [_shown(name) for name in named]
    itself = entries == [_shown(_ITSELF)]
    cure = "leave out --key: the file itself is a state dict" if itself else f"name {several(entries)}"
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
