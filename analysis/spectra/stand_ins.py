"""What stands in a checkpoint for the harmless classes that training programs save beside their weights."""

import re
from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

_PLAIN = re.compile(r"[biufc]\d{1,2}")  # numpy's codes of numbers; objects, structures and texts are none


class _Inert:
    """A value that nobody asks for: made of anything, it does nothing and holds nothing."""

    def __new__(cls, *_: Any) -> "_Inert":
        return object.__new__(cls)

    def __init__(self, *_: Any) -> None: ...

    def __setstate__(self, _: Any) -> None: ...


class _Dictionary:
    """In the place of a dictionary's relative: torch fills an ``OrderedDict`` and no subclass."""

    def __new__(cls, *arguments: Any) -> Any:
        return OrderedDict(*(argument for argument in arguments if isinstance(argument, dict)))


class _List:
    """Stands in a pickle in the place of a ``deque``."""

    def __new__(cls, *_: Any) -> Any:
        return []


class _Kind:
    """A ``numpy.dtype``, of numbers alone: numpy's own believes what a file says of its size and its fields."""

    def __init__(self, code: Any, *_: Any) -> None:
        self._code = code
        self._order = "="

    def __setstate__(self, state: Any) -> None:
        self._order = state[1]

    @property
    def numbers(self) -> np.dtype[Any]:
        """The type of numbers, as numpy has it.

        Raises:
            TypeError: it is not one of numbers.
        """
        if not (isinstance(self._code, str) and _PLAIN.fullmatch(self._code) and self._order in {"=", "<", ">", "|"}):
            raise TypeError("not of numbers")
        return np.dtype(self._order + self._code)


class Array:
    """Stands in a pickle in the place of a ``numpy.ndarray``.

    Attributes:
        numbers: the array; None where it does not hold plain numbers.
    """

    def __init__(self, *_: Any) -> None:
        self.numbers: np.ndarray[Any, Any] | None = None

    def __setstate__(self, state: Any) -> None:
        try:
            _, shape, kind, by_columns, content = state
            flat = np.frombuffer(content, kind.numbers)
            array = flat.reshape(shape, order="F" if by_columns else "C")
            self.numbers = array.astype(array.dtype.newbyteorder("="))  # a copy: torch takes what may be written to
        except (AttributeError, TypeError, ValueError):  # texts and objects, or bytes that do not fit
            self.numbers = None

    @cached_property
    def tensor(self) -> Tensor | None:
        """The array as a tensor, the same one whenever it is asked for; None where torch has none for it."""
        try:
            return None if self.numbers is None else torch.from_numpy(self.numbers)
        except TypeError:  # a type that torch does not have
            return None


def _new_array(*_: Any) -> Array:
    return Array()


def _number(kind: Any = None, content: Any = b"") -> Any:
    try:
        return np.frombuffer(content, kind.numbers)[0].item()
    except (AttributeError, IndexError, TypeError, ValueError):
        return None


_NUMPY_TYPES = "bool bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64"
_INERT = {
    "argparse": "Namespace",
    "builtins": "bool dict float frozenset int list object range slice str tuple",
    "copyreg": "_reconstructor",
    "datetime": "date datetime time timedelta timezone",
    "decimal": "Decimal",
    "fractions": "Fraction",
    "numpy": _NUMPY_TYPES,
    "omegaconf.base": "ContainerMetadata Metadata",
    "omegaconf.dictconfig": "DictConfig",
    "omegaconf.listconfig": "ListConfig",
    "omegaconf.nodes": "AnyNode BooleanNode FloatNode IntegerNode StringNode",
    "pathlib": "Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath",
    "pathlib._local": "Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath",
    "torch.torch_version": "TorchVersion",
    "types": "SimpleNamespace",
    "typing": "Any",
    "uuid": "UUID",
}
_DICTIONARIES = (
    "addict.addict.Dict",
    "collections.defaultdict",
    "easydict.EasyDict",
    "lightning.fabric.utilities.data.AttributeDict",
    "lightning_fabric.utilities.data.AttributeDict",
    "pytorch_lightning.utilities.parsing.AttributeDict",
    "yacs.config.CfgNode",
)
_NUMPY: dict[str, Callable[..., Any]] = {
    "multiarray._reconstruct": _new_array,
    "multiarray.scalar": _number,
}

STAND_INS: tuple[tuple[Callable[..., Any], str], ...] = (
    *((_Inert, f"{module}.{name}") for module, names in _INERT.items() for name in names.split()),
    *((_Dictionary, name) for name in _DICTIONARIES),
    (_List, "collections.deque"),
    (_Kind, "numpy.dtype"),
    (Array, "numpy.ndarray"),
    *((make, f"numpy.{core}.{name}") for core in ("core", "_core") for name, make in _NUMPY.items()),
)
"""For ``torch.serialization.safe_globals``: what stands for a class, and the class's name in a file.

The classes themselves are never called, whether they are installed or not: a file says what they are given, and
numpy's, say, trusts that. Of a dictionary's relative the entries are kept, of an array the numbers, of all
else nothing.
"""
