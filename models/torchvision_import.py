"""The one place where torchvision is imported."""

import importlib
import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec
from types import ModuleType

import torch

_OPERATORS = ("nms", "qnms")
_SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_declared: list[torch.library.Library] = []  # a library that is garbage takes its operators with it


def import_torchvision() -> ModuleType:
    """Import torchvision, also where its compiled operators cannot be loaded.

    The package index offers torchvision for CUDA alone. Beside a CPU build of torch its shared library
    finds no CUDA runtime, so the operators in it stay undefined; torchvision accepts that, but then gives
    shapes to two of them, ``nms`` and ``qnms``, and dies of their absence. Declaring the two first, without
    an implementation, is enough: architectures, data sets and transforms use neither. Where the shared
    library loads, nothing is declared.

    Importing torchvision takes about two seconds, hence call this only where it is needed. Further calls,
    and calls after somebody else's import or failed import, change nothing.

    Returns:
        The package `torchvision`.
    """
    if "torchvision" not in sys.modules and not _operators_load():
        _declare()
    return importlib.import_module("torchvision")


def _operators_load() -> bool:
    """Load torchvision's shared library, from where torchvision itself will look for it."""
    package = find_spec("torchvision")
    if package is None:
        return True  # nothing to repair: the import will say that torchvision is not installed
    library = PathFinder.find_spec("_C", package.submodule_search_locations)
    if library is None or library.origin is None:
        return False
    try:
        torch.ops.load_library(library.origin)
    except OSError:
        return False
    return True


def _declare() -> None:
    """Declare the operators that torchvision cannot be imported without, unless they are declared."""
    for name in _OPERATORS:
        if not hasattr(torch.ops.torchvision, name):
            library = torch.library.Library("torchvision", "FRAGMENT")
            library.define(name + _SIGNATURE)
            _declared.append(library)
