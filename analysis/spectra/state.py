"""A saved state dict: from a file that anyone may have written to tensors by name."""

import pickle
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from analysis.notation import several

HOLDERS = ("state_dict", "model_state_dict", "model", "net", "network", "params", "weights")
"""Keys under which training programs, ours too, keep the state dict beside an optimizer's and an epoch."""

_DEPTH = 3  # holders within holders; a pickle may hold itself, so there must be an end
_PREFIX = "module."  # DataParallel's, before every name
_COMPILED = "_orig_mod"  # torch.compile's, a part of the names


@dataclass(frozen=True, kw_only=True, eq=False)
class State:
    """The tensors of a checkpoint.

    Attributes:
        tensors: by name, on the CPU; what wrappers put into the names is gone, and every character can be printed.
        remarks: what a reader should know of where they came from.
    """

    tensors: Mapping[str, Tensor]
    remarks: tuple[str, ...] = ()


def read(path: Path) -> State:
    """Read a checkpoint as data: nothing in it is ever executed.

    Args:
        path: a file of ``torch.save``: a state dict, or a dictionary that holds one under a key of `HOLDERS`.

    Returns:
        Its tensors.

    Raises:
        ValueError: the file cannot be read, is damaged, would run code, or holds no tensor by name.
    """
    found, way = _loaded(path), []
    for _ in range(_DEPTH):
        holder = _holder(found)
        if holder is None:
            break
        found = found[holder]
        way.append(holder)
    if not isinstance(found, Mapping):
        raise ValueError(f"a checkpoint must be a state dict, got {_kind(found)} in {_quoted(path)}; {_CURE}")
    tensors = {key: value for key, value in found.items() if isinstance(key, str) and isinstance(value, Tensor)}
    if not tensors:
        keys = ", ".join(repr(key)[:40] for key in list(found)[:5]) or "nothing"
        raise ValueError(f"a checkpoint must hold tensors by name, got a dict of {keys} in {_quoted(path)}; {_CURE}")
    named = _named(tensors)
    remarks = [f"The state dict is the file's entry {'.'.join(way)!r}."] if way else []
    if nested := [name for name, tensor in named.items() if tensor.is_nested]:  # they have no shape to ask for
        remarks.append(f"Left out, nested: {several(nested)}.")
    plain = {name: tensor for name, tensor in named.items() if not tensor.is_nested}
    return State(tensors=plain, remarks=tuple(remarks))


_CURE = "write it with torch.save(model.state_dict(), FILE)"


def _holder(found: Any) -> str | None:
    if not isinstance(found, Mapping):
        return None
    return next((key for key in HOLDERS if isinstance(found.get(key), Mapping)), None)


def _loaded(path: Path) -> Any:
    """What the file holds.

    Raises:
        ValueError: it cannot be read, is damaged, or would run code.
    """
    try:
        with path.open("rb") as file:
            head = file.read(9)
    except (OSError, ValueError) as error:  # a ValueError of a name that no file can have
        reason = error.strerror if isinstance(error, OSError) else error
        raise ValueError(f"a checkpoint must be a file that can be read, got {_quoted(path)}: {reason}") from None
    if not head:
        raise ValueError(f"a checkpoint must hold a state dict, got an empty file, {_quoted(path)}; {_CURE}")
    if path.suffix == ".safetensors" or head[8:] == b"{":  # the length of a JSON heading, then the heading
        raise ValueError(
            f"a checkpoint must be a file of torch.save, got safetensors, {_quoted(path)}; "
            "convert it: torch.save(safetensors.torch.load_file(FILE), 'weights.pt')"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of formats that torch will not write any more
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch promises no kind of error for a damaged file, and raises a dozen
        raise ValueError(_refusal(path, error)) from None


def _refusal(path: Path, error: Exception) -> str:
    if "TorchScript" in str(error):
        return (
            f"a checkpoint must be a state dict, got a TorchScript program, {_quoted(path)}, which runs code when it "
            "is loaded; write torch.save(torch.jit.load(FILE).state_dict(), 'weights.pt') where you trust it"
        )
    wanted = re.search(r"GLOBAL (\S+)", str(error)) if isinstance(error, pickle.UnpicklingError) else None
    if wanted is not None:
        return (
            f"a checkpoint must hold tensors and plain values alone, got {ascii(wanted[1])[1:-1]} in {_quoted(path)}, "
            f"which runs code when it is loaded; where you trust the file, {_CURE}"
        )
    return (
        f"a checkpoint must be a file of torch.save, got {_quoted(path)}, which torch cannot read: it is of another "
        f"kind, damaged or cut off; {_CURE}"
    )


def _named(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors by names without the marks of wrappers, printable on any terminal."""
    wrapped = all(name.startswith(_PREFIX) for name in tensors)
    plain = {}
    for name, tensor in tensors.items():
        parts = (name.removeprefix(_PREFIX) if wrapped else name).split(".")
        short = ".".join(part for part in parts if part != _COMPILED)
        plain[short if short.isprintable() else ascii(short)[1:-1]] = tensor
    return plain if len(plain) == len(tensors) else {ascii(name)[1:-1]: tensor for name, tensor in tensors.items()}


def _kind(found: Any) -> str:
    kind = type(found).__name__
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _quoted(path: Path) -> str:
    return repr(str(path))
