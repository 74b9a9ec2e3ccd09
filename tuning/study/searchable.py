"""Whether a search can search every cell: what its points, its grid and its algorithm ask of the ranges there."""

from collections.abc import Iterable, Sequence

from tuning.nearest import nearest
from tuning.records import SAMPLED, short_name
from tuning.settings.checks import check
from tuning.settings.names import check_known
from tuning.settings.space import Choice, plain
from tuning.study.cell import Cell
from tuning.study.draws import check_sobol, grid_size
from tuning.study.points import Point, points_within, values_within
from tuning.study.search import Search
from tuning.study.startup import unlearned


def check_searchable(search: Search, cells: Sequence[Cell]) -> None:
    """See that the algorithm can search every cell, and that the starting points lie in them.

    Args:
        search: the study's.
        cells: the study's.

    Raises:
        ValueError: where one cannot be searched so, or a starting point is none.
    """
    _check_points(search.points, cells, search.trials)
    match search.algorithm:
        case "grid":
            _check_grid(cells, search.trials)
        case "sobol":
            for cell in cells:
                check_sobol(cell.space, cell.shared_names)
        case "cmaes":
            _check_numbers(cells)
    for cell in cells:
        _check_learning(search, cell)


def _check_points(points: Sequence[Point], cells: Sequence[Cell], trials: int) -> None:
    """See that every starting point is tried somewhere, and that no cell has more of them than trials.

    Raises:
        ValueError: for an unknown condition, a name that is not searched, names that are not searched together, a
            value out of its range, too many points.
    """
    for point in points:
        if point.condition is not None:
            check_known(f"points.{point.number}: condition", point.condition, {c.condition_name for c in cells})
        meant = [cell for cell in cells if point.condition in {None, cell.condition_name}]
        searched = list(dict.fromkeys(name for cell in meant for name in cell.space))
        known = dict.fromkeys([short_name(name) for name in searched] + searched)
        for name in point.values:
            if name not in known:
                raise ValueError(
                    f"points.{point.number} gives what is searched, got {name!r}{nearest(name, known)}; searched are "
                    f"{', '.join(map(short_name, searched)) or 'none'}"
                )
        if not any([_is_tried(point, cell) for cell in meant]):
            raise ValueError(
                f"points.{point.number}: a condition must search all of {', '.join(point.values)}, got none that does; "
                "leave a name out"
            )
    for cell in cells:
        count = len(points_within(points, cell.condition_name, cell.space))
        if count > trials:
            raise ValueError(
                f"starting points count as trials, got {count} for {cell.key} and trials {trials}; raise it"
            )


def _is_tried(point: Point, cell: Cell) -> bool:
    """Return whether the cell has all of the point's names.

    Raises:
        ValueError: where they do not fit its ranges, with its condition.
    """
    try:
        return values_within(point, cell.space) is not None
    except ValueError as error:
        raise ValueError(f"condition {cell.condition_name}: {error}") from error


def _check_learning(search: Search, cell: Cell) -> None:
    """See that some trial can rest on others; of the default algorithm a small search is said to be draws."""
    if search.algorithm not in SAMPLED or search.algorithm == Search.model_fields["algorithm"].default:
        return
    draws = unlearned(search.algorithm, search.trials, len(cell.space)) if cell.space else 0
    check(
        f"{cell.condition_name}: {search.algorithm} learns nothing from its first {draws} trials",
        search.trials > draws,
        f"trials {search.trials}",
        f"raise trials above {draws}, or choose sobol",
    )


def _check_grid(cells: Iterable[Cell], trials: int) -> None:
    sizes = {cell.condition_name: grid_size(cell.space) for cell in cells}
    if set(sizes.values()) != {trials}:
        counts = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise ValueError(
            "a grid has as many points in every condition as trials, so that budgets are equal, got "
            f"{counts} and trials {trials}; list more values or fewer, or change trials"
        )


def _check_numbers(cells: Iterable[Cell]) -> None:
    for cell in cells:
        for name, domain in cell.space.items():
            if isinstance(domain, Choice):
                raise ValueError(
                    f"condition {cell.condition_name}: algorithm cmaes searches numbers alone, got {plain(domain)} for "
                    f"{name}; fix it, or choose tpe, gp or nsga2"
                )
