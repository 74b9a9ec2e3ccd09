import pytest

from analysis.notation import spanned
from analysis.predictors import predictions
from analysis.sections.prediction import FEWEST, prediction
from tests.analysis import planted
from tests.analysis.test_predictors import study
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
        "Related to test accuracy, 36 trials: at the last epoch the intervals of 1 of 2 spectral measures leave out "
        "zero (largest spectral norm); of so many, about 0.1 would by chance; after epoch 1 those of "
    )


def test_numbers_of_the_table_are_those_of_the_predictions(tables, section):
    (one,) = (
        each
        for each in predictions(tables)
        if (each.measure, each.outcome, each.epoch) == (records.SPECTRAL_NORM_MAX, records.GAP_ACCURACY, 1)
    )
    row = section.sheet.blocks["generalization gap"][0]
    texts = [spanned(each.value, each.low, each.high, sign=True, decimals=2) for each in (one.tau, one.granulated.psi)]
    assert row[:3] == ("largest spectral norm", *texts)
    assert row[3].startswith("+1.00 [")
    assert section.sheet.headings[1:] == ("τ, epoch 1", "granulated, epoch 1", "τ, epoch 3", "granulated, epoch 3")


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
        "No relation seen with test accuracy, 8 trials: at the last epoch all 1 spectral measures' intervals hold zero."
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
