"""What each cell confirms: chosen once, frozen in journal and store before any confirmation begins."""

import math

from tuning.engine.state.history import Chosen, History, best
from tuning.records import Phase, StopReason
from tuning.store import StoreWriter
from tuning.study import Study, Trials, Values, confirmation_trials

RULE = "highest validation accuracy after the last epoch, of the trials that trained for all their epochs"


def freeze(study: Study, history: History, writer: StoreWriter) -> None:
    """Choose in every cell that has not chosen yet; what was chosen first stays chosen, unless the study grows.

    A cell none of whose trials was completed chooses nothing, and the others go on. Should a trial of it that failed
    be completed when the study is run again, it chooses then.

    Args:
        study: whose cells.
        history: the trials of the search, and what is chosen already; filled further.
        writer: the store, which keeps the choice with the run of the chosen trial.
    """
    for cell in study.cells:
        trials = history.of(cell.key, Phase.TUNE)
        trial = best(trials)
        if cell.key in history.chosen or trial is None or trial.last is None:
            continue
        choice = {
            "trial_key": trial.settings.key,
            "values": cell.chosen(trial.settings),
            "val_accuracy": trial.last.objective,
            "val_loss": trial.last.loss if math.isfinite(trial.last.loss) else None,
            "rule": RULE,
            "planned_trials": study.search.trials,
            "completed_trials": sum(other.reason is StopReason.COMPLETED for other in trials),
        }
        history.chosen[cell.key] = Chosen(settings=trial.settings, trials=study.search.trials)
        writer.freeze(trial.settings.key, choice)


def frozen_trials(study: Study, history: History) -> Trials:
    """Return every trial that is confirmed with what is chosen so far, each of its present generation.

    Args:
        study: what is compared, and how.
        history: what is chosen.
    """
    chosen: dict[str, Values] = {
        cell.key: cell.chosen(history.chosen[cell.key].settings) for cell in study.cells if cell.key in history.chosen
    }
    return {
        phase: {cell: [history.renewed(settings) for settings in trials] for cell, trials in cells.items()}
        for phase, cells in confirmation_trials(study, chosen).items()
    }


def undecided(study: Study, history: History) -> list[str]:
    """Return the cells that could choose and have not.

    Args:
        study: whose cells.
        history: the trials of the search, and what is chosen already.
    """
    tuned = {cell.key: best(history.of(cell.key, Phase.TUNE)) for cell in study.cells}
    return [cell for cell, trial in tuned.items() if trial is not None and cell not in history.chosen]
