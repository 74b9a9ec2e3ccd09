"""A search whose answers are planted: real samplers and stopping rules, and trials that a formula answers at once.

Run as a program it prints as JSON what `found` finds with the code of whichever checkout is on the path.
"""

import json
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from ray.tune.schedulers import FIFOScheduler, TrialScheduler

from tuning.engine.proposals import proposals_of
from tuning.engine.state.history import History, Result, TrialHistory
from tuning.engine.tune.schedule import CellScheduler
from tuning.settings import TrialSettings
from tuning.study import Study, parse_study

LIMIT = 600
"""The batch size above which a trial runs out of memory, where failures are planted: four in ten draws do."""

EPOCHS = 9

RULES: dict[str, dict[str, Any]] = {
    "none": {"name": "none"},
    "asha": {"name": "asha", "grace_epochs": 1, "reduction": 3},
    "median": {"name": "median", "grace_epochs": 1, "min_trials": 3},
}
"""By name, the stopping rules of a search."""

Fails = Callable[[TrialSettings], bool]
"""Whether a trial of these settings fails."""


def planted(algorithm: str, rule: str = "none", *, trials: int = 30, seed: int = 0) -> Study:
    """Return a study of one cell that searches a learning rate, a batch size and the strength of weight decay.

    Args:
        algorithm: of the search.
        rule: of `RULES`.
        trials: of the cell.
        seed: of the study.
    """
    study_data = {
        "name": "planted",
        "dataset": {"name": "digits"},
        "architectures": [{"name": "mlp-tiny", "family": "mlp", "depth": 2, "width": 16}],
        "conditions": {"decay": {"regularizer": "weight_decay", "strength": {"log_uniform": [1.0e-5, 1.0e-1]}}},
        "shared": {"learning_rate": {"log_uniform": [1.0e-4, 1.0e-1]}, "batch_size": {"int_uniform": [16, 1024]}},
        "training": {"epochs": EPOCHS},
        "search": {"algorithm": algorithm, "trials": trials, "seed": seed, "early_stopping": RULES[rule]},
        "confirm": {"seeds": 1},
    }
    return parse_study(study_data, "planted")


def too_large(settings: TrialSettings) -> bool:
    """Return whether a trial of these settings is planted to run out of memory."""
    return settings.training.batch_size > LIMIT


def never(settings: TrialSettings) -> bool:
    """Return that no trial fails."""
    return False


def accuracy(settings: TrialSettings, epoch: int = EPOCHS) -> float:
    """Return the planted validation accuracy: best at a learning rate of 1e-2, a little better in large batches."""
    rate, batch = math.log10(settings.training.learning_rate / 1e-2), math.log2(settings.training.batch_size / 16)
    strength = math.log10(settings.regularizer.strength / 1e-3)  # type: ignore[attr-defined]
    whole = 0.95 - 0.15 * rate**2 - 0.01 * strength**2 - 0.005 * (6 - batch)
    return max(whole, 0.1) * (1 - math.exp(-epoch / 2))


def trained(trial: TrialHistory, scheduler: TrialScheduler, fails: Fails) -> None:
    """Answer a trial, epoch by epoch, until it fails, is stopped by the cell's rule, or has had its budget.

    Args:
        trial: that has been proposed.
        scheduler: with the cell's rule.
        fails: which settings do.
    """
    settings = trial.settings
    tune = SimpleNamespace(trial_id=settings.key, config={"cell": settings.cell, "key": settings.key})
    scheduler.on_trial_add(None, tune)
    trial.error = ""
    if fails(settings):
        trial.error = "OutOfMemoryError: CUDA out of memory"
        trial.end(died=False)
        return
    for epoch in range(1, EPOCHS + 1):
        reached = accuracy(settings, epoch)
        trial.results[epoch] = Result(
            objective=reached, loss=1 - reached, seconds=1.0, diverged=False, lipschitz=_bound(settings)
        )
        said = {"epoch": epoch, "objective": reached}
        if scheduler.on_trial_result(None, tune, said) == TrialScheduler.STOP:
            break
    trial.end(died=False)


def _bound(settings: TrialSettings) -> float:
    return 3 + math.log10(settings.training.learning_rate)


def searched(of: Study, fails: Fails, past: Sequence[TrialHistory] = (), most: int | None = None) -> list[TrialHistory]:
    """Search a cell, one trial at a time.

    Args:
        of: a study of one cell.
        fails: which settings do.
        past: its trials of an earlier session.
        most: how many trials this session takes; None for all that are left.

    Returns:
        All of its trials by index.
    """
    history = History({trial.settings.key: trial for trial in past})
    proposals = proposals_of(of.cells[0], past)
    stopping = of.search.early_stopping.stops
    scheduler = CellScheduler(of, history) if stopping else FIFOScheduler()
    left = proposals.planned - proposals.proposed
    for _ in range(left if most is None else min(left, most)):
        trial = history.start(proposals.propose())
        trained(trial, scheduler, fails)
        proposals.finish(trial)
    return sorted(history.trials.values(), key=lambda trial: trial.settings.index)


def learned(of: Study, trials: Sequence[TrialHistory]) -> list[int]:
    """Return the trials that rest on what earlier ones have said, by index.

    Each is proposed once more after trials of the same settings whose ends are exchanged, the first one's for the last
    one's and so on: draws of any kind stay the same then, and what a model proposes does not.

    Args:
        of: a study of one cell.
        trials: by index, each proposed when those before it had ended.
    """
    again = [proposals_of(of.cells[0], _exchanged(trials[:index])).propose() for index in range(len(trials))]
    return [index for index, trial in enumerate(trials) if again[index] != trial.settings]


def _exchanged(trials: Sequence[TrialHistory]) -> list[TrialHistory]:
    pairs = zip(trials, reversed(trials), strict=True)
    return [
        replace(trial, results=end.results, reason=end.reason, error=end.error, stage=end.stage) for trial, end in pairs
    ]


def found(algorithm: str, rule: str, failing: bool, seed: int) -> dict[str, int]:
    """Search a cell of thirty trials and count.

    Args:
        algorithm: of the search.
        rule: of `RULES`.
        failing: whether large batches fail.
        seed: of the study.

    Returns:
        Trials that rest on earlier ones (``learned``), and those of the last twenty that failed (``failed``).
    """
    of = planted(algorithm, rule, seed=seed)
    trials = searched(of, too_large if failing else never)
    return {"learned": len(learned(of, trials)), "failed": sum(bool(trial.error) for trial in trials[10:])}


if __name__ == "__main__":
    print(json.dumps([found(**case) for case in json.load(sys.stdin)]))
