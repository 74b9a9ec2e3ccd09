"""What Tune says of the trials, and what is kept of it."""

import io

from ray.tune.experiment import Trial
from rich.console import Console

from tests.tuning.store.cases import SECONDS
from tests.tuning.studies import settings, study
from tuning.engine.state.history import History
from tuning.engine.state.trial_life import Stage
from tuning.engine.tune.callback import RecordCallback
from tuning.engine.tune.trainable import as_config
from tuning.engine.view.progress import Progress
from tuning.engine.view.time_left import TimeLeft
from tuning.store import StoreWriter


def test_a_worker_that_is_lost_while_it_is_made_costs_nothing_be_it_the_first_or_the_next(folder, uri):
    """Tune calls such a trial running, and begins it again by itself."""
    history, writer, of_trial = History(), StoreWriter("study", uri, folder / "study"), settings()
    progress, time_left = Progress(study(), history, Console(file=io.StringIO())), TimeLeft(study(), history)
    callback = RecordCallback(history, writer, progress, time_left)
    trial = Trial("nothing is run", config=as_config(of_trial, str(folder), "session", "content"), stub=True)
    callback.on_trial_recover(0, [trial], trial)
    assert of_trial.key not in history.trials
    callback.on_trial_start(1, [trial], trial)
    callback.on_trial_recover(2, [trial], trial)
    assert history.trials[of_trial.key].stage is Stage.LOST
    writer.close(SECONDS)
