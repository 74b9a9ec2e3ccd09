"""Imported by a process of ours, this lets it take our packages from beside this one, wherever it was called.

``python -m`` looks for packages in the current folder first, so do Ray's workers in their driver's, and ``PYTHONPATH``
comes before what is installed. There a researcher may well have a folder ``models`` of their own.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

_OURS = frozenset({"regularizers", "models", "tuning", "analysis"})
_HOME = Path(__file__).resolve().parents[1]


class _OwnPackages(MetaPathFinder):
    """Finds our packages, and no others, in the folder that holds this one."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return PathFinder.find_spec(fullname, [str(_HOME)]) if fullname in _OURS else None


sys.meta_path.insert(0, _OwnPackages())
