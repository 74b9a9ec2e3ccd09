"""What one file holds, read as data: of ``torch.save``, safetensors or numpy's ``npz``."""

import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import torch
from torch import Tensor

from analysis.spectra.stand_ins import STAND_INS

CURE = "write it with torch.save(model.state_dict(), FILE)"
"""How a file is made that can be read."""


def load(path: Path) -> Any:
    """Read a file; nothing in it is ever executed.

    Args:
        path: of any of the three formats, which the content decides.

    Returns:
        What it holds: tensors by name, or whatever else was saved.

    Raises:
        ValueError: it cannot be read, is damaged, or would run code.
    """
    try:
        with path.open("rb") as file:
            head = file.read(9)
    except (OSError, ValueError) as error:  # a ValueError of a name that no file can have
        reason = error.strerror if isinstance(error, OSError) else error
        raise ValueError(f"a checkpoint must be a file that can be read, got {quoted(path)}: {reason}") from None
    if not head:
        raise ValueError(f"a checkpoint must hold a state dict, got an empty file, {quoted(path)}; {CURE}")
    if path.suffix == ".safetensors" or head[8:] == b"{":  # the length of a JSON heading, then the heading
        return _safetensors(path)
    return _arrays(path) if _is_npz(path) else _torch(path)


def quoted(path: Path) -> str:
    """Write a path so that no terminal is disturbed by it.

    Args:
        path: any.
    """
    return repr(str(path))


def _safetensors(path: Path) -> Mapping[str, Tensor]:
    tensors = {}
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            for name in file.keys():  # ruff: ignore[in-dict-keys]  # a handle, no mapping
                tensors[name] = file.get_tensor(name)
    except Exception as error:  # its own kind for a damaged heading, torch's for a type that torch does not have
        raise ValueError(
            f"a checkpoint must be a whole file, got safetensors that cannot be read, {quoted(path)}: "
            f"{_reason(error)}; fetch it again"
        ) from None
    return tensors


def _reason(error: Exception) -> str:
    """Return what a library says, on one line that disturbs no terminal."""
    return ascii(" ".join(str(error).split())[:200])[1:-1]


def _is_npz(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return False
    return bool(names) and all(name.endswith(".npy") for name in names)


def _arrays(path: Path) -> Mapping[str, Tensor]:
    tensors = {}
    try:
        with np.load(path, allow_pickle=False) as archive:
            for name in archive.files:
                array = archive[name]
                if array.dtype.kind in "USMm":  # texts and times are plain values, as they stand in other files
                    continue
                if array.dtype.kind == "f" and array.dtype.itemsize > 8:
                    array = array.astype(np.float64)  # the longest that torch has
                tensors[name] = torch.from_numpy(array.astype(array.dtype.newbyteorder("="), order="C"))
    except Exception as error:  # zlib's, numpy's and torch's, of damage, of objects, of types that torch does not have
        raise ValueError(
            f"a checkpoint must hold arrays of numbers, got npz that cannot be read, {quoted(path)}: "
            f"{_reason(error)}; write it with numpy.savez(FILE, **arrays)"
        ) from None
    return tensors


def _torch(path: Path) -> Any:
    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals(list(STAND_INS)):
            warnings.simplefilter("ignore")  # of formats that torch will not write any more
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch promises no kind of error for a damaged file, and raises a dozen
        raise ValueError(_refusal(path, error)) from None


def _refusal(path: Path, error: Exception) -> str:
    if "TorchScript" in str(error):
        return (
            f"a checkpoint must be a state dict, got a TorchScript program, {quoted(path)}, which runs code when it "
            "is loaded; write torch.save(torch.jit.load(FILE).state_dict(), 'weights.pt') where you trust it"
        )
    wanted = re.search(r"GLOBAL (\S+)", str(error)) if isinstance(error, pickle.UnpicklingError) else None
    if wanted is not None:
        return (
            f"a checkpoint must hold tensors and plain values alone, got {ascii(wanted[1])[1:-1]} in {quoted(path)}, "
            f"which runs code when it is loaded; where you trust the file, {CURE}"
        )
    return (
        f"a checkpoint must be a file of torch.save, got {quoted(path)}, which torch cannot read: it is of another "
        f"kind, damaged or cut off; {CURE}"
    )
