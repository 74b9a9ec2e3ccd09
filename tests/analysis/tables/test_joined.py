"""Facts about studies that are read as one."""

import copy
from dataclasses import replace

import pytest

from analysis.findings.compare import comparison
from analysis.tables.joined import _joined, join, load_joined
from analysis.tables.study_queries import answers_of
from analysis.tables.study_tables import load
from tests.analysis import synthetic
from tests.analysis.synthetic import with_records
from tests.tuning import studies
from tuning.records import Phase
from tuning.store import StoreWriter
from tuning.study import answers

WHOLE = synthetic.study()
LEFT = [run for run in WHOLE if run.condition != "spectral"]
RIGHT = [run for run in WHOLE if run.condition == "spectral"]


@pytest.fixture(scope="module")
def halves(tmp_path_factory) -> str:
    """The tracking URI of a store that holds the conditions of one study in two."""
    folder = tmp_path_factory.mktemp("halves")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    for study, runs in (("left", LEFT), ("right", RIGHT)):
        writer = StoreWriter(study, uri, folder / study, {**synthetic.study_data(runs), "name": study})
        synthetic.keep(runs, writer)
        assert writer.close(timeout=120).complete
    return uri


@pytest.fixture(scope="module")
def overlapping(tmp_path_factory) -> str:
    """The tracking URI of a store with two studies that both have the baseline, each with runs of its own."""
    folder = tmp_path_factory.mktemp("overlapping")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    baseline = [run for run in WHOLE if run.condition == "baseline"]
    other = [with_records(replace(run, learning_rate=0.002, epochs=min(run.epochs, 2))) for run in baseline]
    for study, runs in (("left", LEFT), ("right", other + RIGHT)):
        writer = StoreWriter(study, uri, folder / study, {**synthetic.study_data(runs), "name": study})
        synthetic.keep(runs, writer)
        assert writer.close(timeout=120).complete
    return uri


def test_studies_that_asked_the_same_of_other_conditions_are_compared_as_one(halves, quickstart) -> None:
    joined, whole = comparison(load_joined(["left", "right"], halves)), comparison(quickstart)
    assert joined.study == "left+right"
    assert joined.conditions == whole.conditions
    for architecture in whole.architectures:
        for ours, theirs in zip(joined.of(architecture), whole.of(architecture), strict=True):
            assert (ours.measures, ours.chosen, ours.seeds) == (theirs.measures, theirs.chosen, theirs.seeds)


def test_joined_studies_have_the_epochs_and_layers_of_each(halves) -> None:
    joined, parts = load_joined(["right", "left"], halves), [load(study, halves) for study in ("right", "left")]
    for table in ("epochs", "layers", "spectra"):
        assert len(getattr(joined, table)) == sum(len(getattr(part, table)) for part in parts)
    assert list(joined.runs["condition"].cat.categories) == ["spectral", "baseline", "decay"]


TAKEN = "Asked equally in left and right: baseline on mlp-small, baseline on resnet-small. Their runs are those of {}; "


@pytest.mark.parametrize("order", [["left", "right"], ["right", "left"]])
def test_a_cell_that_several_have_is_taken_from_the_first_and_that_is_said(overlapping, quickstart, order) -> None:
    joined, parts = load_joined(order, overlapping), {study: load(study, overlapping) for study in order}
    assert joined.remarks == (TAKEN.format(order[0]) + "the others' are left out.",)
    ours = set(joined.runs.index[joined.runs["condition"] == "baseline"])
    first = parts[order[0]].runs
    assert ours == set(first.index[first["condition"] == "baseline"])
    assert len(joined.runs) == len(quickstart.runs)
    assert set(joined.epochs["run_id"]) == set(joined.runs.index)
    assert {cell.confirm.runs for cell in comparison(joined).cells.values()} == {synthetic.SEEDS}


def test_studies_without_a_common_cell_leave_nothing_out(halves) -> None:
    assert load_joined(["left", "right"], halves).remarks == ()


def test_a_study_that_adds_no_cell_changes_nothing(overlapping) -> None:
    whole = load("left", overlapping)
    study_data = {**whole.study_data, "name": "again"}
    again = _joined([whole, replace(whole, study="again", study_data=study_data)])
    assert list(again.runs.index) == list(whole.runs.index)


def test_what_is_taken_apart_comes_from_the_study_that_did_so(overlapping) -> None:
    left, right = (load(study, overlapping) for study in ("left", "right"))
    apart = {"condition": "baseline", "factors": {"start": {"initialization": "mup"}}}
    right = replace(right, study_data={**right.study_data, "ablate": apart})
    joined = _joined([left, right])
    assert "Their runs are those of right" in joined.remarks[0]
    assert set(joined.runs.index) == set(right.runs.index) | set(left.runs.index[left.runs["condition"] == "decay"])
    assert joined.study_data["ablate"] == apart


def test_a_baseline_that_has_chosen_two_learning_rates_matches_none(overlapping) -> None:
    matched = {"seeds": synthetic.SEEDS, "learning_rate": "matched", "baseline": "baseline"}
    parts = [load(study, overlapping) for study in ("left", "right")]
    parts = [replace(part, study_data={**part.study_data, "confirm": matched}) for part in parts]
    with pytest.raises(
        ValueError,
        match=r"of one learning rate, got 0.001 in 'left' and 0.002 in 'right' for baseline on mlp-small",
    ):
        _joined(parts)


def test_one_study_is_itself(halves) -> None:
    assert load_joined(["left"], halves).study == "left"


