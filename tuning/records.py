"""What travels between the rooms: the record of one epoch, and the names of metrics and tags.

Standard library only, so that whoever reads stored results needs neither torch nor Ray.
"""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

TRAIN_LOSS = "train/loss"
TRAIN_ACCURACY = "train/accuracy"
VAL_LOSS = "val/loss"
VAL_ACCURACY = "val/accuracy"
TEST_LOSS = "test/loss"
TEST_ACCURACY = "test/accuracy"
SPECTRAL_NORM_MAX = "spectral_norm/max"
SPECTRAL_NORM_MEAN = "spectral_norm/mean"
SPECTRAL_NORM_STD = "spectral_norm/std"
RANK_MEAN = "rank/mean"
STABLE_RANK_MEAN = "stable_rank/mean"
EFFECTIVE_RANK_MEAN = "effective_rank/mean"
DISTANCE_MEAN = "distance/mean"
UPDATE_NORM_MEAN = "update_norm/mean"
AGREEMENT_MEAN = "agreement/mean"
ALIGNMENT_MEAN = "alignment/mean"
LIPSCHITZ_BOUND = "lipschitz/log10_bound"
LIPSCHITZ_PADDED = "lipschitz/log10_bound_padded"
JACOBIAN_NORM = "lipschitz/jacobian_max"
MARGIN_MEDIAN = "margin/median"
MARGIN_LOW = "margin/p10"
GAP_LOSS = "gap/loss"
GAP_ACCURACY = "gap/accuracy"
TOP_HALF_ACCURACY = "halves/top_accuracy"
BOTTOM_HALF_ACCURACY = "halves/bottom_accuracy"
EPOCH_SECONDS = "time/epoch_s"
MEASURE_SECONDS = "time/measure_s"

METRICS = (
    TRAIN_LOSS,
    TRAIN_ACCURACY,
    VAL_LOSS,
    VAL_ACCURACY,
    TEST_LOSS,
    TEST_ACCURACY,
    SPECTRAL_NORM_MAX,
    SPECTRAL_NORM_MEAN,
    SPECTRAL_NORM_STD,
    RANK_MEAN,
    STABLE_RANK_MEAN,
    EFFECTIVE_RANK_MEAN,
    DISTANCE_MEAN,
    UPDATE_NORM_MEAN,
    AGREEMENT_MEAN,
    ALIGNMENT_MEAN,
    LIPSCHITZ_BOUND,
    LIPSCHITZ_PADDED,
    JACOBIAN_NORM,
    MARGIN_MEDIAN,
    MARGIN_LOW,
    GAP_LOSS,
    GAP_ACCURACY,
    TOP_HALF_ACCURACY,
    BOTTOM_HALF_ACCURACY,
    EPOCH_SECONDS,
    MEASURE_SECONDS,
)


WORST_ACCURACY = 0.0
"""The score of a trial that diverged: none is lower, so that no search prefers its settings."""


def score(metrics: Mapping[str, float]) -> float:
    """Return what a search maximizes.

    Args:
        metrics: of one epoch, in which a trial that diverged has the worst accuracy or none.

    Returns:
        The validation accuracy.

    Example:
        >>> score({VAL_ACCURACY: 0.5}), score({})
        (0.5, 0.0)
    """
    return metrics.get(VAL_ACCURACY, WORST_ACCURACY)


def short_name(flat: str) -> str:
    """Return what people call a setting: the last part of its flat name, or all from its part's number on.

    Args:
        flat: the flat name.

    Returns:
        The short name.

    Example:
        >>> short_name("regularizer.strength"), short_name("regularizer.parts.1.bound")
        ('strength', 'parts.1.bound')
    """
    _, found, inside = flat.partition(".parts.")
    return f"parts.{inside}" if found else flat.rsplit(".", 1)[-1]


DRAWN = ("sobol", "random", "grid")
"""Search algorithms whose trials are known before any has run."""

SAMPLED = ("tpe", "gp", "cmaes", "nsga2")
"""Search algorithms that learn from the trials that have ended: Optuna's."""

ALGORITHMS = (*DRAWN, *SAMPLED)


def stops_early(rule: str) -> bool:
    """Return whether a study's stopping rule may end a trial early, and is not the one that stops none.

    Args:
        rule: its name, as studies and what is stored of them have it.

    Example:
        >>> stops_early("asha"), stops_early("none")
        (True, False)
    """
    return rule != "none"


def repeatability(algorithm: str, early_stopping: str, concurrency: int | None) -> str:
    """Say what of a search a repetition of its study would repeat.

    Args:
        algorithm: of `ALGORITHMS`.
        early_stopping: the rule's name, ``none`` where there is none.
        concurrency: trials at a time; None for as many as the cluster holds.

    Returns:
        A sentence.

    Example:
        >>> repeatability("sobol", "none", None)
        'The search repeats exactly at any concurrency: its trials are known beforehand.'
    """
    if concurrency == 1:
        return "The search repeats exactly: it runs one trial at a time."
    if algorithm in SAMPLED:
        return (
            f"The search need not repeat: what {algorithm} proposes depends on the order in which trials end "
            "(at concurrency 1 it repeats exactly)."
        )
    if stops_early(early_stopping):
        return (
            "The search repeats its settings exactly at any concurrency, but which of them are stopped early depends "
            "on the order in which trials report (at concurrency 1 all repeats exactly)."
        )
    return "The search repeats exactly at any concurrency: its trials are known beforehand."


