"""A history in which the trials of `studies.tiny` have ended, as a test says how."""

from tuning.engine.state.history import History, Result
from tuning.engine.state.trial_life import Stage
from tuning.records import Phase, StopReason

EPOCHS, TRIALS, SEEDS = 3, 5, 2


def done(cells, *, without=()):
    """Every trial of the cells trained to its end, but for those of the given keys, which never began."""
    history = History()
    for cell in cells:
        for phase, count in ((Phase.TUNE, TRIALS), (Phase.CONFIRM, SEEDS)):
            for index in range(count):
                trial = cell.settings(phase, index, cell.draw(index))
                if trial.key not in without:
                    end(history.start(trial), StopReason.COMPLETED, EPOCHS)
    return history


def end(trial, reason, epochs, error=""):
    trial.results = {epoch: Result(objective=0.5, loss=1.0, seconds=1.0, diverged=False) for epoch in range(epochs + 1)}
    trial.stage, trial.reason, trial.error = Stage.ENDED, reason, error
