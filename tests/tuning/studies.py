"""Small studies, as the plain data that a YAML file would hold."""

from typing import Any

from tuning.records import Phase
from tuning.settings import TrialSettings
from tuning.study import Study, parse_study


def tiny(**changes: Any) -> dict[str, Any]:
    """A study of two architectures and two conditions that runs in seconds."""
    data = {
        "name": "tiny",
        "dataset": {"name": "digits"},
        "architectures": [
            {"name": "mlp-tiny", "family": "mlp", "depth": 2, "width": 16},
            {"name": "mlp-deep", "family": "mlp", "depth": 3, "width": 16},
        ],
        "conditions": {
            "baseline": {"regularizer": "none"},
            "decay": {"regularizer": "weight_decay", "strength": {"log_uniform": [1e-4, 1e-1]}},
        },
        "shared": {"learning_rate": {"log_uniform": [1e-3, 1e-1]}},
        "training": {"optimizer": "adam", "epochs": 3, "batch_size": 256},
        "search": {"trials": 5, "concurrency": 1, "early_stopping": {"name": "asha", "grace_epochs": 1}},
        "confirm": {"seeds": 2},
    }
    return {**data, **changes}


def study(**changes: Any) -> Study:
    return parse_study(tiny(**changes), "tiny")


def settings(cell: int = 0, phase: Phase = Phase.TUNE, index: int = 0, **changes: Any) -> TrialSettings:
    chosen = study(**changes).cells[cell]
    return chosen.settings(phase, index, chosen.draw(0))


SHORT: dict[str, Any] = {
    "architectures": tiny()["architectures"][:1],
    "conditions": {"baseline": {"regularizer": "none"}},
    "search": {"trials": 1, "concurrency": 1},
    "confirm": {"seeds": 1},
}
"""What changes `tiny` into a study of two trials."""