TAGS = (
    "study",
    "phase",
    "architecture",
    "family",
    "size",
    "condition",
    "ablated",
    "regularizer",
    "optimizer",
    "dataset",
    "seed",
    "trial_key",
    "stop_reason",
    "git_commit",
)
"""Every run carries every one of these, because MLflow's UI draws a run without the grouping tag singly."""

DATA = "data"
"""The images of a study: a key beside the study's own, and the tag of a trial's run with their content key."""

VERSIONS = "versions"
"""The key beside the study's own of all sets of versions that a study was run with."""

VERSION_TAGS = {
    "spectune": "spectune_version",
    "torch": "torch_version",
    "numpy": "numpy_version",
    "cuda": "cuda_version",
}
"""The tags of a trial's run with the versions that decide its bits, by package; torch is built for one of CUDA."""

ANSWERS = "answers"
"""The key beside the study's own of what follows from it for each cell (`tuning.study.answers`)."""

PROCESSOR = "processor"
"""The tag of a trial's run with what it was computed on: the GPU where it had one, else the processor."""

BASIS_TAGS = (DATA, *VERSION_TAGS.values(), PROCESSOR)
"""What a trial's run rests on; summaries rest on many runs and have none, nor have runs of older versions."""

ERROR = "error"
"""The tag of a trial's run with what went wrong; empty where the trial failed before and did not the last time."""

BEGAN_ANEW = "began_anew"
"""The tag of a trial's run with why its checkpoint was set aside."""

NONFINITE = "nonfinite"
"""The tag of a trial's run with the last epoch that left metrics out because they were not finite, and their names."""

FILES = "files"
"""The tag of a trial's run with the tables that it was given: their sizes and digests, by name."""

CHOSEN = "chosen"
"""The tag of a run whose settings its cell confirms, or confirmed before the study grew."""

SOME_TAGS = (ERROR, BEGAN_ANEW, NONFINITE, FILES, CHOSEN)
"""The tags that only those runs carry of which there is something to say."""

SPECTRA_FILE = "spectra.parquet"
LAYERS_FILE = "layers.parquet"
CHOICE_FILE = "choice.json"

TIMES = (EPOCH_SECONDS, MEASURE_SECONDS)
"""The metrics that a repetition of the same trial may change; all others repeat bit for bit."""


class Phase(StrEnum):
    """What a run was for."""

    TUNE = "tune"
    CONFIRM = "confirm"
    MATCHED = "matched"
    ABLATE = "ablate"
    SUMMARY = "summary"
    SUPERSEDED = "superseded"


CONFIRMATIONS = (Phase.CONFIRM, Phase.MATCHED, Phase.ABLATE)
"""The phases that train frozen settings on the confirmation seeds, in the order in which they run: as they were chosen,
at the baseline's learning rate, with one factor switched off. They alone read test data."""

NO_RESULTS = (Phase.SUMMARY, Phase.SUPERSEDED)
"""The phases of runs that no answer is computed from: what is computed itself, and what a grown study has replaced."""

NOTHING_ABLATED = "nothing"
"""The tag ``ablated`` of every run in which no factor is switched off."""


class StopReason(StrEnum):
    """Why a trial ended; ``running`` and ``interrupted`` ones go on when their study is run again."""

    RUNNING = "running"
    COMPLETED = "completed"
    EARLY_STOPPED = "early_stopped"
    DIVERGED = "diverged"
    ERROR = "error"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, kw_only=True)
class LayerRecord:
    """What one weight looked like, in one view, at the end of one epoch.

    Attributes:
        layer: the module's qualified name, ``"layers.0"``.
        view: the linear map whose singular values these are: ``"flat"``, ``"circular"`` or ``"padded"``.
        measures: ``{"spectral_norm": 1.7, "rank": 256.0, …}``, every value finite.
        singular_values: descending, ``array("f")``; empty in an epoch whose vectors are not kept.
        routine: how the singular values were found: ``"svd"``, ``"gram"``, …; what stood in for another is named after
            a colon: ``"svd: gesvd"``. Measures of movement have none: what stands in there is as exact.
        missing: why a measure is not there that others have: ``{"alpha": "there are fewer than 8 values"}``.
    """

    layer: str
    view: str
    measures: Mapping[str, float]
    singular_values: "array[float]"  # a string: array is no generic class before Python 3.12
    routine: str = "svd"
    missing: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class EpochRecord:
    """What a trial says of one epoch.

    Attributes:
        epoch: counted from 1; 0 is the state before the first step.
        metrics: finite numbers under the names of this module. A non-finite one is left out: a store keeps
            NaN as 0 and infinity as the largest float, and both would poison a mean.
        layers: one entry a weight and view; empty in epochs that were not measured.
        diverged: the loss or a weight was not finite, and the training has ended.
    """

    epoch: int
    metrics: Mapping[str, float]
    layers: tuple[LayerRecord, ...] = field(default=())
    diverged: bool = False

    def __post_init__(self) -> None:
        unknown = [name for name in self.metrics if name not in METRICS]
        assert not unknown, f"metrics are named in tuning/records.py, got {unknown}"
