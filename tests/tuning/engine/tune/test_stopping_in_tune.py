"""Early stopping through Tune's own loop, with a simulated training."""

from collections import Counter

import pytest
from ray import tune

from tests.tuning.studies import study
from tuning.engine.cluster.ray_session import ray_session
from tuning.engine.proposals import proposals_of
from tuning.engine.slots.sharing import Sharing
from tuning.engine.slots.slots import Slots
from tuning.engine.state.history import History, Result
from tuning.engine.tune.schedule import CellScheduler
from tuning.engine.tune.searcher import InterleavedSearch
from tuning.engine.tune.trainable import EPOCH, KEY, OBJECTIVE
from tuning.records import StopReason
from tuning.settings import from_flat

pytestmark = [pytest.mark.ray, pytest.mark.slow]

LEVELS = {"mlp": 0.9, "resnet": 0.4}
MODELS = [
    {"name": "mlp", "family": "mlp", "depth": 2, "width": 16},
    {"name": "resnet", "family": "resnet", "layout": "cifar", "depth": 8, "width": 16},
]
RULES = {
    "asha": {"name": "asha", "grace_epochs": 1, "reduction": 2},
    "median": {"name": "median", "grace_epochs": 1, "min_trials": 2},
}


class Kept(tune.Callback):
    """What `RecordCallback` does of the history, without a store."""

    def __init__(self, history):
        self.history = history

    def on_trial_start(self, iteration, trials, trial, **info):
        self.history.start(from_flat(trial.config["settings"]))

    def on_trial_result(self, iteration, trials, trial, result, **info):
        results = self.history.trials[trial.config[KEY]].results
        results[result[EPOCH]] = Result(objective=result[OBJECTIVE], loss=1.0, seconds=1.0, diverged=False)

    def __getstate__(self):
        return {}


@pytest.fixture(scope="module")
def session():
    with ray_session(None) as cluster:
        yield cluster


@pytest.mark.parametrize("rule", RULES)
def test_models_at_90_percent_stop_no_model_at_40_percent(session, tmp_path, rule):
    """Within a family each trial is better than the one before, but for the last, which is the worst: it alone is
    stopped. A rule over all cells together would stop the ResNets."""
    history = History()
    the_study = study(
        architectures=MODELS,
        conditions={"baseline": {"regularizer": "none"}},
        training={"epochs": 3},
        search={"algorithm": "sobol", "trials": 6, "early_stopping": RULES[rule], "concurrency": 1},
    )
    levels = LEVELS

    def simulated(config):
        _, model, _, index = config["key"].split("__")
        accuracy = levels[model] + (0.01 * int(index) if index != "005" else -0.1)
        for epoch in range(4):
            tune.report({"epoch": epoch, "objective": accuracy if epoch else 0.0})

    tuner = tune.Tuner(
        tune.with_resources(simulated, {"CPU": 1}),
        tune_config=tune.TuneConfig(
            search_alg=InterleavedSearch(
                {cell.key: proposals_of(cell) for cell in the_study.cells},
                history,
                str(tmp_path / "checkpoints"),
                Slots(the_study, session, Sharing()),
                "content",
            ),
            scheduler=CellScheduler(the_study, history),
            num_samples=-1,
            max_concurrent_trials=12,
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(name="simulated", storage_path=str(tmp_path), callbacks=[Kept(history)], verbose=0),
    )
    tuner.fit()
    ends = Counter((trial.settings.architecture.name, trial.reason) for trial in history.trials.values())
    assert ends == {
        (model, reason): count
        for model in LEVELS
        for reason, count in ((StopReason.COMPLETED, 5), (StopReason.EARLY_STOPPED, 1))
    }
