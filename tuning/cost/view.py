"""A study's cost for people: tables on the terminal, in Markdown and as CSV. Nothing is computed here."""

import csv
import io
import itertools
from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tuning.cost.cell import CellCost
from tuning.cost.held import HeldWeight
from tuning.cost.study import StudyCost
from tuning.cost.words import scaled, sentences
from tuning.durations import duration
from tuning.records import Phase, short_name


def terminal(cost: StudyCost) -> RenderableType:
    """Lay a cost out for a terminal: networks, cells, what is searched, and what there is to say.

    Args:
        cost: of the study.

    Returns:
        What a rich console prints; names of the study are plain text in it, never markup.
    """
    said = [Text(line) for line in sentences(cost)]
    spaced = [part for line in said for part in (Text(), line)]
    return Group(_architectures(cost), _cells(cost), _searched(cost), _held(cost), *spaced)


def _architectures(cost: StudyCost) -> Table:
    looked = ["validation\nan epoch", "measuring\nonce"] if cost.timed_on is not None else []
    table = _table("architecture", "parameters", "forward\nan image", "forward +\nbackward", *looked)
    held_out = cost.outline.split(cost.study.dataset)[1]
    for one in _firsts(cost.cells):
        texts = [f"{one.operations.parameters:,}"]
        texts += [scaled(count, "FLOP") for count in (one.operations.forward, one.operations.training)]
        if one.seconds is not None:
            inspection = one.seconds.inspection
            texts += [duration(held_out * inspection.image), duration(inspection.measurement)]
        table.add_row(Text(one.architecture, style="bold"), *texts)
    return table


def _cells(cost: StudyCost) -> Table:
    taken = ["training\nan epoch"] * (cost.timed_on is not None) + ["one after\nthe other"] * (cost.seconds is not None)
    table = _table("condition", "trials", "epochs", "operations", *taken)
    last = ""
    for cell in cost.cells:
        if cell.architecture != last:
            last = cell.architecture
            table.add_row(Text(last, style="bold"))
        table.add_row(Text(f"  {cell.condition}"), *_numbers(cell, cost))
    return table


def _numbers(cell: CellCost, cost: StudyCost) -> list[str]:
    """Write out a cell's numbers: as many as are known."""
    trials = " + ".join(f"{cell.trainings.get(phase, 0):,}" for phase in cost.phases)
    epochs = " + ".join(f"{cell.epochs(phase):,}" for phase in cost.phases)
    texts = [trials, epochs, scaled(cell.total_operations, "FLOP")]
    if cell.seconds is not None:
        work = cell.work[Phase.TUNE]
        texts.append(duration(work.steps / work.epochs * cell.seconds.step))
    total = cell.total_seconds(cost.tflops)
    return texts if total is None else [*texts, duration(total)]


def _searched(cost: StudyCost) -> Table:
    """Lay out what is searched under each condition; it is the same on every architecture."""
    table = Table("searched", "", box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for condition, searched in {cell.condition: cell.searched for cell in cost.cells}.items():
        table.add_row(Text(f"  {condition}"), Text(_listed(searched)))
    return table


def _held(cost: StudyCost) -> Table:
    """Lay out the weights of each network: what each is to it, and which conditions hold it."""
    table = _table("weights", "role", "matrix")
    table.add_column("held by", overflow="fold", vertical="bottom")
    for network in cost.held:
        table.add_row(Text(network.architecture, style="bold"))
        for layers, role, matrix, holders in _runs(network.weights):
            table.add_row(Text(f"  {layers}"), role, matrix, Text(holders))
        table.add_row(Text("  biases, norms"), "", f"{network.unheld:,} numbers", "no condition")
    return table


def _runs(weights: Sequence[HeldWeight]) -> Iterator[tuple[str, str, str, str]]:
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


def _table(first: str, *others: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column(first, overflow="fold", vertical="bottom")  # a long name gives way, a number never
    for heading in others:
        table.add_column(heading, justify="right", no_wrap=True, vertical="bottom")
    return table


def markdown(cost: StudyCost) -> str:
    """Write a cost as a Markdown table, one row a cell, another of the weights that are held, and what there is to say.

    Args:
        cost: of the study.

    Returns:
        The text, ending in a line break.
    """
    headings = ["architecture", "condition", "searched", "parameters", "forward and backward an image"]
    headings += ["trials", "epochs", "operations"]
    headings += ["training an epoch"] * (cost.timed_on is not None) + ["one after the other"] * (
        cost.seconds is not None
    )
    lines = [headings, ["---"] * 3 + ["---:"] * (len(headings) - 3)]
    for cell in cost.cells:
        size = [f"{cell.operations.parameters:,}", scaled(cell.operations.training, "FLOP")]
        names = [cell.architecture, cell.condition, _listed(cell.searched)]
        lines.append([name.replace("_", "\\_") for name in names] + size + _numbers(cell, cost))
    return "\n\n".join([_rows(lines), *_held_rows(cost), *sentences(cost)]) + "\n"


def _held_rows(cost: StudyCost) -> list[str]:
    lines = [["architecture", "weights", "role", "matrix", "held by"], ["---"] * 5]
    for network in cost.held:
        for texts in _runs(network.weights):
            lines.append([text.replace("_", "\\_") for text in (network.architecture, *texts)])
    return [_rows(lines)] if cost.held else []


def _rows(lines: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def to_csv(cost: StudyCost) -> str:
    """Write a cost as CSV with every digit, one row a cell, empty where a number is not known.

    Args:
        cost: of the study.

    Returns:
        The text, with a heading line.
    """
    lines = [_plain(cell, cost) for cell in cost.cells]
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return buffer.getvalue()


def _plain(cell: CellCost, cost: StudyCost) -> dict[str, object]:
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
