"""The comparison of all conditions on all architectures, as tables: its numbers, the settings, how each was tuned."""

from collections.abc import Callable, Collection, Mapping, Sequence

from analysis.findings.budget import as_data
from analysis.findings.compare import Cell, Comparison
from analysis.notation import number, percent
from analysis.words.endings import ENDS, chosen, ends
from tuning.sheets.sheet import SIGN, Column, Mark, Row, Sheet, without

SETTINGS = "chosen settings"

COLUMNS = (
    Column(heading="condition", side="left"),
    Column(heading="test\naccuracy %", long="test accuracy", unit="%", ranked=True),
    Column(heading="validation\n%", long="validation accuracy", unit="%"),
    Column(heading="log10\nLipschitz", long="Lipschitz bound", unit="log10"),
    Column(heading="σ\nmax", long="largest spectral norm"),
    Column(heading="effective\nrank", long="mean effective rank"),
    Column(heading="s/epoch", long="epoch", unit="seconds"),
    Column(heading="trials"),
    Column(heading="seeds"),
    Column(heading=SETTINGS, side="left"),
)

_LEAVING = ("trials", "s/epoch", "validation %", "seeds", "effective rank", "σ max", "log10 Lipschitz")


def comparison_sheet(comparison: Comparison, left_out: Collection[str] = ()) -> Sheet:
    """Set out what the confirmation says of every cell.

    Args:
        comparison: the study's.
        left_out: names of columns that are not wanted.

    Returns:
        The table; the highest mean test accuracy of each architecture is marked.
    """
    whole = Sheet(
        columns=COLUMNS,
        groups=_by_architecture(comparison, _row),
        marks=_bests(comparison),
        legend=_legend([column.name for column in COLUMNS if column.name not in left_out]),
        leaving=_LEAVING,
    )
    return without(whole, left_out)


def _legend(shown: Collection[str]) -> str:
    """Say what the columns that are shown hold."""
    said = "Mean ± half-width of the 95% t-interval over confirmation seeds, after the last epoch; "
    said += f"{SIGN}: highest mean of the architecture."
    said += " s/epoch: median over all epochs." if "s/epoch" in shown else ""
    return f"{said} Trials of the search: {ENDS}." if "trials" in shown else said


def _by_architecture(comparison: Comparison, row: Callable[[Cell], Row]) -> dict[str, list[Row]]:
    return {name: [row(cell) for cell in comparison.of(name)] for name in comparison.architectures}


def _bests(comparison: Comparison) -> dict[tuple[str, str], Mark]:
    return {
        (architecture, cell.condition): Mark.BEST
        for architecture in comparison.architectures
        for cell in comparison.best(architecture)
    }


def _row(cell: Cell) -> Row:
    return (
        cell.condition,
        percent(cell.measures["test_accuracy"]),
        percent(cell.measures["val_accuracy"], bounds=False),
        number(cell.measures["log10_lipschitz"].mean),
        number(cell.measures["spectral_norm"].mean),
        number(cell.measures["effective_rank"].mean),
        number(cell.epoch_seconds, 2),
        ends(cell.tune),
        str(len(cell.seeds)),
        chosen(cell),
    )


def settings_sheet(comparison: Comparison) -> Sheet:
    """List the settings under which every cell was confirmed.

    Args:
        comparison: the study's.
    """
    columns = (Column(heading="", side="left"), Column(heading="", side="left"))
    groups = _by_architecture(comparison, lambda cell: (cell.condition, chosen(cell)))
    return Sheet(title="Chosen settings", columns=columns, groups=groups, ruled=False)


def tuning_sheet(comparison: Comparison) -> Sheet:
    """Set out how the trials of every cell's search ended, and which setting won.

    Args:
        comparison: the study's.
    """
    columns = (
        Column(heading="condition", side="left"),
        Column(heading="confirmed setting", side="left"),
        *(Column(heading=heading) for heading in ("completed", "early-stopped", "diverged", "failed")),
        Column(heading="spent epochs", long="spent", unit="epochs"),
    )
    return Sheet(
        columns=columns,
        groups=_by_architecture(comparison, _tuned),
        legend=(
            "Trials of the search by their ending (what has not begun or not ended is told above), the epochs they "
            "trained together, and the setting that won by validation and was confirmed. What was not searched is "
            "listed below."
        ),
    )


def _tuned(cell: Cell) -> Row:
    ended = cell.tune
    counts = (ended.completed, ended.early_stopped, ended.diverged, ended.failed, ended.epochs)
    return (cell.condition, chosen(cell), *map(str, counts))


def comparison_rows(comparison: Comparison) -> Sequence[Mapping[str, object]]:
    """Return every number of the comparison, for programs to read on.

    Args:
        comparison: the study's.

    Returns:
        One row a cell, its values by the name of their column.
    """
    return [_record(cell) for architecture in comparison.architectures for cell in comparison.of(architecture)]


def _record(cell: Cell) -> dict[str, object]:
    record: dict[str, object] = {"architecture": cell.architecture, "condition": cell.condition}
    for name, interval in cell.measures.items():
        record |= {f"{name}_mean": interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}
    record["epoch_seconds"] = cell.epoch_seconds
    record["seeds"] = " ".join(map(str, cell.seeds))
    for phase, ended in (("tune", cell.tune), ("confirm", cell.confirm)):
        endings = ("completed", "early_stopped", "diverged", "failed", "unfinished", "epochs")
        record |= {f"{phase}_{ending}": getattr(ended, ending) for ending in endings}
    return {**record, **as_data(cell.budgets), **cell.chosen}
