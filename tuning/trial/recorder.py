"""From a model to the record of an epoch."""

import math
import time
from array import array
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from regularizers import LayerSpectrum
from regularizers.measure import Movement, lipschitz_bound, measure
from tuning.records import (
    AGREEMENT_MEAN,
    ALIGNMENT_MEAN,
    DISTANCE_MEAN,
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
    UPDATE_NORM_MEAN,
    VAL_ACCURACY,
    VAL_LOSS,
    WORST_ACCURACY,
    EpochRecord,
    LayerRecord,
)
from tuning.settings import TrialSettings
from tuning.trial.evaluation import evaluate, means
from tuning.trial.network_measures import accuracy_of_halves, generalization, sensitivity
from tuning.trial.trial_data import TrialData
from tuning.trial.vector_schedule import vector_epochs

_MEANS = {
    RANK_MEAN: "rank",
    STABLE_RANK_MEAN: "stable_rank",
    EFFECTIVE_RANK_MEAN: "effective_rank",
    DISTANCE_MEAN: "distance",
    UPDATE_NORM_MEAN: "update_norm",
    AGREEMENT_MEAN: "agreement",
    ALIGNMENT_MEAN: "alignment",
}
"""Metrics that are means over the weights that have the measure, in the flat view."""

Spectra = Mapping[str, LayerSpectrum]


class Recorder:
    """Looks at one training from outside: evaluates, measures, and changes nothing.

    Args:
        settings: name the phase and when to measure what.
        model: the model in training, before its first step.
        data: its validation part and, in the confirm phase, its test part.
    """

    def __init__(self, settings: TrialSettings, model: nn.Module, data: TrialData) -> None:
        self._settings = settings
        self._model = model
        self._data = data
        self._movement = None if settings.measure.bundle == "economy" else Movement(model)

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
            layers, measured = self._measure(epoch, (metrics[VAL_LOSS], metrics[VAL_ACCURACY]))
            metrics |= measured
            metrics[MEASURE_SECONDS] = time.perf_counter() - start
        return EpochRecord(epoch=epoch, metrics=metrics, layers=layers)

    def state_dict(self) -> dict[str, Tensor]:
        """Return what later records are compared with; empty where nothing is."""
        return {} if self._movement is None else self._movement.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take up an earlier ``state_dict()``.

        Args:
            state: of equal settings.
        """
        if self._movement is not None:
            self._movement.load_state_dict(state)

    def _weights_are_finite(self) -> bool:
        with torch.no_grad():
            return bool(torch.stack([p.isfinite().all() for p in self._model.parameters()]).all())

    def _measure(self, epoch: int, validation: tuple[float, float]) -> tuple[tuple[LayerRecord, ...], dict[str, float]]:
        shape, bundle = self._data.dataset.input_shape, self._settings.measure.bundle
        by_view = {view: measure(self._model, shape, view=view, bundle=bundle) for view in self._settings.measure.views}
        moved = {} if self._movement is None else self._movement.look(self._model)
        flat = by_view["flat"]
        metrics = dict(_summary({name: {**flat[name].measures, **moved.get(name, {})} for name in flat}))
        norms = {name: s.measures["spectral_norm"] for name, s in flat.items() if "spectral_norm" in s.measures}
        bound = lipschitz_bound(self._model, shape, norms=norms).log10
        if bound is not None and math.isfinite(bound):
            metrics[LIPSCHITZ_BOUND] = bound
        if bundle != "economy":
            metrics |= generalization(self._model, self._data, validation)
        if bundle == "full":
            metrics |= sensitivity(self._model, self._data) | accuracy_of_halves(self._model, self._data)
        return tuple(self._layers(epoch, by_view, moved)), metrics

    def _layers(
        self, epoch: int, by_view: Mapping[str, Spectra], moved: Mapping[str, Mapping[str, float]]
    ) -> Iterator[LayerRecord]:
        values = sum(len(spectrum.singular_values) for spectra in by_view.values() for spectrum in spectra.values())
        plan, epochs = self._settings.measure, self._settings.training.epochs
        whole = epoch in vector_epochs(values, [e for e in range(epochs + 1) if plan.due(e, epochs)])
        for view, spectra in by_view.items():
            for name, spectrum in spectra.items():
                flat = view == "flat"
                still = self._movement.missing.get(name, {}) if flat and self._movement is not None else {}
                yield LayerRecord(
                    layer=name,
                    view=view,
                    measures={**spectrum.measures, **(moved.get(name, {}) if flat else {})},
                    singular_values=array("f", spectrum.singular_values.numpy().tobytes() if whole else b""),
                    routine=spectrum.routine,
                    missing={**spectrum.missing, **still},
                )


def _summary(measures: Mapping[str, Mapping[str, float]]) -> Iterator[tuple[str, float]]:
    """Yield the metrics over layers; the deviation is that of the layers at hand, not an estimate for others."""
    # A weight whose singular values no routine could find has none of the measures.
    found = [numbers["spectral_norm"] for numbers in measures.values() if "spectral_norm" in numbers]
    if found:
        norms = torch.tensor(found, dtype=torch.float64)
        yield SPECTRAL_NORM_MAX, norms.max().item()
        yield SPECTRAL_NORM_MEAN, norms.mean().item()
        yield SPECTRAL_NORM_STD, norms.std(correction=0).item()
    for metric, name in _MEANS.items():
        values = [numbers[name] for numbers in measures.values() if name in numbers]
        if values:
            yield metric, sum(values) / len(values)


def _diverged(epoch: int, metrics: dict[str, float]) -> EpochRecord:
    """Return the last record of a diverged training: what is finite, and no image classified rightly."""
    finite = {name: value for name, value in metrics.items() if math.isfinite(value)}
    worst = {name: WORST_ACCURACY for name in (VAL_ACCURACY, TEST_ACCURACY) if name in metrics}
    return EpochRecord(epoch=epoch, metrics=finite | worst, diverged=True)
