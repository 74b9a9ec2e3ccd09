"""What the numbers allow to be said, in words."""

from collections.abc import Mapping, Sequence

from analysis.compare import Cell, Comparison
from analysis.measuring import Cost, Kept, spacing
from analysis.notation import count, listed, number, percent, size


def verdict(comparison: Comparison, architecture: str) -> str:
    """Say which condition has the highest mean test accuracy, and whether the intervals set it apart.

    Intervals are taken cell by cell. Two that overlap leave the order open; they do not show that the
    conditions are equal.

    Args:
        comparison: the study's.
        architecture: the one spoken of.

    Returns:
        One or two sentences.
    """
    confirmed = comparison.confirmed(architecture)
    if not confirmed:
        return "No confirmation run has completed, so there is no test accuracy to report."
    best = comparison.best(architecture) or confirmed
    said = listed([f"{cell.condition} ({_accuracy(cell)})" for cell in best])
    if len(confirmed) == 1:
        return f"Only {said} was confirmed, so there is nothing to compare it with."
    if len(best) > 1:
        return f"The highest mean test accuracy is shared by {said}."
    return f"The highest mean test accuracy is that of {said}. {_apart(best[0], confirmed)}"


def _apart(best: Cell, confirmed: tuple[Cell, ...]) -> str:
    top = best.measures["test_accuracy"]
    others = [cell for cell in confirmed if cell is not best]
    if any(cell.measures["test_accuracy"].n < 2 for cell in confirmed):
        return "An interval needs two seeds or more, so the order is not settled."
    near = [cell.condition for cell in others if cell.measures["test_accuracy"].overlaps(top)]
    if not near:
        return "Its 95% interval lies above those of all the others."
    whose = "that" if len(near) == 1 else "those"
    return f"Its 95% interval overlaps {whose} of {listed(near)}: between them these seeds do not decide."


def _accuracy(cell: Cell) -> str:
    interval = cell.measures["test_accuracy"]
    return f"{percent(interval)}%, {count(interval.n, 'seed')}"


def lost(cell: Cell) -> str:
    """Say which runs of a cell's confirmation did not complete, and so do not count in its means.

    Args:
        cell: the one spoken of.

    Returns:
        "1 of 5 confirmation runs diverged", or nothing where all completed.
    """
    ends = {"diverged": cell.confirm.diverged, "failed": cell.confirm.failed, "unfinished": _unfinished(cell)}
    told = [f"{number} {end}" for end, number in ends.items() if number]
    return f"of {count(cell.confirm.runs, 'confirmation run')} {listed(told)}" if told else ""


def _unfinished(cell: Cell) -> int:
    return cell.confirm.unfinished + cell.confirm.early_stopped


def remarks(comparison: Comparison) -> list[str]:
    """List what a reader must know before trusting the table: runs that do not count, cells without any.

    Args:
        comparison: the study's.

    Returns:
        A sentence a cell whose runs did not all complete, one for all that have none, one where seeds are few.
    """
    cells = comparison.cells.values()
    names = {id(cell): f"{cell.condition} on {cell.architecture}" for cell in cells}
    found = [
        f"{names[id(cell)]}: {gone}; its means are over {count(len(cell.seeds), 'seed')}."
        for cell in cells
        if (gone := lost(cell))
    ]
    absent = [names[id(cell)] for cell in cells if not cell.confirm.runs]
    if absent:
        found.append(f"No confirmation run, hence no result: {listed(absent)}.")
    few = [cell for cell in cells if cell.confirmed and len(cell.seeds) < FEW]
    if few:
        found.append(
            f"With {_seeds(few)} a cell an interval says little: its half-width is at least 4 times the standard error."
        )
    return found


FEW = 3
"""Seeds below which a t-interval is hardly one: the factor is 12.7 at two seeds, 4.3 at three."""


def _seeds(cells: list[Cell]) -> str:
    return " or ".join(count(number, "seed") for number in sorted({len(cell.seeds) for cell in cells}))


UNFOUND = "none converged"
"""How the routine of a spectrum ends that no routine has found."""


def measured(cost: Cost | None, kept: Sequence[Kept], fallbacks: Mapping[str, int]) -> list[str]:
    """Say what measuring took, which vectors were not kept, and which spectra needed a fallback.

    Args:
        cost: of measuring, None where it was not timed.
        kept: one an architecture.
        fallbacks: how many spectra by routine.

    Returns:
        A sentence for each that there is something to say of.
    """
    found = [_cost(cost)] if cost else []
    found += [_thinned(one) for one in kept if len(one.kept) < len(one.measured)]
    lost = {routine: times for routine, times in fallbacks.items() if routine.endswith(UNFOUND)}
    helped = {routine: times for routine, times in fallbacks.items() if routine not in lost}
    found += [_spectra(helped, "found by a fallback")] if helped else []
    found += [_spectra(lost, "not found, because no routine converged")] if lost else []
    return found


def _spectra(routines: Mapping[str, int], were: str) -> str:
    total = sum(routines.values())
    told = listed([f"{times:,} by {routine}" for routine, times in routines.items()])
    of = "spectrum of the confirmation runs was" if total == 1 else "spectra of the confirmation runs were"
    return f"{total:,} {of} {were}: {told}."


def _cost(cost: Cost) -> str:
    said = f"Measuring took {_share(cost.share)} of the time of training (median over {count(cost.runs, 'run')}"
    if len(cost.by_architecture) > 1:
        most = max(cost.by_architecture, key=lambda name: cost.by_architecture[name])
        said += f"; largest with {most}: {_share(cost.by_architecture[most])}"
    return said + ")."


def _share(share: float) -> str:
    return f"{number(100 * share, 2)}%"


def _thinned(one: Kept) -> str:
    if not one.kept:
        return f"{one.architecture}: no vectors of singular values were kept, because one epoch's are too large."
    where = f"at {count(len(one.kept), 'epoch')} of the {len(one.measured):,} measured"
    if len(one.kept) > 2:
        where += f" (every {spacing(one.kept)} epochs, and the last)"
    return (
        f"{one.architecture}: whole vectors of singular values were kept {where}, because all would have taken "
        f"{size(one.whole)} a trial; the measures are of every measured epoch."
    )
