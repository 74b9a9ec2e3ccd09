"""A study of six cells whose every number is a formula, so that tests know the tables' contents by heart."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from tuning import records
from tuning.records import EpochRecord, LayerRecord

STUDY = "quickstart"
ARCHITECTURES = ("mlp-small", "resnet-small")
CONDITIONS = ("baseline", "decay", "spectral")
EPOCHS = 4
SEEDS = 3
TRIALS = 3
OFFSETS = (-0.01, 0.0, 0.01)  # what a seed adds to a test accuracy: sample deviation 0.01 exactly


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run to be stored: what the engine would hand to the writer."""

    study: str = STUDY
    phase: str
    architecture: str
    condition: str
    index: int
    reason: str = "completed"
    epochs: int = EPOCHS
    learning_rate: float = 0.001
    strength: float | None = None
    records: tuple[EpochRecord, ...] = field(default=())
    ablated: str = "nothing"
    named: str = ""  # a key of its own, where the names cannot make one

    @property
    def key(self) -> str:
        return self.named or f"{self.phase}__{self.architecture}__{self.condition}__{self.index:03d}"

    @property
    def status(self) -> str:
        return "FAILED" if self.reason == "error" else "FINISHED"

    @property
    def tags(self) -> dict[str, str]:
        family, _, size = self.architecture.partition("-")
        return {
            "study": self.study,
            "phase": self.phase,
            "architecture": self.architecture,
            "family": family,
            "size": size,
            "condition": self.condition,
            "ablated": self.ablated,
            "regularizer": self.condition,
            "optimizer": "adam",
            "dataset": "digits",
            "seed": str(self.index),
            "trial_key": self.key,
            "stop_reason": self.reason,
            "git_commit": "0123abc",
        }

    @property
    def params(self) -> dict[str, str]:
        flat = {
            "index": str(self.index),
            "seed": str(7_000_000_000_000_000_000 + self.index),
            "training.learning_rate": str(self.learning_rate),
            "training.epochs": str(EPOCHS),
            "training.nesterov": "False",
            "regularizer.name": self.condition,
        }
        return flat if self.strength is None else {**flat, "regularizer.strength": str(self.strength)}


def mean_accuracy(architecture: str, condition: str) -> float:
    """Mean test accuracy over seeds: 0.90, 0.91, 0.95 for the MLP, 0.92, 0.93, 0.97 for the ResNet."""
    mean = {"baseline": 0.90, "decay": 0.91, "spectral": 0.95}.get(condition, 0.5)
    return mean + (0.02 if architecture == "resnet-small" else 0.0)


def layer(name: str, values: Sequence[float], view: str = "flat") -> LayerRecord:
    measures = {"spectral_norm": values[0], "rank": float(len(values)), "nuclear_norm": sum(values)}
    return LayerRecord(layer=name, view=view, measures=measures, singular_values=array("f", values))


def epoch_record(run: Run, epoch: int) -> EpochRecord:
    progress = epoch / EPOCHS
    held = 1.0 if run.condition == "spectral" else 1.0 + progress * (4 if run.condition == "baseline" else 2)
    # Powers of two and their neighbours are exact in float32, in which spectra are stored.
    spectrum = [held * 2.0 ** (-rank) for rank in range(8)]
    metrics = {
        records.VAL_LOSS: 2.3 - 2.0 * progress + 0.01 * run.index,
        records.VAL_ACCURACY: 0.1 + 0.8 * progress + 0.001 * run.index,
        records.SPECTRAL_NORM_MAX: held,
        records.SPECTRAL_NORM_MEAN: 0.75 * held,
        records.SPECTRAL_NORM_STD: 0.25 * held,
        records.RANK_MEAN: 8.0,
        records.EFFECTIVE_RANK_MEAN: 6.0 - progress,
        records.LIPSCHITZ_BOUND: 0.5 * held,
    }
    if epoch:
        metrics[records.TRAIN_LOSS] = 2.3 - 2.2 * progress
        metrics[records.TRAIN_ACCURACY] = 0.1 + 0.9 * progress
        metrics[records.EPOCH_SECONDS] = 0.5 + epoch / 8
    if run.phase == "confirm" and epoch == EPOCHS:
        metrics[records.TEST_ACCURACY] = mean_accuracy(run.architecture, run.condition) + OFFSETS[run.index]
        metrics[records.TEST_LOSS] = 0.3
    layers = (
        layer("layers.0", spectrum),
        layer("layers.1", spectrum[:4]),
        layer("layers.1", [9.0, 1.0], "circular"),
    )
    return EpochRecord(epoch=epoch, metrics=metrics, layers=layers, diverged=run.reason == "diverged" and epoch > 1)


def with_records(run: Run) -> Run:
    return replace(run, records=tuple(epoch_record(run, epoch) for epoch in range(run.epochs + 1)))


def cell(architecture: str, condition: str, *, seeds: int = SEEDS) -> list[Run]:
    """Three tuning runs, of which the second is stopped early, and the confirmation of the first."""
    names = {"architecture": architecture, "condition": condition}
    strengths = [None, None, None] if condition == "baseline" else [0.01, 0.02, 0.03]
    tuned = [
        Run(
            phase="tune",
            index=index,
            learning_rate=0.001 * (index + 1),
            strength=strengths[index],
            reason="early_stopped" if index == 1 else "completed",
            epochs=1 if index == 1 else EPOCHS,
            **names,
        )
        for index in range(TRIALS)
    ]
    confirmed = [Run(phase="confirm", index=index, strength=strengths[0], **names) for index in range(seeds)]
    return [with_records(run) for run in (*tuned, *confirmed)]


def study() -> list[Run]:
    return [run for architecture in ARCHITECTURES for condition in CONDITIONS for run in cell(architecture, condition)]


def study_data(runs: Sequence[Run]) -> dict[str, object]:
    """The plain data of a study with these runs, in whose file the conditions stand in the order of the runs."""
    names = list(dict.fromkeys(run.architecture for run in runs))
    held = {run.condition: {"regularizer": "none"} for run in runs}
    for run in runs:
        if run.strength is not None:
            held[run.condition] = {"regularizer": "weight_decay", "strength": {"log_uniform": [1e-5, 0.1]}}
    return {
        "name": "synthetic",
        "description": "Numbers that are formulas.",
        "dataset": {"name": "digits", "validation_fraction": 0.1, "crop": 0, "flip": False},
        "architectures": [{"name": name} for name in names],
        "conditions": held,
        "shared": {"learning_rate": {"log_uniform": [1e-4, 0.1]}},
        "training": {
            "optimizer": {"name": "adam"},
            "epochs": EPOCHS,
            "batch_size": 64,
            "initialization": "default",
            "schedule": {"name": "constant"},
        },
        "search": {"algorithm": "tpe", "trials": TRIALS, "seed": 0, "early_stopping": {"name": "none"}},
        "confirm": {"seeds": SEEDS},
        "resources": {"cpu": 1, "gpu": 0},
    }


def keep(runs: Iterable[Run], writer) -> None:
    """Hand the runs to a store's writer as the engine does."""
    for run in runs:
        writer.start(run.key, run.key, {**run.tags, "stop_reason": "running"}, run.params)
        for record in run.records:
            writer.epoch(run.key, record)
        writer.end(run.key, run.status, {"stop_reason": run.reason})
