"""Facts about what is kept of one weight."""

import copy
import pickle

import pytest
import torch

from regularizers.measure import MEASURES, LayerSpectrum

SPECTRUM = LayerSpectrum(
    view="flat", fan_out=1, fan_in=1, singular_values=torch.ones(1), routine="gram", measures={"rank": 1.0}
)


def test_measures_are_attributes() -> None:
    assert SPECTRUM.rank == 1.0
    assert not hasattr(SPECTRUM, "alpha")


def test_a_measure_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(AttributeError, match="only where it is a number, got 'alpha'; it has rank"):
        _ = SPECTRUM.alpha
    with pytest.raises(AttributeError, match="'LayerSpectrum' has no attribute 'alhpa'"):
        _ = SPECTRUM.alhpa


def test_it_survives_copies_and_pickles() -> None:
    for again in (copy.copy(SPECTRUM), copy.deepcopy(SPECTRUM), pickle.loads(pickle.dumps(SPECTRUM))):
        assert again.measures == SPECTRUM.measures
        assert torch.equal(again.singular_values, SPECTRUM.singular_values)


def test_every_measure_has_a_definition_in_one_line() -> None:
    assert all(line and "\n" not in line for line in MEASURES.values())
