"""What a reader of the results must know: trials that failed, budgets not equal or not spent, cells not confirmed."""

from collections import Counter
from collections.abc import Iterator, Sequence

from tuning.engine.state.choice import frozen_trials
from tuning.engine.state.history import History, TrialHistory, best
from tuning.full_budget import ends_as_planned
from tuning.records import CONFIRMATIONS, Phase, StopReason
from tuning.study import Cell, Study, baseline, planned_trials, uneven_budgets


def problems(study: Study, history: History) -> Iterator[str]:
    """Look for what keeps a study from being the fair comparison that it should be.

    Args:
        study: what is compared, and how.
        history: what its trials have done.

    Yields:
        One line a problem, each naming its cell; nothing where every planned trial ended well and the budgets of all
        cells were equal.
    """
    yield from uneven_budgets(study)
    frozen = frozen_trials(study, history)
    for cell in study.cells:
        yield from _of_phase(cell, Phase.TUNE, history, planned_trials(study, cell, Phase.TUNE))
        if _nothing_to_confirm(study, cell, history):
            yield _without_choice(study, cell, history.of(cell.key, Phase.TUNE))
            continue
        for phase in CONFIRMATIONS:
            exact = len(frozen[phase].get(cell.key, ()))
            planned = exact if cell.key in history.chosen else planned_trials(study, cell, phase)
            yield from _of_phase(cell, phase, history, planned)


def _of_phase(cell: Cell, phase: Phase, history: History, planned: int) -> Iterator[str]:
    trials = history.of(cell.key, phase)
    for trial in trials:
        if trial.reason is StopReason.ERROR:
            yield f"{trial.settings.key} failed: {trial.error.splitlines()[0]}; run again, it is tried anew"
    diverged = [trial.settings.key for trial in trials if trial.reason is StopReason.DIVERGED]
    if diverged:
        yield (
            f"{cell.key}: {len(diverged)} of {planned} {phase} trials diverged, so that a loss or a weight was not "
            f"finite ({', '.join(diverged)}); they count as the worst there are, and are not tried again"
        )
    others = [trial for trial in trials if not _ended_as_planned(cell, trial)]
    spent = len(trials) - len(others)
    if spent < planned:
        epochs = sum(trial.last_epoch for trial in trials)
        yield (
            f"{cell.key}: the planned budget was not spent: {spent} of {planned} {phase} trials ended as planned "
            f"({_told(others, planned - len(trials))}), {epochs} of {planned * cell.setup.training.epochs} epochs; "
            f"{_cure(others, planned - len(trials))}"
        )


def _ended_as_planned(cell: Cell, trial: TrialHistory) -> bool:
    """Return whether a trial has had its budget."""
    rule = cell.setup.search.early_stopping.stops
    return trial.reason in ends_as_planned(trial.settings.phase, rule=rule)


def _nothing_to_confirm(study: Study, cell: Cell, history: History) -> bool:
    """Return whether the whole search of a cell has left it without a choice."""
    if cell.key in history.chosen:
        return False
    tuned = history.of(cell.key, Phase.TUNE)
    return len(tuned) >= planned_trials(study, cell, Phase.TUNE) and all(t.ended for t in tuned) and best(tuned) is None


def _without_choice(study: Study, cell: Cell, tuned: Sequence[TrialHistory]) -> str:
    """Say how the trials of a search have ended that has left its cell without a choice, and what to do."""
    counts = Counter(_ENDS.get(trial.reason, trial.reason.replace("_", " ")) for trial in tuned)
    ends = ", ".join(f"{number} {end}" for end, number in counts.items())
    failed = any(trial.reason is StopReason.ERROR for trial in tuned)
    cure = "run again, the failed are tried anew" if failed else "begin anew (--fresh) with other ranges"
    without = f"no trial was completed at full budget ({ends}), so there is nothing to confirm{_lost(study, cell)}"
    return f"{cell.key}: {without}; {cure}"


def _lost(study: Study, cell: Cell) -> str:
    """Say what else a cell's choice would have been for."""
    name = cell.condition_name
    plain = baseline(study.confirm, study.conditions)
    ablated = study.ablate is not None and study.ablate.condition == name
    lost = ["no learning rate for the others"] * (plain == name) + ["nothing to ablate"] * ablated
    return "".join(f", and {what}" for what in lost)


_ENDS = {StopReason.ERROR: "failed", StopReason.RUNNING: "unfinished"}
"""What people call the ends whose names say less."""


def _told(others: Sequence[TrialHistory], not_begun: int) -> str:
    """Say how the trials have ended that did not end as planned: "1 failed, 2 not begun"."""
    words = {**_ENDS, StopReason.EARLY_STOPPED: "cut off"}
    counts = Counter(words[trial.reason] for trial in others)
    told = [f"{number} {word}" for word, number in counts.items()]
    return ", ".join(told + [f"{not_begun} not begun"] * (not_begun > 0))


def _cure(others: Sequence[TrialHistory], not_begun: int) -> str:
    """Say what brings back what was not spent: a trial that was cut off has ended, and is not taken up again."""
    ended = not_begun <= 0 and all(trial.reason is StopReason.EARLY_STOPPED for trial in others)
    return "begin anew with --fresh" if ended else "run again, it goes on"
