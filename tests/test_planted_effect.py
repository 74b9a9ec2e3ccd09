"""The whole path, from a study file over Ray, choice, confirmation and store to the answers, with simulated trainings.

Of eight conditions one truly gains two points of accuracy, its learning rate matters, and six do nothing: what the
answers say of each is known beforehand. Nothing is mocked but the training itself.
"""

import io
from typing import Any

import numpy as np
import pytest
import yaml
from ray import tune
from rich.console import Console

from analysis.findings.effects import Effects, effects
from analysis.tables.study_tables import Tables, load
from tuning import records
from tuning import study as studies
from tuning.engine import conductor
from tuning.engine.runner import run

pytestmark = [pytest.mark.ray, pytest.mark.slow]

GAIN = 0.02
NOISE = 0.004  # of a run, beside what its seed does to all conditions alike
SEEDS = 11
NULLS = tuple(f"null-{index}" for index in range(6))
STUDY = {
    "name": "planted",
    "dataset": "digits",
    "architectures": [{"name": "net", "family": "mlp", "depth": 1, "width": 8}],
    "conditions": {
        "baseline": {"regularizer": "none"},
        "gain": {"regularizer": "weight_decay", "strength": 0.1},
        **{name: {"regularizer": "weight_decay", "strength": 0.001} for name in NULLS},
    },
    "shared": {"learning_rate": {"log_uniform": [1e-4, 1e-1]}},
    "training": {"epochs": 1, "batch_size": 64, "optimizer": "adam", "schedule": "constant"},
    "search": {"algorithm": "sobol", "trials": 4, "seed": 5, "early_stopping": "none", "concurrency": 2},
    "confirm": {"seeds": SEEDS},
}


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """The study after a run whose trainings are a formula with noise."""

    def simulated(config: dict[str, Any]) -> None:
        from tuning.engine.tune.trainable import EPOCH, OBJECTIVE, RECORD
        from tuning.settings import from_flat

        settings = from_flat(config["settings"])
        shared = np.random.default_rng([settings.seed]).normal()
        own = np.random.default_rng([settings.seed, *settings.condition.encode()]).normal()
        off = abs(np.log10(settings.training.learning_rate) + 2.5)
        gain = GAIN if settings.condition == "gain" else 0.0
        accuracy = 0.8 + gain - 0.05 * off + 0.01 * shared + NOISE * own
        for epoch in (0, 1):
            metrics = {records.VAL_ACCURACY: accuracy if epoch else 0.1, records.VAL_LOSS: 1.0}
            if epoch and settings.phase == records.Phase.CONFIRM:
                metrics[records.TEST_ACCURACY] = accuracy
            record = records.EpochRecord(epoch=epoch, metrics=metrics)
            tune.report({OBJECTIVE: metrics[records.VAL_ACCURACY], EPOCH: epoch, RECORD: record})

    folder = tmp_path_factory.mktemp("planted")
    file = folder / "planted.yaml"
    file.write_text(yaml.safe_dump(STUDY))
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conductor, "run_trial", simulated)
        outcome = run(
            studies.load(str(file)),
            tracking_uri=uri,
            storage=folder / "results",
            address=None,
            fresh=False,
            console=Console(file=io.StringIO()),
        )
    assert outcome.problems == ()
    return load("planted", uri)


@pytest.fixture(scope="module")
def found(planted: Tables) -> Effects:
    return effects(planted)


def test_every_condition_was_tuned_on_equal_draws_and_confirmed_on_equal_seeds(planted: Tables) -> None:
    runs = planted.runs
    for phase, count in (("tune", 4), ("confirm", SEEDS)):
        mine = runs[runs["phase"] == phase].groupby("condition", observed=True)
        assert set(mine.size()) == {count}
        assert mine["param/seed"].apply(lambda column: tuple(sorted(column))).nunique() == 1
    tuned = runs[runs["phase"] == "tune"].groupby("condition", observed=True)
    assert tuned["param/training.learning_rate"].apply(lambda column: tuple(sorted(column))).nunique() == 1


def test_the_planted_effect_is_found_within_its_interval(found: Effects) -> None:
    [contrast] = [contrast for contrast in found.to_baseline if contrast.condition == "gain"]
    assert contrast.difference.interval.low <= GAIN <= contrast.difference.interval.high
    assert contrast.difference.interval.low > 0
    assert contrast.adjusted_p < 0.05


def test_no_effect_is_claimed_where_there_is_none(found: Effects) -> None:
    nulls = [contrast for contrast in found.to_baseline if contrast.condition in NULLS]
    assert len(nulls) == len(NULLS)
    assert all(contrast.adjusted_p > 0.05 for contrast in nulls)


def test_nulls_differ_from_each_other_no_oftener_than_the_level_says(found: Effects) -> None:
    """Of 21 pairs of conditions that do the same 5 % are one; they share runs, so that a few may come together."""
    same = {"baseline", *NULLS}
    pairs = [
        contrast for contrast in (*found.to_baseline, *found.between) if {contrast.condition, contrast.against} <= same
    ]
    assert len(pairs) == 21
    assert sum(contrast.difference.test.p <= 0.05 for contrast in pairs) <= 3
    assert sum(contrast.difference.interval.low > 0 or contrast.difference.interval.high < 0 for contrast in pairs) <= 3


def test_the_rate_that_each_condition_takes_is_the_best_it_has_tried(planted: Tables) -> None:
    runs = planted.runs
    for condition in runs["condition"].cat.categories:
        mine = runs[runs["condition"] == condition]
        tuned, confirmed = mine[mine["phase"] == "tune"], mine[mine["phase"] == "confirm"]
        best = tuned.loc[tuned[records.VAL_ACCURACY].idxmax(), "param/training.learning_rate"]
        assert set(confirmed["param/training.learning_rate"]) == {best}


def test_a_tuning_maximum_flatters_and_is_not_what_is_reported(planted: Tables, found: Effects) -> None:
    runs = planted.runs
    tuned = runs[runs["phase"] == "tune"].groupby("condition", observed=True)[records.VAL_ACCURACY].max()
    confirmed = runs[runs["phase"] == "confirm"].groupby("condition", observed=True)[records.TEST_ACCURACY].mean()
    for contrast in found.to_baseline:
        expected = confirmed[contrast.condition] - confirmed["baseline"]
        assert contrast.difference.interval.mean == pytest.approx(expected)
        assert contrast.difference.interval.mean != pytest.approx(
            tuned[contrast.condition] - tuned["baseline"], abs=1e-9
        )
