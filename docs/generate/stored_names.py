"""The names under which things are stored, each with what it means; a new name without a meaning ends the build."""

from collections.abc import Iterable, Mapping

from tuning import records

METRICS = {
    records.TRAIN_LOSS: "mean cross-entropy over the epoch's training batches, the regularizer's penalty left out",
    records.TRAIN_ACCURACY: "share of the epoch's training images that were classified correctly",
    records.VAL_LOSS: "mean cross-entropy over the validation part",
    records.VAL_ACCURACY: "share of the validation part that is classified correctly",
    records.TEST_LOSS: "mean cross-entropy over the test part; in confirmations alone",
    records.TEST_ACCURACY: "share of the test part that is classified correctly; in confirmations alone",
    records.SPECTRAL_NORM_MAX: "largest σ₁ of all weights, as flat matrices",
    records.SPECTRAL_NORM_MEAN: "mean σ₁ over the weights",
    records.SPECTRAL_NORM_STD: "standard deviation of σ₁ over the weights",
    records.RANK_MEAN: "mean numeric rank over the weights",
    records.STABLE_RANK_MEAN: "mean stable rank over the weights",
    records.EFFECTIVE_RANK_MEAN: "mean effective rank over the weights",
    records.DISTANCE_MEAN: "mean relative distance of the weights from where they started",
    records.UPDATE_NORM_MEAN: "mean spectral norm of the weights' change since the last measurement",
    records.AGREEMENT_MEAN: "mean agreement of leading singular vectors with the last measurement",
    records.ALIGNMENT_MEAN: "mean alignment of leading singular vectors with those of the weight before",
    records.LIPSCHITZ_BOUND: "log10 of a certified upper bound of the network's Lipschitz constant",
    records.LIPSCHITZ_PADDED: "the same with convolutions as they are computed; tighter, and no certificate",
    records.JACOBIAN_NORM: "largest spectral norm of the Jacobian over 64 validation images",
    records.MARGIN_MEDIAN: "median over 2,000 training images of the true class's logit less the largest other one",
    records.MARGIN_LOW: "the margin below which a tenth of these images lies",
    records.GAP_LOSS: "validation loss less that on up to 2,000 training images, both in evaluation",
    records.GAP_ACCURACY: "accuracy on up to 2,000 training images less validation accuracy, both in evaluation",
    records.TOP_HALF_ACCURACY: "validation accuracy with the larger half of all singular values, the last weight whole",
    records.BOTTOM_HALF_ACCURACY: "the same with their smaller half",
    records.EPOCH_SECONDS: "seconds that the epoch's training took",
    records.MEASURE_SECONDS: "seconds that measuring after it took",
}

TAGS = {
    "study": "the study's name",
    "phase": "what the run was for, see below",
    "architecture": "the architecture's name; `all` on the summary of a study",
    "family": "`mlp` or `resnet`",
    "size": "`small`, `medium`, `large` or `custom`",
    "condition": "the condition's name in the study file",
    "ablated": "the factor that is switched off, or `nothing`",
    "regularizer": "its first name in the table of regularizers",
    "optimizer": "its name",
    "dataset": "its name",
    "seed": "the trial's number in its cell and phase; those of one number begin and draw alike",
    "trial_key": "the trial's name, unique in its study",
    "stop_reason": "why the trial ended: `completed`, `early_stopped`, `diverged`, `error`, `interrupted`, `running`",
    "git_commit": "of the code that trained it",
    records.DATA: "content key of the images; trials alone",
    "spectune_version": "of spectune; trials alone",
    "torch_version": "of torch; trials alone",
    "numpy_version": "of numpy; trials alone",
    "cuda_version": "of CUDA that torch is built for, or `none`; trials alone",
    records.PROCESSOR: "the GPU or processor that computed it; trials alone",
    records.ERROR: "what went wrong; trials that failed or diverged alone",
    records.BEGAN_ANEW: "why the trial's checkpoint was set aside; trials that began anew alone",
    records.NONFINITE: "the last epoch with metrics that were not finite and are left out, and their names",
    records.CHOSEN: "that its cell confirms the run's settings, or confirmed them before the study grew (`formerly`)",
    records.FILES: "the tables that the run was given, with their sizes and digests",
}

PHASES: dict[str, str] = {
    records.Phase.TUNE: "a trial of the search, on validation data",
    records.Phase.CONFIRM: "the chosen setting on a fresh seed; the results",
    records.Phase.MATCHED: "the same at the baseline's learning rate",
    records.Phase.ABLATE: "the chosen setting without one factor",
    records.Phase.SUMMARY: "computed from the runs of a cell, or of all; no training",
    records.Phase.SUPERSEDED: "replaced since the study has grown; no answer is computed from it",
}


def metrics() -> str:
    """Return the table of metrics by epoch."""
    return _table("metric", records.METRICS, METRICS)


def tags() -> str:
    """Return the table of a run's tags."""
    return _table("tag", (*records.TAGS, *records.BASIS_TAGS, *records.SOME_TAGS), TAGS)


def phases() -> str:
    """Return the table of phases."""
    return _table("phase", records.Phase, PHASES)


def _table(what: str, names: Iterable[str], meanings: Mapping[str, str]) -> str:
    """Return the table.

    Raises:
        ValueError: a name has no meaning here, or a meaning no name.
    """
    names = [str(name) for name in names]
    apart = sorted(set(names) ^ {str(name) for name in meanings})
    if apart:
        raise ValueError(
            f"every {what} has one meaning in docs/generate/stored_names.py, got {', '.join(apart)}; mend it"
        )
    rows = [f"| `{name}` | {meanings[name]} |" for name in names]
    return "\n".join([f"| {what} | meaning |", "|---|---|", *rows])
