"""What the numbers allow to be said, in words."""

from collections.abc import Mapping, Sequence

from analysis.findings.compare import Cell, Comparison, Lead
from analysis.findings.kept_spectra import Kept, spacing
from analysis.findings.measuring import Cost
from analysis.notation import count, listed, number, percent, points_between, size
from analysis.words.described import Claim, Named, Verbs, told


def verdict(comparison: Comparison, architecture: str) -> str:
    """Say which condition has the highest mean test accuracy, and which of the others it is above.

    Confirmation seeds are paired, so that is read off the paired differences: intervals of two means may overlap though
    their difference leaves out zero. Where the test of a difference does not agree with its interval, both are told.

    Args:
        comparison: the study's.
        architecture: the one spoken of.

    Returns:
        One sentence or a few.
    """
    confirmed = comparison.confirmed(architecture)
    if not confirmed:
        return "No confirmation run has completed, so there is no test accuracy to report."
    best = comparison.best(architecture) or confirmed
    said = listed([f"{cell.condition} ({_accuracy(cell)})" for cell in best])
    if len(confirmed) == 1:
        return f"Only {said} was confirmed, so there is nothing to compare it with."
    is_of = "is that of" if len(best) == 1 else "is shared by"
    return f"The highest mean test accuracy {is_of} {said}. {_above(comparison.leads[architecture])}".rstrip()


def _above(leads: Sequence[Lead]) -> str:
    settled = [lead for lead in leads if _named(lead).claim is not Claim.OPEN]
    if leads and not settled:
        return "Too few seeds are shared for an interval, so the order is not settled."
    bests = list(dict.fromkeys(lead.condition for lead in leads))
    said = []
    for best in bests:
        it, of_it = ("it", "") if len(bests) == 1 else (best, f" of {best}")
        verbs = Verbs(
            higher=f"{it} is above",
            lower=f"{it} is below",
            same=f"no difference{of_it} is seen with",
            test=f"the interval holds zero, and the test sees a difference{of_it} with",
        )
        leading = [_named(lead) for lead in settled if lead.condition == best]
        said += [f"On shared seeds {told(leading, verbs)}."] if leading else []
    open_ = list(dict.fromkeys(lead.against for lead in leads if lead not in settled))
    if open_:
        said.append(f"Too few seeds are shared with {listed(open_)} for an interval: that order is not settled.")
    return " ".join(said)


def _named(lead: Lead) -> Named:
    bounds = lead.difference.stated
    return Named(name=lead.against, bounds=bounds, text=f"{points_between(bounds)} points", tested=lead.tested)


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
        A sentence a cell whose runs did not all complete, one for all that have none, one where seeds are few, one
        where the best of several was set above another.
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
    return found + ([CHOSEN] if _chosen_of_several(comparison) else [])


FEW = 3
"""Seeds below which a t-interval is hardly one: the factor is 12.7 at two seeds, 4.3 at three."""


CHOSEN = (
    "The best of three or more conditions was chosen on the same seeds, which flatters it, and each interval of a "
    "difference stands by itself; Holm's rule is over the comparisons with the baseline, or over those of all others."
)
"""What "above" is worth where there was a choice; of two conditions the interval is that of the only difference."""


def _chosen_of_several(comparison: Comparison) -> bool:
    return any(
        len(comparison.confirmed(name)) > 2 and _named(lead).claim in {Claim.HIGHER, Claim.HIGHER_ALONE}
        for name, leads in comparison.leads.items()
        for lead in leads
    )


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
    found += [
        _thinned(of_architecture)
        for of_architecture in kept
        if len(of_architecture.kept) < len(of_architecture.measured)
    ]
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
    short = {name: seconds for name, seconds in cost.epoch_seconds.items() if seconds < SHORT}
    if not short:
        return said + ")."
    told = listed([f"{number(seconds, 2)} s with {name}" for name, seconds in short.items()])
    return f"{said}). Epochs are short ({told}), and a measurement takes as long however short they are."


SHORT = 1.0
"""Seconds below which an epoch is short: a measurement takes what it takes, however few images there are."""


def _share(share: float) -> str:
    return f"{number(100 * share, 2)}%"


def _thinned(kept: Kept) -> str:
    if not kept.kept:
        return f"{kept.architecture}: no vectors of singular values were kept, because one epoch's are too large."
    where = f"at {count(len(kept.kept), 'epoch')} of the {len(kept.measured):,} measured"
    if len(kept.kept) > 2:
        where += f" (every {spacing(kept.kept)} epochs, and the last)"
    return (
        f"{kept.architecture}: whole vectors of singular values were kept {where}, because all would have taken "
        f"{size(kept.whole)} a trial; the measures are of every measured epoch."
    )
