"""Small trainings of every regularizer and optimizer, and what they record."""

from regularizers import REGULARIZERS
from tests.tuning.studies import settings
from tuning.records import TIMES
from tuning.trial import train

REGULARIZED = {name: dict(kind.example) for name, kind in REGULARIZERS.items()} | {
    "none": {},
    "weight_decay": {"strength": 0.1},
    "l2_penalty": {"strength": 1e-3},
    "weight_normalization": {},
    "frobenius_norm_scaling": {"scale": 1.0},
    "spectral_norm_scaling": {"scale": 1.0},
    "spectral_hammer": {"target": "initial"},
    "spectral_normalization": {"scale": 1.0},
    "spectral_projection": {"bound": 1.0, "view": "padded"},
    "spectral_norm_penalty": {"strength": 0.01},
    "spectral_weight_decay": {"strength": 0.01},
    "spectral_soft_cap": {"bound": 2.0, "every": 2, "where": ["conv", "downsample"], "optimizer": "muon"},
    "spectral_hard_cap": {"bound": 1.0, "every": 3},
    "stiefel_projection": {"bound": 1.0, "every": 3},
    "soft_orthogonality": {"strength": 1e-3, "every": 2},
    "srip": {"strength": 1e-3},
    "lipschitz_constraint": {"bound": 2.0, "batch_norm_bound": 2.0},
    "conv_operator_clip": {"bound": 1.0, "every": 3},
    "norm_ball": {"radius": 1.0},
    "stable_rank_cap": {"fraction": 0.5},
    "combined": {"parts": [{"regularizer": "weight_decay", "strength": 0.1}, {"regularizer": "norm_ball"}]},
}
OPTIMIZED = {
    "sgd": {"momentum": 0.9, "nesterov": True},
    "adam": {},
    "muon": {"auxiliary_learning_rate": 0.01},
    "scion": {"radius": 2.0},
    "spectral": {"momentum": 0.8},
}


class KilledError(Exception):
    """Ends a training where a test wants it to have been killed."""


def regularized(name, **changes):
    """A small ResNet, which has convolutions and BatchNorm, under one regularizer."""
    narrow = {"name": "resnet-narrow", "family": "resnet", "layout": "cifar", "depth": 8, "width": 4}
    held = {"regularizer": name, **REGULARIZED[name]}
    return settings(architectures=[narrow], conditions={"held": held}, **changes)


def optimized(name, regularizer="none", **changes):
    """The same small ResNet under one optimizer, on a schedule that every rule of it must follow."""
    training = {"epochs": 3, "batch_size": 256, "schedule": {"name": "cosine", "warmup": 0.2}}
    return regularized(regularizer, training={**training, "optimizer": {"name": name, **OPTIMIZED[name]}}, **changes)


def records_of(trial, checkpoint=None):
    records = []
    train(trial, records.append, checkpoint)
    return records


def numbers(records):
    """Everything but the times, which alone may differ between two runs."""
    return [
        (record.epoch, {k: v for k, v in record.metrics.items() if k not in TIMES}, record.layers) for record in records
    ]
