import itertools

import numpy as np
import pytest

from analysis.findings.predictors import predictions
from analysis.findings.related import FEWEST
from analysis.notation import spanned
from analysis.sections.prediction import prediction
from tests.analysis import planted
from tests.analysis.foretold import study
from tuning import records


@pytest.fixture(scope="module")
def tables():
    return planted.tables(study())


@pytest.fixture(scope="module")
def section(tables):
    return prediction(tables)


def test_a_measure_that_decides_the_outcome_is_related_and_one_that_knows_nothing_of_it_is_not(section):
    """The largest norm decides; the effective rank is the architecture's, which test accuracy does not know."""
    assert section.said[0].startswith(
        "Related to test accuracy, 36 trials, within architectures: at the last epoch the intervals of 1 of 2 spectral "
        "measures leave out zero (largest spectral norm); of so many, about 0.1 would by chance; after epoch 1 "
    )


def test_numbers_of_the_table_are_those_of_the_predictions(tables, section):
    (prediction,) = (
        candidate
        for candidate in predictions(tables)
        if (candidate.measure, candidate.outcome, candidate.epoch)
        == (records.SPECTRAL_NORM_MAX, records.GAP_ACCURACY, 1)
    )
    row = section.sheet.groups["generalization gap"][0]
    assert row[:2] == ("largest spectral norm", written(prediction.within))
    assert section.sheet.headings[2:] == (
        *("within architectures, epoch 1", "within architectures, epoch 3"),
        *(f"within {name}" for name in planted.ARCHITECTURES),
        *("condition alone", "within conditions (draw alone)", "architecture alone", "pooled"),
    )
    assert all(text.startswith("+1.00 [") for text in row[2:])


def written(estimate):
    return spanned(estimate.value, estimate.low, estimate.high, sign=True, decimals=2)


def test_it_is_said_which_runs_were_used(section):
    assert "Test accuracy is of confirmation runs alone" in section.said[-1]


def turns(number):
    """Confirmation runs whose norms take turns; each pair of equal accuracies has both of them."""
    names = {"phase": "confirm", "architecture": "mlp-small", "condition": "baseline"}
    metrics = [
        {records.SPECTRAL_NORM_MAX: 1.0 + index % 2, records.TEST_ACCURACY: 0.5 + index // 2 / 10}
        for index in range(number)
    ]
    return planted.tables([planted.run({1: each}, index=index, **names) for index, each in enumerate(metrics)])


def test_without_a_relation_none_is_claimed():
    assert prediction(turns(8)).said[0] == (
        "No relation seen with test accuracy, 8 trials, within architectures: at the last epoch no interval of 1 "
        "spectral measure leaves out zero."
    )


def test_runs_at_another_setting_than_the_chosen_one_are_in_none(tables):
    more = [
        planted.run(
            {3: {records.SPECTRAL_NORM_MAX: 9.0, records.TEST_ACCURACY: 0.9, records.VAL_ACCURACY: 0.9}},
            phase=phase, architecture="mlp-small", condition="decay", index=index,
        )
        for phase in ("matched", "ablate") for index in range(9)
    ]  # fmt: skip
    assert prediction(planted.tables([*study(), *more])) == prediction(tables)


def test_too_few_trials_are_one_sentence():
    enough, few = (turns(number) for number in (FEWEST, FEWEST - 1))
    assert prediction(enough).picture is not None
    section = prediction(few)
    assert len(section.said) == 1
    assert section.picture is section.sheet is None


def test_measures_of_layers_are_called_by_their_names(quickstart):
    """Norms are stored as three metrics, a bound that depends on them, and as a measure of each layer."""
    said = prediction(quickstart).said[0]
    assert " of 5 spectral measures " in said
    assert "nuclear norm" in said
    assert prediction(quickstart).terms["nuclear norm"] == "Σσ"


def confounded(*, knows, seeds=6):
    """Confirmation runs of two architectures, of which one is better and has the larger norm, from its start on.

    What a measure knows beside the architecture is how well the run will do, or nothing.
    """
    rng = np.random.default_rng(19)
    runs = []
    for place, architecture in enumerate(("mlp-small", "resnet-small")):
        for condition, index in itertools.product(planted.CONDITIONS, range(seeds)):
            luck = rng.normal()
            measure = 10.0 * place - (luck if knows else rng.normal())
            last = {records.SPECTRAL_NORM_MAX: measure, records.TEST_ACCURACY: 0.5 + 0.2 * place - 0.01 * luck}
            runs.append(
                planted.run(
                    {0: {records.SPECTRAL_NORM_MAX: 10.0 * place + 0.1 * rng.normal()}, 3: last},
                    phase="confirm", architecture=architecture, condition=condition, index=index,
                )
            )  # fmt: skip
    return planted.tables(runs)


def test_a_measure_that_knows_the_architecture_alone_is_called_no_predictor():
    section = prediction(confounded(knows=False))
    assert section.said[0].startswith(
        "No relation seen with test accuracy, 36 trials, within architectures: at the last epoch no interval of 1 "
        "spectral measure leaves out zero. No prediction: 1 more measure would leave out zero if architectures were "
        "pooled (largest spectral norm), which tells architectures apart, not trials. Before the first step, when "
        "nothing is learned yet, 1 of 1 order trials already (largest spectral norm), 1 of them only where "
        "architectures are pooled: properties of the architecture, of what a seed draws, or of how a condition begins"
    )
    (row,) = section.sheet.groups["test accuracy"]
    pooled, within = row[-1], row[2]
    assert pooled.bounds[0] > 0
    assert within.bounds[0] < 0 < within.bounds[1]


def test_a_measure_that_orders_the_trials_of_an_architecture_is_called_one_though_pooling_hides_it():
    """It falls with accuracy on each architecture, and is largest on the better one."""
    section = prediction(confounded(knows=True))
    assert section.said[0].startswith(
        "Related to test accuracy, 36 trials, within architectures: at the last epoch the intervals of 1 of 1 spectral "
        "measures leave out zero (largest spectral norm)"
    )
    assert (
        "Within conditions too, where nothing but the draw differs, 1 of these (largest spectral norm)."
        in (section.said[0])
    )
    assert (
        "order trials already (largest spectral norm), 1 of them only where architectures are pooled: "
        in (section.said[0])
    )
