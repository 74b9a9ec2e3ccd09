"""The whole way of the data through the real engine and the real store, as a person would run it."""

import os
import re
import shutil
import signal
from collections import Counter
from pathlib import Path

import psutil
import pytest
import ray
import yaml
from PIL import Image

from tests.tuning.place import Place
from tests.tuning.store.cases import points
from tests.tuning.studies import tiny
from tuning.logs import RUN_LOG
from tuning.records import BASIS_TAGS, TAGS
from tuning.store import EpochLogged, Journal, StoreReader
from tuning.store.connection import connect

pytestmark = [pytest.mark.ray, pytest.mark.slow]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A study that was run once, at one trial at a time, and what its run printed."""
    place = Place(tmp_path_factory.mktemp("finished"))
    return place, place.run()


def test_a_study_runs_to_its_end_and_says_little(finished):
    _, done = finished
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.startswith("The search repeats exactly: it runs one trial at a time.\n")
    assert "first epoch of mlp-tiny/baseline" in done.stdout
    assert "confirm: mlp-deep/decay 2/2 completed after 3 epochs" in done.stdout
    assert not re.search(r"ray|actor|warn|Configuration", done.stdout.replace("python -m analysis", ""), re.IGNORECASE)


def test_every_planned_run_is_stored_with_every_tag_and_param(finished):
    place, _ = finished
    runs = place.runs
    assert Counter((run.tags["phase"], run.tags["architecture"], run.tags["condition"]) for run in runs) == {
        (phase, architecture, condition): count
        for phase, count in (("tune", 5), ("confirm", 2))
        for architecture in ("mlp-tiny", "mlp-deep")
        for condition in ("baseline", "decay")
    }
    for run in runs:
        assert {*TAGS, *BASIS_TAGS} <= set(run.tags)
        assert run.status == "FINISHED"
        assert run.tags["stop_reason"] in {"completed", "early_stopped"}
        assert re.fullmatch(r"[0-9a-f]{40}(-dirty)?|unknown", run.tags["git_commit"])
        assert float(run.params["training.learning_rate"]) > 0


def test_every_epoch_is_stored_with_every_metric(finished):
    place, _ = finished
    reader = StoreReader("tiny", place.uri)
    confirmed = [run.run_id for run in reader.runs() if run.tags["phase"] == "confirm"]
    of_one = {(metric, epoch) for run_id, metric, epoch, _ in points(reader, confirmed) if run_id == confirmed[0]}
    assert {epoch for metric, epoch in of_one if metric == "spectral_norm/max"} == {0, 1, 2, 3}
    assert {metric for metric, epoch in of_one if epoch == 3} == {
        *("train/loss", "train/accuracy", "val/loss", "val/accuracy", "test/loss", "test/accuracy"),
        *("spectral_norm/max", "spectral_norm/mean", "spectral_norm/std", "lipschitz/log10_bound"),
        *("rank/mean", "stable_rank/mean", "effective_rank/mean", "time/epoch_s", "time/measure_s"),
        *("distance/mean", "update_norm/mean", "agreement/mean", "alignment/mean"),
        *("margin/median", "margin/p10", "gap/loss", "gap/accuracy"),
    }


def test_the_test_part_is_read_in_the_confirm_phase_alone(finished):
    place, _ = finished
    for run in place.runs:
        assert ("test/accuracy" in run.metrics) == (run.tags["phase"] == "confirm")


def test_confirm_runs_take_the_settings_that_tuned_best(finished):
    place, _ = finished
    for cell in ("mlp-tiny", "mlp-deep"):
        mine = [run for run in place.runs if run.tags["architecture"] == cell and run.tags["condition"] == "decay"]
        tuned = [r for r in mine if r.tags["phase"] == "tune" and r.tags["stop_reason"] == "completed"]
        winner = max(tuned, key=lambda run: (run.metrics["val/accuracy"], -run.metrics["val/loss"]))
        for run in mine:
            if run.tags["phase"] == "confirm":
                assert run.params["training.learning_rate"] == winner.params["training.learning_rate"]
                assert run.params["regularizer.strength"] == winner.params["regularizer.strength"]


def test_confirmation_seeds_are_the_same_in_every_cell_and_none_of_the_searchs(finished):
    place, _ = finished
    seeds = place.seeds()
    confirmed = {
        index: {s for (phase, *_, i), s in seeds.items() if phase == "confirm" and i == index} for index in "01"
    }
    assert {index: len(of_index) for index, of_index in confirmed.items()} == {"0": 1, "1": 1}
    tuned = {seed for (phase, *_), pair in seeds.items() if phase == "tune" for seed in pair}
    fresh = {seed for of_index in confirmed.values() for pair in of_index for seed in pair}
    assert len(fresh) == 4
    assert not fresh & tuned


def test_its_log_has_what_a_bug_report_needs(finished):
    place, _ = finished
    log = (place.folder / "results" / "tiny" / RUN_LOG).read_text()
    first, *_ = log.splitlines()
    assert f"session of tiny in {place.folder}/results/tiny, store {place.uri}: " in first
    assert f" run study.yaml --tracking-uri {place.uri}; " in first
    assert f", ray {ray.__version__}, " in first
    assert "engine: cluster: {" in log
    for run in place.runs:
        key = run.tags["trial_key"]
        assert f"trial: [{key}] begins on " in log
        assert f"engine: {key} ended, {run.tags['stop_reason']} after epoch {run.epochs}\n" in log


def test_a_finished_study_run_again_is_finished(finished):
    place, _ = finished
    before = place.numbers()
    again = place.run()
    assert again.returncode == 0, again.stderr
    assert "nothing left to do: all 28 trials of tiny have ended" in again.stdout
    assert place.numbers() == before


def test_its_status_is_what_the_store_has_and_a_study_that_never_ran_has_none(finished):
    place, _ = finished
    whole = place.ask("status", "tiny")
    assert whole.returncode == 0, whole.stderr
    assert whole.stdout.startswith("tiny: 28 trials begun (")
    assert f"the store has 28 runs, 1,940 points and 56 files, verified in {place.uri}" in whole.stdout
    elsewhere = place.ask("status", "tiny", uri=f"sqlite:///{place.folder}/none.db")
    assert elsewhere.returncode == 2
    assert "a store to ask must exist" in elsewhere.stderr


def test_runs_that_were_deleted_or_edited_show_in_the_status_and_are_sent_again_by_a_replay(finished):
    place, _ = finished
    before = place.numbers(), place.spectra()
    connect(place.uri).delete_run(place.runs[0].run_id)
    connect(place.uri).set_tag(place.runs[0].run_id, "condition", "edited")
    compared = place.ask("compare", "tiny", program="analysis")
    assert "Left out: 1 run of cells that the study does not have (edited on " in compared.stderr
    lacking = place.ask("status", "tiny")
    assert lacking.returncode == 1
    assert "the store has 26 runs" in lacking.stdout
    assert "is not there" in lacking.stdout
    assert "has other tags (condition)" in lacking.stdout
    sent = place.ask("replay", "tiny")
    assert sent.returncode == 0, sent.stderr
    assert "gets 2 of 28 runs again" in sent.stdout
    assert "all is stored: 28 runs" in sent.stdout
    assert (place.numbers(), place.spectra()) == before


def test_the_same_seed_stores_the_same_bits_and_another_seed_stores_others(finished, tmp_path):
    first, _ = finished
    second = Place(tmp_path / "second")
    other = Place(tmp_path / "other", search={**tiny()["search"], "seed": 1})
    assert second.run().returncode == 0
    assert other.run().returncode == 0
    assert second.numbers() == first.numbers()
    assert second.spectra() == first.spectra()
    assert other.numbers() != first.numbers()


@pytest.mark.cluster
@pytest.mark.parametrize("line", [2, 13, 25], ids=["first epoch", "in the search", "in the confirmation"])
def test_a_killed_study_goes_on_and_stores_what_an_uninterrupted_one_does(finished, tmp_path, line):
    whole, _ = finished
    place = Place(tmp_path)
    process = place.begin()
    for _ in range(line):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    done = place.run()
    assert done.returncode == 0, done.stderr
    assert place.numbers() == whole.numbers()
    assert place.spectra() == whole.spectra()
    assert place.seeds() == whole.seeds()
    assert {run.status for run in place.runs} == {"FINISHED"}


@pytest.mark.cluster
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "termination"])
def test_an_interrupted_study_says_so_and_goes_on(finished, tmp_path, number):
    whole, _ = finished
    place = Place(tmp_path)
    process = place.begin()
    for _ in range(4):
        process.stdout.readline()
    process.send_signal(number)
    _, errors = process.communicate()
    assert process.returncode == 130
    assert "The same command goes on where this one stopped." in errors
    assert "Traceback" not in errors
    assert {run.status for run in place.runs} <= {"FINISHED", "KILLED"}
    assert place.run().returncode == 0
    assert place.numbers() == whole.numbers()


@pytest.mark.cluster
def test_a_signal_to_the_whole_group_ends_a_study_as_one_to_itself_does(finished, tmp_path):
    """`timeout` and batch systems send SIGTERM to every process of the group, Ray's servers among them."""
    whole, _ = finished
    place = Place(tmp_path)
    process = place.begin("timeout", "600")
    for _ in range(4):
        process.stdout.readline()
    os.killpg(process.pid, signal.SIGTERM)
    _, errors = process.communicate()
    assert "The same command goes on where this one stopped." in errors
    assert "Traceback" not in errors
    assert {run.status for run in place.runs} <= {"FINISHED", "KILLED"}
    assert place.run().returncode == 0
    assert place.numbers() == whole.numbers()


