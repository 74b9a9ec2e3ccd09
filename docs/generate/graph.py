"""``python -m docs.generate.graph [TREE]``: rooms, floors, arrows and circles of a checkout; `make graph` calls it."""

import sys
from pathlib import Path

from docs.generate.house import PARTS, graph_of, house


def main() -> None:
    """Print a row a part of the house, and its circles by name."""
    tree = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    graph = graph_of(tree)
    print(f"{'':18}{'rooms':>7}{'floors':>8}{'arrows':>8}{'circles':>9}")
    for name, packages in PARTS.items():
        part = house(graph, packages)
        counts = (len(part.arrows), max(part.floors.values(), default=0), part.count, len(part.circles))
        print(f"{name:18}{counts[0]:7}{counts[1]:8}{counts[2]:8}{counts[3]:9}")
        for rooms in part.circles:
            print(f"  a circle: {', '.join(sorted(room.rpartition('.')[2] for room in rooms))}")


if __name__ == "__main__":
    main()
