"""A study that goes on with more trials, seeds or epochs keeps what it may, and replaces the rest."""

from collections import Counter

import pytest
import yaml

from tests.tuning.engine.state.ended import done
from tests.tuning.place import Place
from tests.tuning.studies import SHORT, study, tiny
from tuning.engine.state.growth import cure, leaves, outgrow, refusal
from tuning.store import StoreReader


def data(**changes):
    return leaves(tiny(**changes))


GROWN = {
    "trials": {"search": {**tiny()["search"], "trials": 6}},
    "seeds": {"confirm": {"seeds": 3}},
    "epochs": {"training": {**tiny()["training"], "epochs": 4}},
}
CHANGED = {
    "fewer trials": ({"search": {**tiny()["search"], "trials": 4}}, "search.trials 5 -> 4"),
    "fewer seeds": ({"confirm": {"seeds": 1}}, "confirm.seeds 2 -> 1"),
    "fewer epochs": ({"training": {**tiny()["training"], "epochs": 2}}, "training.epochs 3 -> 2"),
    "another seed": ({"search": {**tiny()["search"], "seed": 1}}, "search.seed nothing -> 1"),
    "a condition less": (
        {"conditions": {"baseline": {"regularizer": "none"}}},
        'conditions.decay.regularizer "weight_decay" -> nothing, '
        "conditions.decay.strength.log_uniform.0 0.0001 -> nothing, "
        "conditions.decay.strength.log_uniform.1 0.1 -> nothing",
    ),
}


@pytest.mark.parametrize("changes", GROWN.values(), ids=GROWN)
def test_a_study_may_grow(changes):
    assert refusal(data(), data(**changes)) == ""


def test_a_study_may_grow_in_all_ways_at_once():
    assert refusal(data(), data(**{key: item for grown in GROWN.values() for key, item in grown.items()})) == ""


@pytest.mark.parametrize(("changes", "told"), CHANGED.values(), ids=CHANGED)
def test_any_other_change_is_refused_with_what_it_was_and_what_it_is(changes, told):
    assert refusal(data(), data(**changes)) == told


NORM_BALL = {"regularizer": "norm_ball", "radius": 1.0}
MORE = {**tiny()["conditions"], "ball": NORM_BALL}


@pytest.mark.parametrize(("baseline", "alone"), [(None, "ball"), ("baseline", "ball and baseline")])
def test_a_condition_that_is_added_is_run_by_itself(baseline, alone):
    said = cure(tiny(), tiny(conditions=MORE), baseline)
    assert f"run a study of another name with {alone} alone and all else as here" in said
    assert "`python -m analysis report tiny OTHER`" in said


@pytest.mark.parametrize(
    "changes",
    [
        {"conditions": MORE, "confirm": {"seeds": 3}},
        {"conditions": {"baseline": {"regularizer": "none"}, "ball": NORM_BALL}},
        {"conditions": {**MORE, "decay": {"regularizer": "weight_decay", "strength": 0.1}}},
    ],
    ids=["and seeds", "in place of another", "and another changed"],
)
def test_a_condition_that_is_not_all_that_has_changed_has_no_way_of_its_own(changes):
    assert cure(tiny(), tiny(**changes), None).startswith("undo the change")


@pytest.mark.ray
@pytest.mark.slow
def test_what_is_told_where_a_condition_is_added_works(tmp_path):
    both = {**SHORT["conditions"], "decay": {"regularizer": "weight_decay", "strength": 1e-3}}
    two_seeds = {**SHORT, "confirm": {"seeds": 2}}
    place = Place(tmp_path, **two_seeds)
    assert place.run().returncode == 0
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(tiny(**{**two_seeds, "conditions": both})))
    refused = place.run()
    assert refused.returncode == 2
    assert "with decay alone and all else as here, then `python -m analysis report tiny OTHER`" in refused.stderr
    alone = tiny(**{**two_seeds, "name": "other", "conditions": {"decay": both["decay"]}})
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(alone))
    assert place.run().returncode == 0
    told = place.ask("compare", "tiny", "other", "--format", "csv", program="analysis")
    assert told.returncode == 0, told.stderr
    rows = told.stdout.splitlines()[1:]
    assert [row.split(",")[:2] for row in rows] == [["mlp-tiny", "baseline"], ["mlp-tiny", "decay"]]
    assert place.ask("report", "tiny", "other", program="analysis").returncode == 0


