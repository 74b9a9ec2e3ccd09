"""Questions of a study by its plain data: its names in order, what was searched, its settings in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.notation import setting
from analysis.tables.older_studies import derived
from analysis.tables.study_data import StudyData, is_range
from tuning.baseline import reference
from tuning.records import ANSWERS, Phase, repeatability, short_name, stops_early

_RANGES = {"uniform": "", "log_uniform": ", log scale", "int_uniform": ", whole numbers"}
_START = "training.initialization"
_FOR = "condition"
"""Where a starting point names the only condition that it is meant for."""


@dataclass(frozen=True, kw_only=True)
class CellAnswers:
    """What follows from a study for one cell.

    Attributes:
        values: by flat name the constant, or the range that was searched, in the order of the file.
        planned: trials by phase; of ``matched`` the most there could be.
        matched: whether it was to be confirmed at the baseline's learning rate too.
    """

    values: Mapping[str, Any]
    planned: Mapping[Phase, int]
    matched: bool


def answers_of(study_data: StudyData, architecture: str, condition: str) -> CellAnswers:
    """Return what a study has written down for one of its cells; of an older one it is derived.

    Args:
        study_data: the study.
        architecture: its name.
        condition: its name.
    """
    stored = study_data.get(ANSWERS)
    found = derived(study_data, condition) if stored is None else _stored(stored, architecture, condition)
    planned = {Phase(phase): count for phase, count in found["planned"].items()}
    return CellAnswers(values=found["values"], planned=planned, matched=found["matched"])


def _stored(written: Mapping[str, Any], architecture: str, condition: str) -> Mapping[str, Any]:
    """Return what is written of a condition; of joined studies of which one takes it apart, what is of the cell."""
    apart: Mapping[str, Any] | None = written.get("cells", {}).get(f"{architecture}/{condition}")
    of_condition: Mapping[str, Any] = written["conditions"][condition]
    return apart or of_condition


def compared_with(study_data: StudyData, names: Sequence[str]) -> str:
    """Return the condition that others are measured against.

    Args:
        study_data: the study.
        names: of the conditions that are compared, at least one.

    Returns:
        The study's baseline where it is among them; else what would be the baseline of a study of these alone.
    """
    held = study_data.get("conditions", {})
    named = study_data.get(ANSWERS, {}).get("baseline", baseline(study_data))
    return reference(named, {name: held.get(name, {}).get("regularizer", "") for name in names})


def architectures(study_data: StudyData) -> list[str]:
    """Return the names of the architectures in the order of the file."""
    return [architecture["name"] for architecture in study_data.get("architectures", [])]


def conditions(study_data: StudyData) -> list[str]:
    """Return the names of the conditions in the order of the file."""
    return list(study_data.get("conditions", {}))


def baseline(study_data: StudyData) -> str | None:
    """Return the condition at whose learning rate the others were confirmed too, None where they were not."""
    name: str | None = study_data.get("confirm", {}).get("baseline")
    return name


def factors(study_data: StudyData) -> dict[str, Mapping[str, Any]]:
    """Return the factors that were switched off one at a time, and what stood in for each; empty where none was."""
    return dict(study_data.get("ablate", {}).get("factors", {}))


def searched(study_data: StudyData, condition: str) -> list[str]:
    """Return the flat names of what was searched under a condition.

    Args:
        study_data: the study.
        condition: a condition's name.

    Returns:
        ``["training.learning_rate", "regularizer.strength"]``, in the order of the file.
    """
    return list(ranges(study_data, condition))


def ranges(study_data: StudyData, condition: str) -> dict[str, tuple[str, Sequence[Any]]]:
    """Return the range of each setting that was searched under a condition.

    Args:
        study_data: the study.
        condition: a condition's name.

    Returns:
        ``{"training.learning_rate": ("log_uniform", [1e-4, 0.1])}``, in the order of the file; for a ``choice`` the
        values to choose from.
    """
    values = _values(study_data, condition)
    return {name: next(iter(value.items())) for name, value in values.items() if is_range(value)}


def starting_points(study_data: StudyData, condition: str) -> list[Mapping[str, Any]]:
    """Return the starting points that the cells of a condition tried first: those that give only what it searches.

    Args:
        study_data: the study.
        condition: a condition's name.

    Returns:
        Values by short or flat name, in the order of the file.
    """
    known = {name for flat in searched(study_data, condition) for name in (flat, short_name(flat))}
    meant = [
        point for point in study_data.get("search", {}).get("points", ()) if point.get(_FOR, condition) == condition
    ]
    return [values for point in meant if (values := {n: v for n, v in point.items() if n != _FOR}).keys() <= known]


def described(study_data: StudyData) -> dict[str, str]:
    """Return, for each condition, what it is: its regularizer, constants and ranges.

    Args:
        study_data: the study.

    Returns:
        ``{"decay": "weight_decay: strength in [1e-5, 0.1], log scale; learning rate in …"}``
    """
    return {
        name: f"{condition['regularizer']}: "
        + "; ".join(_spoken(key, value) for key, value in _own_first(study_data, name))
        for name, condition in study_data.get("conditions", {}).items()
    }


def surroundings(study_data: StudyData) -> dict[str, str]:
    """Return what was the same for all conditions, by heading.

    Args:
        study_data: the study.

    Returns:
        Headings and words; empty where no study was kept.
    """
    if not study_data:
        return {}
    training, search = study_data["training"], study_data["search"]
    stopping = search["early_stopping"]
    return {
        "Data set": _listed(study_data["dataset"]),
        "Training": f"{training['epochs']} epochs, initialization {training['initialization']}",
        "Schedule": _listed(training["schedule"]),
        "Search": f"{search['algorithm']}, {search['trials']} trials a cell, seed {search['seed']}, early stopping "
        + _listed(stopping if stops_early(stopping["name"]) else {"name": "none"})
        + _points(search.get("points", []))
        + f". {repeatability(search['algorithm'], stopping['name'], search.get('concurrency'))}",
        "Confirmation": f"{study_data['confirm']['seeds']} seeds a cell, the same for every condition"
        + (f"; also at the learning rate of {baseline(study_data)}" if baseline(study_data) else ""),
        **({f"Factors of {study_data['ablate']['condition']}": _factors(study_data)} if factors(study_data) else {}),
        "Resources of a trial": _listed(study_data["resources"]),
    }


def _points(points: Sequence[Mapping[str, Any]]) -> str:
    """Write the starting points: ", first tried: learning rate 0.00100; …"."""
    told = "; ".join(", ".join(_spoken(name, value) for name, value in point.items()) for point in points)
    return f", first tried: {told}" if told else ""


def _own_first(study_data: StudyData, condition: str) -> list[tuple[str, Any]]:
    """Return the settings of a condition: what holds the weights before how they are trained, its own start last."""
    values = dict(_values(study_data, condition))
    del values["regularizer.name"]
    start = values.pop(_START, None)
    own = {_START: start} if "initialization" in study_data["conditions"][condition] else {}
    return [*sorted(values.items(), key=lambda pair: not pair[0].startswith("regularizer.")), *own.items()]


def _values(study_data: StudyData, condition: str) -> Mapping[str, Any]:
    """Return the settings of a condition's cells, which have the same on each architecture."""
    architecture = next(iter(architectures(study_data)), "")
    return answers_of(study_data, architecture, condition).values