def test_a_changed_study_is_refused_with_the_change_named(finished):
    place, _ = finished
    file = place.folder / "study.yaml"
    before = file.read_text()
    file.write_text(yaml.safe_dump(tiny(training={**tiny()["training"], "batch_size": 128})))
    done = place.run()
    file.write_text(before)
    assert done.returncode == 2
    assert "got training.batch_size 256 -> 128; undo the change" in done.stderr


def test_results_of_a_lost_folder_are_refused_and_kept_by_a_fresh_beginning(finished, tmp_path):
    whole, _ = finished
    place = Place(tmp_path)
    shutil.copytree(whole.folder / "results", tmp_path / "results")
    shutil.copy(whole.folder / "mlflow.db", tmp_path)
    lost = place.run("--storage", "elsewhere")
    assert lost.returncode == 2
    assert "give yours another name with --name" in lost.stderr
    fresh = place.run("--fresh")
    assert fresh.returncode == 0, fresh.stderr
    names = re.findall(r"kept the (?:experiment|folder) .* as (.*)", fresh.stdout)
    assert place.numbers() == whole.numbers()
    assert len(StoreReader(names[0], place.uri).runs()) == len(whole.runs)
    assert (Path(names[1]) / "journal.jsonl").exists()


def test_a_killed_study_that_begins_anew_leaves_no_run_as_if_it_were_running(tmp_path):
    place = Place(tmp_path, search={"trials": 2, "concurrency": 1}, confirm={"seeds": 1})
    journal = Journal(tmp_path / "results" / "tiny")
    place.kill_when(lambda: any(isinstance(event, EpochLogged) for event, _ in journal.read()))
    done = place.run("--fresh")
    assert done.returncode == 0, done.stderr
    (kept,) = re.findall(r"kept the experiment of the results so far as (.*)", done.stdout)
    assert {run.status for run in StoreReader(kept, place.uri).runs()} <= {"FINISHED", "KILLED"}
    assert {run.status for run in place.runs} == {"FINISHED"}