def test_growth_does_not_hide_another_change():
    both = {**GROWN["seeds"], "training": {**tiny()["training"], "batch_size": 128}}
    assert refusal(data(), data(**both)) == "training.batch_size 256 -> 128"


def test_what_was_trained_for_fewer_epochs_is_no_result_from_the_first_moment_on():
    """Not only when the longer search has ended: an unfinished study would be reported with results of another one."""
    history = done(study().cells)
    before = set(history.trials)
    assert outgrow(study(), history) == []
    longer = study(**GROWN["epochs"])
    assert set(outgrow(longer, history)) == before
    assert not history.trials
    assert {key.split("__")[0] for key in before} == {"tune", "confirm"}


def rewritten(place, **changes):
    (place.folder / "study.yaml").write_text(yaml.safe_dump(tiny(**changes)))
    done = place.run()
    assert done.returncode == 0, done.stderr
    return done


def counted(place):
    return Counter((run.tags["phase"], run.status) for run in place.runs)


def chosen(place):
    return {run.tags["trial_key"] for run in place.runs if run.tags.get("chosen") == "true"}


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.cluster
def test_more_trials_and_seeds_end_as_if_there_had_been_as_many_from_the_start(tmp_path):
    sobol = {"algorithm": "sobol", "concurrency": 1}
    small = {"search": {**sobol, "trials": 2}, "confirm": {"seeds": 1}}
    large = {"search": {**sobol, "trials": 6}, "confirm": {"seeds": 2}}
    whole, grown = Place(tmp_path / "whole", **large), Place(tmp_path / "grown", **small)
    assert whole.run().returncode == 0
    assert grown.run().returncode == 0
    first, choices = grown.numbers(), chosen(grown)
    rewritten(grown, **large)
    results = [run for run in grown.runs if run.tags["phase"] != "superseded"]
    replaced = [run.tags["trial_key"] for run in grown.runs if run.tags["phase"] == "superseded"]
    assert first.keys() <= grown.numbers().keys()  # nothing that was stored is lost
    assert choices != chosen(whole), "the search must find better settings, else this shows nothing"
    assert chosen(grown) == chosen(whole)
    assert replaced
    assert all(key.startswith("confirm__") for key in replaced)
    assert Counter(run.tags["phase"] for run in results) == Counter(run.tags["phase"] for run in whole.runs)
    assert settled(results) == settled(whole.runs)
    assert {run.status for run in grown.runs} == {"FINISHED"}
    assert "nothing left to do" in rewritten(grown, **large).stdout


def settled(runs):
    """What counts as a result of each trial: its place, its settings, and its last numbers."""
    names = ("phase", "architecture", "condition", "seed")
    return {
        tuple(run.tags[name] for name in names): (
            run.params["training.learning_rate"],
            run.metrics["val/accuracy"],
            run.metrics.get("test/accuracy"),
        )
        for run in runs
    }


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.cluster
def test_more_epochs_are_trained_anew_and_the_shorter_runs_are_superseded(tmp_path):
    sobol = {"search": {"algorithm": "sobol", "trials": 2, "concurrency": 1}, "confirm": {"seeds": 1}}
    longer = {**sobol, "training": {**tiny()["training"], "epochs": 4}}
    whole, grown = Place(tmp_path / "whole", **longer), Place(tmp_path / "grown", **sobol)
    assert whole.run().returncode == 0
    assert grown.run().returncode == 0
    before = len(grown.runs)
    rewritten(grown, **longer)
    assert counted(grown)["superseded", "FINISHED"] == before == len(grown.runs) / 2
    assert settled([run for run in grown.runs if run.tags["phase"] != "superseded"]) == settled(whole.runs)
    assert StoreReader("tiny", grown.uri).study_data["training"]["epochs"] == 4
