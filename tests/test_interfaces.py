"""The names that others call, called exactly so."""

import torch

import analysis.tables.study_tables
import models
import regularizers
import regularizers.spectrum
import tuning.study
import tuning.trial
from tests.tuning.studies import settings


def test_the_names_that_others_call_are_there_and_work():
    model = models.build("mlp-small", (1, 8, 8), 10)
    held = regularizers.REGULARIZERS["weight_decay"](strength=1e-2).attach(model)
    assert held.penalty().item() == 0.0
    spectra = regularizers.measure.measure(model, (1, 8, 8))
    weight = torch.randn(3, 2, 3, 3, generator=torch.Generator().manual_seed(0))
    assert regularizers.spectrum.singular_values(weight).shape == (3,)
    assert regularizers.spectrum.singular_values(weight, view="circular", input_size=(4, 4)).shape == (4 * 4 * 2,)
    assert isinstance(regularizers.spectrum.spectral_norm(weight, "padded", (4, 4), stride=2, padding=1), float)
    assert [len(spectrum.singular_values) for spectrum in spectra.values()] == [64, 256, 10]
    assert len(tuning.study.load("quickstart").cells) == 6
    records = []
    tuning.trial.train(settings(), records.append)
    assert [record.epoch for record in records] == [0, 1, 2, 3]
    assert callable(analysis.tables.study_tables.load)