def test_a_study_is_joined_once(halves) -> None:
    with pytest.raises(ValueError, match="each study is joined once, got left twice"):
        load_joined(["left", "right", "left"], halves)


def changed(study_data, **places):
    other = copy.deepcopy(study_data)
    for place, value in places.items():
        *path, last = place.split("__")
        there = other
        for key in path:
            there = there[key]
        there[last] = value
    return other


def with_answers(name, **changes):
    whole = studies.study(name=name, **changes)
    return whole.as_data() | {"answers": answers(whole)}


PLAIN = {"regularizer": "none"}
OTHER = {"regularizer": "none", "optimizer": "sgd"}
APART = {"condition": "plain", "factors": {"start": {"initialization": "mup"}}}


def test_the_answers_of_each_cell_are_those_of_the_study_that_it_is_taken_from():
    left = with_answers("left", conditions={"other": OTHER})
    right = with_answers("right", conditions={"plain": PLAIN, "other": OTHER}, ablate=APART)
    joined = join({"left": left, "right": right})
    assert joined["answers"] == right["answers"] | {"baseline": "other"}
    assert answers_of(joined, "mlp-tiny", "plain").planned[Phase.ABLATE] == 2
    assert left["answers"]["baseline"] == "other"


def test_a_condition_that_one_study_takes_apart_is_asked_cell_by_cell():
    perceptron, residual = studies.tiny()["architectures"]
    left = with_answers("left", conditions={"plain": PLAIN, "other": OTHER}, architectures=[perceptron])
    right = with_answers("right", conditions={"plain": PLAIN, "other": OTHER}, architectures=[residual], ablate=APART)
    joined = join({"left": left, "right": right})
    cells = [(architecture["name"], name) for architecture in (perceptron, residual) for name in ("plain", "other")]
    assert [answers_of(joined, *cell).planned[Phase.ABLATE] for cell in cells] == [0, 0, 2, 0]


def test_answers_that_one_study_lacks_are_derived_for_all():
    left, right = (with_answers(name, conditions={name: PLAIN}) for name in ("left", "right"))
    del right["answers"]
    joined = join({"left": left, "right": right})
    assert "answers" not in joined
    assert answers_of(joined, "mlp-tiny", "left").planned[Phase.TUNE] == 5


@pytest.mark.parametrize(
    ("places", "message"),
    [
        ({"search__trials": 9}, r"got search.trials 3 in 'left' and 9 in 'right'"),
        ({"search__seed": 1}, r"got search.seed 0 in 'left' and 1 in 'right'"),
        ({"training__epochs": 5}, r"got training.epochs 4 in 'left' and 5 in 'right'"),
        ({"dataset__name": "mnist"}, r"got dataset.name 'digits' in 'left' and 'mnist' in 'right'"),
        ({"measure": {"every": 2}}, r"got measure.* in 'left' and .*2.* in 'right'"),
        ({"confirm__seeds": 2}, r"got confirm.seeds 3 in 'left' and 2 in 'right'"),
        ({"shared": {}}, r"got shared.learning_rate \{'log_uniform': \[0.0001, 0.1\]\} in 'left' and None in 'right'"),
        (
            {"conditions__baseline": {"regularizer": "srip"}},
            "another condition 'baseline' in 'left' and 'right'; run one of them again as in the other",
        ),
        (
            {"architectures": [{"name": "mlp-small", "depth": 9}, {"name": "resnet-small"}]},
            "got another architecture 'mlp-small'",
        ),
        ({"architectures": [{"name": "mlp-small"}]}, "got none with spectral on resnet-small; run those"),
    ],
)
def test_studies_that_do_not_fit_are_refused_with_the_reason(places, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        join({"left": synthetic.study_data(LEFT), "right": changed(synthetic.study_data(RIGHT), **places)})


PETS = {"content": "a" * 64, "classes": ["cat", "dog"], "shape": [1, 8, 8], "training_images": 20}


def test_studies_of_other_data_are_refused_with_what_differs() -> None:
    left, right = ({**synthetic.study_data(runs), "data": PETS} for runs in (LEFT, RIGHT))
    assert join({"left": left, "right": right})["data"] == PETS
    more = {**right, "data": {**PETS, "content": "b" * 64, "training_images": 21}}
    with pytest.raises(ValueError, match="on the same data, got training images 20 -> 21 from 'left' to 'right'; run"):
        join({"left": left, "right": more})


def test_a_study_of_which_the_data_were_not_kept_is_joined_with_one_of_which_they_were() -> None:
    left, right = synthetic.study_data(LEFT), {**synthetic.study_data(RIGHT), "data": PETS}
    assert join({"left": left, "right": right})["data"] == PETS


def test_studies_of_other_versions_are_joined_with_those_of_all() -> None:
    first, second = {"torch": "2.13.0"}, {"torch": "2.14.1"}
    left = {**synthetic.study_data(LEFT), "versions": [first]}
    right = {**synthetic.study_data(RIGHT), "versions": [first, second]}
    assert join({"left": left, "right": right})["versions"] == [first, second]


def test_what_no_number_depends_on_may_differ() -> None:
    other = changed(synthetic.study_data(RIGHT), resources={"cpu": 2, "gpu": 1}, description="Another.")
    whole = join({"left": synthetic.study_data(LEFT), "right": other})
    assert list(whole["conditions"]) == ["baseline", "decay", "spectral"]


def test_a_study_whose_file_was_not_kept_is_not_joined() -> None:
    with pytest.raises(ValueError, match="got 'right' without its file"):
        join({"left": synthetic.study_data(LEFT), "right": {}})
