"""Confirmation at the baseline's learning rate and without each factor, through the real engine and the real store."""

import re
import signal
from collections import Counter

import pytest

from analysis.findings.ablation import ablations
from analysis.findings.matched import matched
from analysis.tables.study_tables import load
from tests.tuning.place import Place
from tuning.records import CHOICE_FILE
from tuning.store import StoreReader

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.cluster]

FACTORS = {"initialization": {"initialization": "default"}, "regularizer": {"regularizer": "none"}}
STUDY = {
    "architectures": [{"name": "mlp-tiny", "family": "mlp", "depth": 2, "width": 16}],
    "conditions": {
        "baseline": {"regularizer": "none"},
        "full": {
            "regularizer": "spectral_norm_scaling",
            "scale": {"uniform": [1.0, 3.0]},
            "initialization": "orthogonal",
            # A range of its own, so that no draw is the baseline's.
            "learning_rate": {"log_uniform": [2e-3, 2e-2]},
        },
        "given": {"regularizer": "none", "learning_rate": 0.01},
    },
    "training": {"optimizer": "adam", "epochs": 2, "batch_size": 256},
    "search": {"trials": 2, "concurrency": 1},
    "confirm": {"seeds": 2, "learning_rate": "matched", "baseline": "baseline"},
    "ablate": {"condition": "full", "factors": FACTORS},
}
PLANNED = {"tune": 6, "confirm": 6, "matched": 2, "ablate": 4}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    place = Place(tmp_path_factory.mktemp("finished"), **STUDY)
    return place, place.run()


def test_every_planned_run_of_every_phase_is_stored_with_what_tells_it_apart(finished):
    place, done = finished
    assert done.returncode == 0, done.stderr
    assert "given is not confirmed at the learning rate of baseline: its own is fixed" in done.stdout
    assert "matched: mlp-tiny/full 2/2 completed after 2 epochs" in done.stdout
    assert "ablate: mlp-tiny/full without regularizer 4/4 completed" in done.stdout
    assert Counter(run.tags["phase"] for run in place.runs) == PLANNED
    told = Counter((run.tags["phase"], run.tags["condition"], run.tags["ablated"]) for run in place.runs)
    assert told == {
        ("tune", "baseline", "nothing"): 2,
        ("tune", "full", "nothing"): 2,
        ("tune", "given", "nothing"): 2,
        ("confirm", "baseline", "nothing"): 2,
        ("confirm", "full", "nothing"): 2,
        ("confirm", "given", "nothing"): 2,
        ("matched", "full", "nothing"): 2,
        ("ablate", "full", "initialization"): 2,
        ("ablate", "full", "regularizer"): 2,
    }
    for run in place.runs:
        assert run.status == "FINISHED"
        assert ("test/accuracy" in run.metrics) == (run.tags["phase"] != "tune")


def test_stored_settings_differ_from_the_chosen_ones_by_what_the_phase_changes(finished):
    place, _ = finished
    reader = StoreReader("tiny", place.uri)
    runs = {run.tags["trial_key"]: run for run in reader.runs()}
    (winner,) = [run for run in runs.values() if run.tags.get("chosen") == "true" and run.tags["condition"] == "full"]
    assert reader.artifact(winner, CHOICE_FILE) is not None
    plain = runs["confirm__mlp-tiny__baseline__001"].params["training.learning_rate"]
    named = {"phase", "index", "seed", "split_seed"}
    changes = {
        "confirm__mlp-tiny__full__001": {},
        "matched__mlp-tiny__full__001": {"training.learning_rate": plain},
        "ablate__mlp-tiny__full__initialization__001": {"training.initialization": "default"},
    }
    for key, change in changes.items():
        params = runs[key].params
        differ = {name: value for name, value in params.items() if winner.params.get(name) != value}
        assert {name: value for name, value in differ.items() if name not in {*named, "ablated"}} == change
        assert params["seed"] == runs["confirm__mlp-tiny__baseline__001"].params["seed"] != winner.params["seed"]


def test_the_tables_of_a_real_study_are_of_its_own_runs(finished):
    place, _ = finished
    tables = load("tiny", place.uri)
    accuracy = {
        run.tags["trial_key"]: run.metrics["test/accuracy"] for run in place.runs if run.tags["phase"] != "tune"
    }
    (apart,) = ablations(tables)
    (at_rate,) = matched(tables)
    assert [lacking.factor for lacking in apart.without] == list(FACTORS)
    for lacking in apart.without:
        gains = [
            accuracy[f"confirm__mlp-tiny__full__00{seed}"]
            - accuracy[f"ablate__mlp-tiny__full__{lacking.factor}__00{seed}"]
            for seed in range(2)
        ]
        assert lacking.difference.mean == pytest.approx(sum(gains) / 2)
    own = [accuracy[f"matched__mlp-tiny__full__00{seed}"] for seed in range(2)]
    assert [at_own.condition for at_own in at_rate.conditions] == ["baseline", "full"]
    assert at_rate.left_out == ("given",)
    assert at_rate.conditions[1].test_accuracy.mean == pytest.approx(sum(own) / 2)


def test_a_finished_study_run_again_has_nothing_left(finished):
    place, _ = finished
    again = place.run()
    assert again.returncode == 0, again.stderr
    assert f"nothing left to do: all {sum(PLANNED.values())} trials of tiny have ended" in again.stdout


def test_a_study_killed_in_a_later_phase_goes_on_and_stores_what_an_uninterrupted_one_does(finished, tmp_path):
    whole, _ = finished
    place = Place(tmp_path, **STUDY)
    process = place.begin()
    for line in process.stdout:
        if line.startswith("matched: mlp-tiny/full 1/2"):
            break
    process.send_signal(signal.SIGKILL)
    process.communicate()
    done = place.run()
    assert done.returncode == 0, done.stderr
    assert not re.search(r"^(tune|confirm):", done.stdout, re.MULTILINE)
    assert place.numbers() == whole.numbers()
    assert place.spectra() == whole.spectra()
    assert Counter(run.tags["phase"] for run in place.runs) == PLANNED
