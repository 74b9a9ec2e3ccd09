"""What follows for each cell from a study that was stored before studies wrote it down: `tuning.study.answers`, retold.

Nothing else in this package derives it. A study stored since says it itself.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from analysis.tables.study_data import StudyData, is_range
from tuning.records import Phase

_OWN = ("regularizer", "optimizer", "initialization", "learning_rate")


def derived(study_data: StudyData, condition: str) -> dict[str, Any]:
    """Return what a study would have written down for each cell of a condition.

    Args:
        study_data: the study.
        condition: a condition's name.

    Returns:
        ``values``, ``planned`` and ``matched``, as `tuning.study.answers` has them.
    """
    matched = _matched(study_data, condition)
    seeds = study_data.get("confirm", {}).get("seeds", 0)
    ablate = study_data.get("ablate") or {}
    factors = len(ablate.get("factors", {})) if ablate.get("condition") == condition else 0
    planned = {
        Phase.TUNE: study_data.get("search", {}).get("trials", 0),
        Phase.CONFIRM: seeds,
        Phase.MATCHED: seeds * matched,
        Phase.ABLATE: seeds * factors,
    }
    return {"values": _values(study_data, condition), "planned": planned, "matched": matched}


def _matched(study_data: StudyData, condition: str) -> bool:
    """Return whether the condition was to be confirmed at the baseline's learning rate too."""
    plain = study_data.get("confirm", {}).get("baseline")
    if plain is None or condition == plain:
        return False
    own, others = _values(study_data, condition), _values(study_data, plain)
    searched = is_range(own.get("training.learning_rate"))
    return searched and own.get("optimizer.name") == others.get("optimizer.name")


def _values(study_data: StudyData, condition: str) -> dict[str, Any]:
    """Return flat names and constants or ranges, in the order in which a cell has them."""
    own = study_data.get("conditions", {}).get(condition, {})
    shared, training = study_data.get("shared", {}), study_data.get("training", {})
    values = {
        "training.learning_rate": own.get("learning_rate", shared.get("learning_rate")),
        "training.batch_size": shared.get("batch_size", training.get("batch_size")),
        "training.initialization": own.get("initialization", training.get("initialization")),
        "regularizer.name": own.get("regularizer"),
        **dict(_held({name: value for name, value in own.items() if name not in _OWN}, "regularizer.")),
    }
    values |= {
        f"optimizer.{name}": value for name, value in own.get("optimizer", training.get("optimizer", {})).items()
    }
    return {name: value for name, value in values.items() if value is not None}


def _held(own: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield a regularizer's values under flat names, those of the parts of a combination by the parts' numbers."""
    for name, value in own.items():
        if name != "parts":
            yield prefix + name, value
            continue
        for number, part in enumerate(value):
            within = f"{prefix}parts.{number}."
            yield f"{within}name", part["regularizer"]
            yield from _held({key: item for key, item in part.items() if key != "regularizer"}, within)