def test_a_study_that_was_refused_may_be_corrected(tmp_path):
    """A mistyped path is found before anything is kept of the study, so the corrected one is the first."""
    place = Place(tmp_path, dataset={"name": "image-folder", "path": str(tmp_path / "imgaes")})
    assert place.run().returncode == 2
    corrected = Place(tmp_path, dataset=pictures(tmp_path / "images"), search={"trials": 1}, confirm={"seeds": 1})
    done = corrected.run()
    assert done.returncode == 0, done.stderr


def pictures(folder, *, classes=2, sizes=((8, 8),)):
    for number in range(classes):
        (folder / f"class{number}").mkdir(parents=True)
        for index in range(8):
            size = sizes[index % len(sizes)]
            Image.new("L", size, color=10 * index).save(folder / f"class{number}" / f"{index}.png")
    return {"name": "image-folder", "path": str(folder)}


def with_corrupt_image(folder):
    dataset = pictures(folder)
    (folder / "class0" / "0.png").write_bytes(b"no image")
    return dataset


def folder_of(images):
    return lambda tmp: Place(tmp, dataset=images(tmp / "images"))


CONV_HELD = {"held": {"regularizer": "weight_decay", "strength": 0.1, "where": ["conv"]}}
BAD_PLACES = {
    "no such folder": (folder_of(lambda f: {"name": "image-folder", "path": str(f)}), [], "/images"),
    "one class": (folder_of(lambda f: pictures(f, classes=1)), [], "class"),
    "images of different sizes": (folder_of(lambda f: pictures(f, sizes=((8, 8), (9, 8)))), [], "size"),
    "corrupt image": (folder_of(with_corrupt_image), [], "0.png"),
    "crop beyond the image": (
        lambda tmp: Place(tmp, dataset={"name": "digits", "crop": 9}),
        [],
        "crop must be at most",
    ),
    "width beyond counting": (
        lambda tmp: Place(tmp, architectures=[{"name": "w", "family": "mlp", "depth": 2, "width": 10**30}]),
        [],
        "architecture w must be one that torch can build",
    ),
    "cluster that is not there": (Place, ["--address", "127.0.0.1:9"], "Ray must be reachable"),
    "address of no kind": (Place, ["--address", "ray://somewhere"], "host:port"),
    "store that is mistyped": (Place, ["--tracking-uri", "sqlit:///mlflow.db"], "did you mean 'sqlite'"),
    "gpu where there is none": (lambda tmp: Place(tmp, resources={"gpu": 1}), [], "1 GPU wanted and 0 here"),
    "more cores than there are": (lambda tmp: Place(tmp, resources={"cpu": 4096}), [], "4096 CPU wanted"),
    "role that no model has": (lambda tmp: Place(tmp, conditions=CONV_HELD), [], "where must match a weight, got conv"),
    "store in a folder that is not there": (Place, ["--tracking-uri", "sqlite:///none/mlflow.db"], "folder"),
    "store that nobody serves": (Place, ["--tracking-uri", "http://127.0.0.1:9"], "store must be reachable"),
    "results folder below a file": (Place, ["--storage", "study.yaml"], "results folder must be writable"),
}


@pytest.mark.parametrize(("place", "options", "message"), BAD_PLACES.values(), ids=BAD_PLACES)
def test_what_cannot_work_ends_before_any_trial_in_one_line_with_exit_2(tmp_path, place, options, message):
    done = place(tmp_path).run(*options)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1, done.stderr
    assert message in done.stderr
    assert "epoch" not in done.stdout


@pytest.mark.cluster
def test_a_study_whose_ray_has_died_says_so_and_goes_on(finished, tmp_path):
    whole, _ = finished
    place = Place(tmp_path)
    process = place.begin()
    for _ in range(4):
        process.stdout.readline()
    (raylet,) = (child for child in psutil.Process(process.pid).children(recursive=True) if child.name() == "raylet")
    raylet.kill()
    _, errors = process.communicate()
    assert process.returncode == 1
    assert "the study has broken off (Ray's server on this machine has died)" in errors
    assert "Traceback" not in errors
    assert place.run().returncode == 0
    assert place.numbers() == whole.numbers()
