"""Facts about studies that are read as one."""

import copy

import pytest

from analysis.compare import comparison
from analysis.joined import join, load_joined
from analysis.table import load
from tests.analysis import synthetic
from tuning.store import StoreWriter

WHOLE = synthetic.study()
LEFT = [run for run in WHOLE if run.condition != "spectral"]
RIGHT = [run for run in WHOLE if run.condition == "spectral"]


@pytest.fixture(scope="module")
def halves(tmp_path_factory) -> str:
    """The tracking URI of a store that holds the conditions of one study in two."""
    folder = tmp_path_factory.mktemp("halves")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    for study, runs in (("left", LEFT), ("right", RIGHT)):
        writer = StoreWriter(study, uri, folder / study, {**synthetic.asked(runs), "name": study})
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


def test_one_study_is_itself(halves) -> None:
    assert load_joined(["left"], halves).study == "left"


def test_a_study_is_joined_once(halves) -> None:
    with pytest.raises(ValueError, match="each study is joined once, got left twice"):
        load_joined(["left", "right", "left"], halves)


def changed(asked, **places):
    other = copy.deepcopy(asked)
    for place, value in places.items():
        *path, last = place.split("__")
        there = other
        for key in path:
            there = there[key]
        there[last] = value
    return other


@pytest.mark.parametrize(
    ("places", "message"),
    [
        ({"search__trials": 9}, r"got search.trials 3 in 'left' and 9 in 'right'"),
        ({"search__seed": 1}, r"got search.seed 0 in 'left' and 1 in 'right'"),
        ({"training__epochs": 5}, r"got training.epochs 4 in 'left' and 5 in 'right'"),
        ({"dataset__name": "mnist"}, r"got dataset.name 'digits' in 'left' and 'mnist' in 'right'"),
        ({"confirm__seeds": 2}, r"got confirm.seeds 3 in 'left' and 2 in 'right'"),
        ({"shared": {}}, r"got shared.learning_rate \{'log_uniform': \[0.0001, 0.1\]\} in 'left' and None in 'right'"),
        (
            {"conditions__baseline": {"regularizer": "srip"}},
            "equal names mean equal things, got another condition 'baseline'",
        ),
        (
            {"architectures": [{"name": "mlp-small", "depth": 9}, {"name": "resnet-small"}]},
            "got another architecture 'mlp-small'",
        ),
        (
            {"conditions__decay": synthetic.asked(LEFT)["conditions"]["decay"]},
            "each cell stands in one of the joined studies, got decay on mlp-small, decay on resnet-small in 'left'",
        ),
        ({"architectures": [{"name": "mlp-small"}]}, "got none with spectral on resnet-small; run those"),
    ],
)
def test_studies_that_do_not_fit_are_refused_with_the_reason(places, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        join({"left": synthetic.asked(LEFT), "right": changed(synthetic.asked(RIGHT), **places)})


def test_what_no_number_depends_on_may_differ() -> None:
    other = changed(synthetic.asked(RIGHT), resources={"cpu": 2, "gpu": 1}, description="Another.")
    whole = join({"left": synthetic.asked(LEFT), "right": other})
    assert list(whole["conditions"]) == ["baseline", "decay", "spectral"]


def test_a_study_whose_file_was_not_kept_is_not_joined() -> None:
    with pytest.raises(ValueError, match="got 'right' without its file"):
        join({"left": synthetic.asked(LEFT), "right": {}})
