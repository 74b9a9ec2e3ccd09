"""From a model to the record of an epoch."""

import math
import time
from array import array
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from regularizers import LayerSpectrum, lipschitz_log10_bound
from regularizers.measure import measure
from tuning.records import (
    EFFECTIVE_RANK_MEAN,
    EPOCH_SECONDS,
    LIPSCHITZ_BOUND,
    MEASURE_SECONDS,
    RANK_MEAN,
    SPECTRAL_NORM_MAX,
    SPECTRAL_NORM_MEAN,
    SPECTRAL_NORM_STD,
    STABLE_RANK_MEAN,
    TEST_ACCURACY,
    TEST_LOSS,
    TRAIN_ACCURACY,
    TRAIN_LOSS,
    VAL_ACCURACY,
    VAL_LOSS,
    EpochRecord,
    LayerRecord,
)
from tuning.study import TrialSettings
from tuning.trial.evaluation import evaluate, means
from tuning.trial.trial_data import TrialData


class Recorder:
    """Looks at one training from outside: evaluates, measures, and changes nothing.

    Args:
        settings: name the phase and when to measure what.
        model: the model in training.
        data: its validation part and, in the confirm phase, its test part.
    """

    def __init__(self, settings: TrialSettings, model: nn.Module, data: TrialData) -> None:
        self._settings = settings
        self._model = model
        self._data = data

    def record(self, epoch: int, *, train_sums: Tensor | None, seconds: float) -> EpochRecord:
        """Return the record of the state after an epoch.

        Args:
            epoch: 0 before the first step.
            train_sums: of `batch_sums` over the epoch's steps; None before the first.
            seconds: what the steps took.
        """
        metrics: dict[str, float] = {}
        if train_sums is not None:
            metrics[EPOCH_SECONDS] = seconds
            metrics[TRAIN_LOSS], metrics[TRAIN_ACCURACY] = means(train_sums)
        metrics[VAL_LOSS], metrics[VAL_ACCURACY] = evaluate(self._model, self._data.validation)
        if self._data.test is not None:
            metrics[TEST_LOSS], metrics[TEST_ACCURACY] = evaluate(self._model, self._data.test)
        if not (all(map(math.isfinite, metrics.values())) and self._weights_are_finite()):
            return _diverged(epoch, metrics)
        layers: tuple[LayerRecord, ...] = ()
        if self._settings.measure.due(epoch, self._settings.training.epochs):
            start = time.perf_counter()
            layers, summary = self._measure()
            metrics |= summary
            metrics[MEASURE_SECONDS] = time.perf_counter() - start
        return EpochRecord(epoch=epoch, metrics=metrics, layers=layers)

    def _weights_are_finite(self) -> bool:
        with torch.no_grad():
            return bool(torch.stack([p.isfinite().all() for p in self._model.parameters()]).all())

    def _measure(self) -> tuple[tuple[LayerRecord, ...], dict[str, float]]:
        by_view = {
            view: measure(self._model, self._data.dataset.input_shape, view=view)
            for view in self._settings.measure.views
        }
        layers = tuple(
            _layer_record(name, view, spectrum)
            for view, spectra in by_view.items()
            for name, spectrum in spectra.items()
        )
        return layers, dict(_summary(by_view["flat"]))


def _layer_record(name: str, view: str, spectrum: LayerSpectrum) -> LayerRecord:
    values = array("f", spectrum.singular_values.numpy().tobytes())
    return LayerRecord(layer=name, view=view, measures=spectrum.measures, singular_values=values)


def _summary(spectra: dict[str, LayerSpectrum]) -> Iterator[tuple[str, float]]:
    """Yield the metrics over layers; the deviation is that of the layers at hand, not an estimate for others."""
    norms = torch.tensor([s.spectral_norm for s in spectra.values()], dtype=torch.float64)
    yield SPECTRAL_NORM_MAX, norms.max().item()
    yield SPECTRAL_NORM_MEAN, norms.mean().item()
    yield SPECTRAL_NORM_STD, norms.std(correction=0).item()
    yield RANK_MEAN, sum(s.rank for s in spectra.values()) / len(spectra)
    yield STABLE_RANK_MEAN, sum(s.stable_rank for s in spectra.values()) / len(spectra)
    yield EFFECTIVE_RANK_MEAN, sum(s.effective_rank for s in spectra.values()) / len(spectra)
    bound = lipschitz_log10_bound(spectra)
    if bound is not None:
        yield LIPSCHITZ_BOUND, bound


def _diverged(epoch: int, metrics: dict[str, float]) -> EpochRecord:
    """Return the last record of a diverged training: what is finite, and no image classified rightly."""
    finite = {name: value for name, value in metrics.items() if math.isfinite(value)}
    worst = {name: 0.0 for name in (VAL_ACCURACY, TEST_ACCURACY) if name in metrics}
    return EpochRecord(epoch=epoch, metrics=finite | worst, diverged=True)
