"""A checkpoint in several files, with an index of where each tensor is; or a folder with one."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.notation import several
from analysis.spectra.files import load, quoted

_INDEX = ".index.json"
_IN_A_FOLDER = ("*.safetensors.index.json", "*.safetensors", "*.bin.index.json", "*model*.bin")


def whole(path: Path) -> Any:
    """Read a checkpoint, of one file or of many.

    Args:
        path: a file; an index as ``model.safetensors.index.json`` or ``pytorch_model.bin.index.json``; or a folder that
            holds an index or a file.

    Returns:
        What it holds.

    Raises:
        ValueError: as of `load`, or an index does not fit its files.
    """
    found = (in_folder(path) if _is_folder(path) else None) or path
    return _sharded(found) if found.name.endswith(_INDEX) else load(found)


def in_folder(folder: Path) -> Path | None:
    """Find a folder's checkpoint, the way Hugging Face's libraries save one.

    Args:
        folder: one that exists.

    Returns:
        Its index, or else its only file of weights; safetensors first. None where there is none.

    Raises:
        ValueError: there are several.
    """
    for pattern in _IN_A_FOLDER:
        found = sorted(file for file in folder.glob(pattern) if file.is_file())
        if len(found) > 1:
            names = several([repr(file.name) for file in found])
            raise ValueError(f"a folder must hold one checkpoint, got {names} in {quoted(folder)}; name one of them")
        if found:
            return found[0]
    return None


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # too long a name, say: reading it will say what is the matter
        return False


def _sharded(index: Path) -> Mapping[str, Any]:
    places = _places(index)
    files = dict.fromkeys(places.values())
    for file in files:
        if Path(file).name != file or not (index.parent / file).is_file():
            raise ValueError(
                f"an index must name files beside it, got {file!r} in {quoted(index)}, and there is none; fetch it"
            )
    tensors: dict[str, Any] = {}
    for file in files:
        found = load(index.parent / file)
        held = found if isinstance(found, Mapping) else {}
        wanted = [name for name, place in places.items() if place == file]
        if missing := [repr(name) for name in wanted if name not in held]:
            raise ValueError(
                f"an index must fit its files, got no {several(missing)} in {file!r} of {quoted(index)}; fetch it again"
            )
        tensors |= {name: held[name] for name in wanted}
    return {name: tensors[name] for name in places}


def _places(index: Path) -> Mapping[str, str]:
    try:
        places = json.loads(index.read_bytes())["weight_map"]
        if isinstance(places, dict) and places and all(isinstance(file, str) for file in places.values()):
            return places
    except OSError as error:
        raise ValueError(
            f"a checkpoint must be a file that can be read, got {quoted(index)}: {error.strerror}"
        ) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise ValueError(
        f"an index must be JSON with a weight_map from names to files, got {quoted(index)} without one; fetch it again"
    )