def _spoken(key: str, value: Any) -> str:
    """Write one setting: "strength in [1e-5, 0.1], log scale", "optimizer adam", "parts.1 weight_decay"."""
    name = short_name(key)
    words = "optimizer" if name == "name" else name.removesuffix(".name").replace("_", " ")
    if not is_range(value):
        return f"{words} {_plain(value)}"
    kind, bounds = next(iter(value.items()))
    if kind == "choice":
        return f"{words} one of {_plain(bounds)}"
    return f"{words} in [{', '.join(map(_plain, bounds))}]{_RANGES[kind]}"


def _listed(values: Mapping[str, Any]) -> str:
    """Write a mapping: its name first, then its other values."""
    rest = ", ".join(f"{name.replace('_', ' ')} {_plain(value)}" for name, value in values.items() if name != "name")
    return " · ".join(text for text in (str(values.get("name", "")), rest) if text)


def _factors(study_data: StudyData) -> str:
    """Write what stood in for each factor: "start off: initialization default; optimizer off: optimizer sgd"."""
    told = {
        name: _listed({key: _stand_in(item) for key, item in changes.items()})
        for name, changes in factors(study_data).items()
    }
    return "; ".join(f"{name} off: {words}" for name, words in told.items())


def _stand_in(value: Any) -> Any:
    if value is None:
        return "default"
    return _listed(value) if isinstance(value, Mapping) else value


def _plain(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_plain, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return setting(value)
