"""A study's cost as tables. Nothing is computed here."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from tuning.cost.cell import CellCost
from tuning.cost.held import HeldWeight
from tuning.cost.study import StudyCost
from tuning.cost.words import scaled
from tuning.durations import duration
from tuning.records import Phase, short_name
from tuning.sheets.sheet import Column, Row, Sheet


def networks_sheet(cost: StudyCost) -> Sheet:
    """Set out the size of each network, and what it takes to train, evaluate and measure it.

    Args:
        cost: of the study.
    """
    timed = ["validation\nan epoch", "measuring\nonce"] if cost.timed_on is not None else []
    return Sheet(
        columns=(_folding("architecture"), *_numbers("parameters", "forward\nan image", "forward +\nbackward", *timed)),
        groups={cell.architecture: [("", *_network(cell, cost))] for cell in _firsts(cost.cells)},
    )


def _network(cell: CellCost, cost: StudyCost) -> list[str]:
    """Write out the network of a cell: as many numbers as are known."""
    texts = [f"{cell.operations.parameters:,}"]
    texts += [scaled(count, "FLOP") for count in (cell.operations.forward, cell.operations.training)]
    if cell.seconds is not None:
        inspection, held_out = cell.seconds.inspection, cost.dataset_info.split(cost.study.dataset)[1]
        texts += [duration(held_out * inspection.image), duration(inspection.measurement)]
    return texts


def work_sheet(cost: StudyCost) -> Sheet:
    """Set out what each cell trains.

    Args:
        cost: of the study.
    """
    return Sheet(
        columns=(_folding("condition"), *_work_columns(cost)),
        groups=_by_architecture(cost, lambda cell: (cell.condition, *_work(cell, cost))),
    )


def cells_sheet(cost: StudyCost) -> Sheet:
    """Set out what each cell searches, how large its network is and what it trains, in one row.

    Args:
        cost: of the study.
    """
    names = (_folding("condition"), _folding("searched"))
    sizes = _numbers("parameters", "forward and backward an image")
    return Sheet(
        columns=(*names, *sizes, *_work_columns(cost)), groups=_by_architecture(cost, lambda cell: _row(cell, cost))
    )


def _row(cell: CellCost, cost: StudyCost) -> Row:
    size = (f"{cell.operations.parameters:,}", scaled(cell.operations.training, "FLOP"))
    return (cell.condition, _listed(cell.searched), *size, *_work(cell, cost))


def _work_columns(cost: StudyCost) -> tuple[Column, ...]:
    taken = ["training\nan epoch"] * (cost.timed_on is not None) + ["one after\nthe other"] * (cost.seconds is not None)
    return _numbers("trials", "epochs", "operations", *taken)


def _work(cell: CellCost, cost: StudyCost) -> list[str]:
    """Write out what a cell trains: as many numbers as are known."""
    trials = " + ".join(f"{cell.trainings.get(phase, 0):,}" for phase in cost.phases)
    epochs = " + ".join(f"{cell.epochs(phase):,}" for phase in cost.phases)
    texts = [trials, epochs, scaled(cell.total_operations, "FLOP")]
    if cell.seconds is not None:
        work = cell.work[Phase.TUNE]
        texts.append(duration(work.steps / work.epochs * cell.seconds.step))
    total = cell.total_seconds(cost.tflops)
    return texts if total is None else [*texts, duration(total)]


def searched_sheet(cost: StudyCost) -> Sheet:
    """List what is searched under each condition; it is the same on every architecture.

    Args:
        cost: of the study.
    """
    searched = {cell.condition: cell.searched for cell in cost.cells}
    return Sheet(
        columns=(Column(heading="searched", side="left"), Column(heading="", side="left")),
        groups={"": [(condition, _listed(names)) for condition, names in searched.items()]},
        grouped_by="",
        ruled=False,
    )


def held_sheet(cost: StudyCost) -> Sheet:
    """Set out the weights of each network: what each is to it, and which conditions hold it.

    Args:
        cost: of the study.
    """
    names = (_folding("weights"), *(Column(heading=heading, side="left") for heading in ("role", "matrix")))
    return Sheet(
        columns=(*names, _folding("held by")),
        groups={network.architecture: list(_held(network.weights)) for network in cost.held},
    )


def with_rest(sheet: Sheet, cost: StudyCost) -> Sheet:
    """Add to a table of the weights that are held a row of what no condition holds.

    Args:
        sheet: as `held_sheet` makes it.
        cost: of the study.

    Returns:
        The same with a row more for each network, its role and matrix set to the right as numbers are.
    """
    rest = {network.architecture: f"{network.unheld:,} numbers" for network in cost.held}
    last = {name: ("biases, norms", "", numbers, "no condition") for name, numbers in rest.items()}
    first, *numbers, by = sheet.columns
    return replace(
        sheet,
        columns=(first, *(replace(column, side="right") for column in numbers), by),
        groups={name: [*rows, last[name]] for name, rows in sheet.groups.items()},
    )


def _held(weights: Sequence[HeldWeight]) -> Iterator[Row]:
    """Yield names, role, matrix and holders of the weights; neighbours that differ in their names alone are one."""
    same = itertools.groupby(weights, lambda weight: (weight.role, weight.shape, weight.conditions))
    for (role, shape, conditions), members in same:
        names = ", ".join(weight.name for weight in members)
        yield names, role, "×".join(map(str, shape)), ", ".join(conditions) or "no condition"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(short_name, names)) or "nothing"


def _firsts(cells: Sequence[CellCost]) -> list[CellCost]:
    """Return one cell of each architecture."""
    return list({cell.architecture: cell for cell in reversed(cells)}.values())[::-1]


def _by_architecture(cost: StudyCost, row: Callable[[CellCost], Row]) -> dict[str, list[Row]]:
    """Write out the cells, grouped in the order of the study."""
    groups: dict[str, list[Row]] = {}
    for cell in cost.cells:
        groups.setdefault(cell.architecture, []).append(row(cell))
    return groups


def _folding(heading: str) -> Column:
    """Make a column of names: a long one gives way, a number never."""
    return Column(heading=heading, side="left", folds=True)


def _numbers(*headings: str) -> tuple[Column, ...]:
    return tuple(Column(heading=heading) for heading in headings)


def cost_rows(cost: StudyCost) -> Sequence[Mapping[str, object]]:
    """Return every number of the cost, for programs to read on.

    Args:
        cost: of the study.

    Returns:
        One row a cell, its values by the name of their column; None where a number is not known.
    """
    return [_record(cell, cost) for cell in cost.cells]


def _record(cell: CellCost, cost: StudyCost) -> dict[str, object]:
    timed = cell.seconds
    return {
        "architecture": cell.architecture,
        "condition": cell.condition,
        "searched": " ".join(cell.searched),
        **{f"{phase}_trials": cell.trainings.get(phase, 0) for phase in cost.phases},
        **{f"{phase}_epochs": cell.epochs(phase) for phase in cost.phases},
        "parameters": cell.operations.parameters,
        "forward_operations": cell.operations.forward,
        "training_operations": cell.operations.training,
        "operations": cell.total_operations,
        "step_seconds": timed and timed.step,
        "image_seconds": timed and timed.inspection.image,
        "measurement_seconds": timed and timed.inspection.measurement,
        "seconds": cell.total_seconds(cost.tflops),
    }
