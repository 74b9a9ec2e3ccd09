"""How a house of packages is built: its rooms, the floors they stand on, the arrows between them, and circles.

A room is what stands directly in a package: a module, or a sub-package with all that is in it. An arrow leads from a
room to one that it imports. Floors are counted along the longest chain of arrows, and a circle is a set of rooms of
which each reaches each; with circles the chain is that of the circles, each as one.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from pathlib import Path

import grimp

PARTS: dict[str, tuple[str, ...]] = {
    "analysis": ("analysis",),
    "engine": ("tuning.engine",),
    "regularizers": ("regularizers",),
    "study + settings": ("tuning.study", "tuning.settings"),
}
"""The parts that `make graph` counts -> the packages whose rooms they are."""

ALL = ("regularizers", "models", "tuning", "analysis")


@dataclass(frozen=True, kw_only=True)
class House:
    """The rooms of one part, and who imports whom.

    Attributes:
        arrows: each room -> the rooms that it imports.
    """

    arrows: Mapping[str, frozenset[str]]

    @property
    def count(self) -> int:
        """How many arrows there are."""
        return sum(map(len, self.arrows.values()))

    @cached_property
    def circles(self) -> list[frozenset[str]]:
        """Sets of several rooms, each of which reaches every other of its set."""
        reached = {room: self._reached(room) for room in self.arrows}
        together = {
            frozenset({room, *(other for other in reached[room] if room in reached[other])}) for room in self.arrows
        }
        return sorted((rooms for rooms in together if len(rooms) > 1), key=sorted)

    @cached_property
    def floors(self) -> dict[str, int]:
        """Each room's floor: 1 where it imports no other room, else one above the highest that it imports."""
        circle = {room: rooms for rooms in self.circles for room in rooms}
        whole = {room: circle.get(room, frozenset({room})) for room in self.arrows}
        below = {
            rooms: {whole[other] for room in rooms for other in self.arrows[room]} - {rooms} for rooms in whole.values()
        }
        floors: dict[frozenset[str], int] = {}
        for rooms in TopologicalSorter(below).static_order():
            floors[rooms] = 1 + max((floors[other] for other in below[rooms]), default=0)
        return {room: floors[whole[room]] for room in self.arrows}

    def _reached(self, room: str) -> set[str]:
        found: set[str] = set()
        ways = list(self.arrows[room])
        while ways:
            here = ways.pop()
            if here not in found:
                found.add(here)
                ways += self.arrows[here]
        return found


def graph_of(tree: Path) -> grimp.ImportGraph:
    """Return who imports whom in a checkout.

    Args:
        tree: its folder, whose packages are taken before any that are installed.
    """
    sys.path.insert(0, str(tree))
    try:
        return grimp.build_graph(*ALL, cache_dir=None)
    finally:
        sys.path.remove(str(tree))


def house(graph: grimp.ImportGraph, packages: Sequence[str]) -> House:
    """Return the rooms of a part; packages that the checkout lacks have none.

    Args:
        graph: of the checkout.
        packages: whose rooms stand on one level.
    """
    room_of = {
        module: f"{package}.{module.removeprefix(package + '.').split('.')[0]}"
        for package in packages
        if package in graph.modules
        for module in graph.find_descendants(package)
    }
    arrows: dict[str, set[str]] = {room: set() for room in room_of.values()}
    for module, room in room_of.items():
        arrows[room] |= {
            room_of[other] for other in graph.find_modules_directly_imported_by(module) if other in room_of
        }
    return House(arrows={room: frozenset(others - {room}) for room, others in arrows.items()})
