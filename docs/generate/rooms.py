"""The rooms' map: each package's rooms from the ground up, each with the first sentence of its own docstring."""

import ast
from pathlib import Path

from docs.generate.house import ALL, House, graph_of, house

ROOT = Path(__file__).resolve().parents[2]
_DEEPER = ("tuning.settings", "tuning.study", "tuning.trial", "tuning.store", "tuning.engine")
"""Rooms of rooms that are shown as well."""


def rooms() -> str:
    """Return a table of rooms a package, and how each is built."""
    graph = graph_of(ROOT)
    return "\n\n".join(_package(name, house(graph, [name])) for name in (*ALL, *_DEEPER))


def _package(name: str, part: House) -> str:
    rows = ["| room | floor | what it is for | stands on |", "|---|--:|---|---|"]
    for room, floor in sorted(part.floors.items(), key=lambda room_floor: (room_floor[1], room_floor[0])):
        below = ", ".join(f"`{other.rpartition('.')[2]}`" for other in sorted(part.arrows[room])) or "–"
        rows.append(f"| `{room.rpartition('.')[2]}` | {floor} | {sentence(room)} | {below} |")
    size = f"{len(part.arrows)} rooms on {max(part.floors.values())} floors, {part.count} arrows."
    return "\n\n".join([f"### `{name}`", f"{sentence(name)} {size}", "\n".join(rows)])


def sentence(module: str) -> str:
    """Return the first sentence of a module's or package's docstring.

    Args:
        module: its dotted name.

    Raises:
        ValueError: it has none.
    """
    path = ROOT / module.replace(".", "/")
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    told = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
    if not told:
        raise ValueError(f"every room says what it is for, got nothing from {module}; begin it with a docstring")
    return " ".join(told.split("\n\n")[0].split()).replace("``", "`").replace("|", "\\|")
