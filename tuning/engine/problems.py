"""What a reader of the results must know: trials that failed, budgets not equal or not spent, cells not confirmed."""

from collections import Counter
from collections.abc import Iterator, Sequence

from tuning.engine.history import History, TrialHistory, best
from tuning.records import Phase, StopReason
from tuning.study import PHASES, Cell, planned_epochs, planned_trials, uneven


def problems(cells: Sequence[Cell], history: History) -> Iterator[str]:
    """Look for what keeps a study from being the fair comparison that it should be.

    Args:
        cells: of the study.
        history: what its trials have done.

    Yields:
        One line a problem, each naming its cell; nothing where every planned trial ended well and the budgets of all
        cells were equal.
    """
    for phase in PHASES:
        for cell_key, told in uneven(cells, phase).items():
            yield f"{cell_key}: the planned budgets are not equal: {told}"
    for cell in cells:
        for phase in PHASES:
            yield from _of_phase(cell, phase, history)


def _of_phase(cell: Cell, phase: Phase, history: History) -> Iterator[str]:
    trials = history.of(cell.key, phase)
    for trial in trials:
        if trial.reason is StopReason.ERROR:
            yield f"{trial.settings.key} failed: {trial.error.splitlines()[0]}; run again, it is tried anew"
    if phase is Phase.CONFIRM and not trials and _nothing_to_confirm(cell, history):
        yield f"{cell.key}: no trial was completed at full budget, so there is nothing to confirm"
        return
    planned = planned_trials(cell, phase)
    others = [trial for trial in trials if not _ended_as_planned(cell, trial)]
    spent = len(trials) - len(others)
    if spent < planned:
        epochs = sum(trial.last_epoch for trial in trials)
        yield (
            f"{cell.key}: the planned budget was not spent: {spent} of {planned} {phase} trials ended as planned "
            f"({_told(others, planned - len(trials))}), {epochs} of {planned_epochs(cell, phase)} epochs"
        )


def _ended_as_planned(cell: Cell, trial: TrialHistory) -> bool:
    """Return whether a trial has had its budget.

    It has when it trained for all its epochs, when the study's own rule of early stopping ended it, or when it
    diverged, for there was nothing left to train. The rule acts in the search alone: a confirmation that ends before
    its last epoch was cut off.
    """
    rule = cell.study.search.early_stopping.name != "none" and trial.settings.phase is Phase.TUNE
    stopped = rule and trial.reason is StopReason.EARLY_STOPPED
    return stopped or trial.reason in {StopReason.COMPLETED, StopReason.DIVERGED}


def _nothing_to_confirm(cell: Cell, history: History) -> bool:
    tuned = history.of(cell.key, Phase.TUNE)
    return len(tuned) >= planned_trials(cell, Phase.TUNE) and all(t.ended for t in tuned) and best(tuned) is None


def _told(others: Sequence[TrialHistory], not_begun: int) -> str:
    """Say how the trials have ended that did not end as planned: "1 failed, 2 not begun"."""
    words = {StopReason.ERROR: "failed", StopReason.RUNNING: "unfinished", StopReason.EARLY_STOPPED: "cut off"}
    counts = Counter(words[trial.reason] for trial in others)
    told = [f"{number} {word}" for word, number in counts.items()]
    return ", ".join(told + [f"{not_begun} not begun"] * (not_begun > 0))
