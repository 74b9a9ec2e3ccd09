"""No measure reaches a reader by the name of its column."""

from analysis.findings.predictors import OUTCOMES
from analysis.tables.measures import LAYERS, ORDINARY, SPECTRAL
from analysis.words import vocabulary
from analysis.words.vocabulary import called, meaning
from regularizers.measure import MEASURES

OF_LAYERS = [LAYERS + name for name in MEASURES if f"{name}/mean" not in SPECTRAL]


def test_every_measure_that_is_stored_has_a_name_and_a_meaning():
    every = [*OUTCOMES, *SPECTRAL, *ORDINARY, *OF_LAYERS]
    assert all(meaning(measure) for measure in every)
    names = [called(measure) for measure in dict.fromkeys(every)]
    assert len(set(names)) == len(names)
    assert not any("_" in name or "/" in name for name in names)


def test_nothing_is_named_that_is_not_measured():
    assert set(vocabulary.OF_LAYERS) == {measure.removeprefix(LAYERS) for measure in OF_LAYERS}
    assert set(vocabulary.OF_NETWORK) == set(SPECTRAL)
    assert set(vocabulary.ORDINARY) == set(ORDINARY)


def test_a_measure_of_a_newer_store_goes_by_its_own_name():
    assert (called("layers/num_of_new"), meaning("layers/num_of_new")) == ("num of new", "")
