"""What a study asked, in words and in order: from its plain data, as the store keeps it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from analysis.notation import setting
from tuning.records import repeatability, short_name

Asked = Mapping[str, Any]
"""A study as the plain data of its file with nothing left to defaults; empty where none was kept."""

_RANGES = {"uniform": "", "log_uniform": ", log scale", "int_uniform": ", whole numbers"}
_FOR = "condition"
"""Where a starting point names the only condition that it is meant for."""

_OWN = ("regularizer", "optimizer", "initialization", "learning_rate")


def architectures(asked: Asked) -> list[str]:
    """Return the names of the architectures in the order of the file."""
    return [architecture["name"] for architecture in asked.get("architectures", [])]


def conditions(asked: Asked) -> list[str]:
    """Return the names of the conditions in the order of the file."""
    return list(asked.get("conditions", {}))


def baseline(asked: Asked) -> str | None:
    """Return the condition at whose learning rate the others were confirmed too, None where they were not."""
    name: str | None = asked.get("confirm", {}).get("baseline")
    return name


def factors(asked: Asked) -> dict[str, Mapping[str, Any]]:
    """Return the factors that were switched off one at a time, and what stood in for each; empty where none was."""
    return dict(asked.get("ablate", {}).get("factors", {}))


def searched(asked: Asked, condition: str) -> list[str]:
    """Return the flat names of what was searched under a condition.

    Args:
        asked: the study.
        condition: a condition's name.

    Returns:
        ``["training.learning_rate", "regularizer.strength"]``, in the order of the file.
    """
    return [name for name, value in _values(asked, condition) if _is_range(value)]


def ranges(asked: Asked, condition: str) -> dict[str, tuple[str, Sequence[Any]]]:
    """Return the range of each setting that was searched under a condition.

    Args:
        asked: the study.
        condition: a condition's name.

    Returns:
        ``{"training.learning_rate": ("log_uniform", [1e-4, 0.1])}``, in the order of the file; for a ``choice`` the
        values to choose from.
    """
    return {name: next(iter(value.items())) for name, value in _values(asked, condition) if _is_range(value)}


def starting_points(asked: Asked, condition: str) -> list[Mapping[str, Any]]:
    """Return the starting points that the cells of a condition tried first: those that give only what it searches.

    Args:
        asked: the study.
        condition: a condition's name.

    Returns:
        Values by short or flat name, in the order of the file.
    """
    known = {name for flat in searched(asked, condition) for name in (flat, short_name(flat))}
    meant = [point for point in asked.get("search", {}).get("points", ()) if point.get(_FOR, condition) == condition]
    return [values for point in meant if (values := {n: v for n, v in point.items() if n != _FOR}).keys() <= known]


def described(asked: Asked) -> dict[str, str]:
    """Return, for each condition, what it is: its regularizer, constants and ranges.

    Args:
        asked: the study.

    Returns:
        ``{"decay": "weight_decay: strength in [1e-5, 0.1], log scale; learning rate in …"}``
    """
    return {
        name: f"{condition['regularizer']}: " + "; ".join(_spoken(key, value) for key, value in _own_first(asked, name))
        for name, condition in asked.get("conditions", {}).items()
    }


def surroundings(asked: Asked) -> dict[str, str]:
    """Return what was the same for all conditions, by heading.

    Args:
        asked: the study.

    Returns:
        Headings and words; empty where no study was kept.
    """
    if not asked:
        return {}
    training, search = asked["training"], asked["search"]
    stopping = search["early_stopping"]
    return {
        "Data set": _listed(asked["dataset"]),
        "Training": f"{training['epochs']} epochs, initialization {training['initialization']}",
        "Schedule": _listed(training["schedule"]),
        "Search": f"{search['algorithm']}, {search['trials']} trials a cell, seed {search['seed']}, early stopping "
        + _listed(stopping if stopping["name"] != "none" else {"name": "none"})
        + _points(search.get("points", []))
        + f". {repeatability(search['algorithm'], stopping['name'], search.get('concurrency'))}",
        "Confirmation": f"{asked['confirm']['seeds']} seeds a cell, the same for every condition"
        + (f"; also at the learning rate of {baseline(asked)}" if baseline(asked) else ""),
        **({f"Factors of {asked['ablate']['condition']}": _factors(asked)} if factors(asked) else {}),
        "Resources of a trial": _listed(asked["resources"]),
    }


def _values(asked: Asked, condition: str) -> Iterator[tuple[str, Any]]:
    """Yield flat names and constants or ranges, in the order in which settings are written everywhere."""
    own = asked.get("conditions", {}).get(condition, {})
    shared, training = asked.get("shared", {}), asked.get("training", {})
    yield "training.learning_rate", own.get("learning_rate", shared.get("learning_rate"))
    yield "training.batch_size", shared.get("batch_size", training.get("batch_size"))
    yield from _held({name: value for name, value in own.items() if name not in _OWN}, "regularizer.")
    optimizer = own.get("optimizer", training.get("optimizer", {}))
    yield from ((f"optimizer.{name}", value) for name, value in optimizer.items())
    if "initialization" in own:
        yield "training.initialization", own["initialization"]


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


def _points(points: Sequence[Mapping[str, Any]]) -> str:
    """Write the starting points: ", first tried: learning rate 0.00100; …"."""
    told = "; ".join(", ".join(_spoken(name, value) for name, value in point.items()) for point in points)
    return f", first tried: {told}" if told else ""


def _own_first(asked: Asked, condition: str) -> list[tuple[str, Any]]:
    """Return the same, what holds the weights before how they are trained."""
    return sorted(_values(asked, condition), key=lambda pair: not pair[0].startswith("regularizer."))


def _is_range(value: Any) -> bool:
    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in {*_RANGES, "choice"}


def _spoken(key: str, value: Any) -> str:
    """Write one setting: "strength in [1e-5, 0.1], log scale", "optimizer adam", "parts.1 weight_decay"."""
    name = short_name(key)
    words = "optimizer" if name == "name" else name.removesuffix(".name").replace("_", " ")
    if not _is_range(value):
        return f"{words} {_plain(value)}"
    kind, bounds = next(iter(value.items()))
    if kind == "choice":
        return f"{words} one of {_plain(bounds)}"
    return f"{words} in [{', '.join(map(_plain, bounds))}]{_RANGES[kind]}"


def _listed(values: Mapping[str, Any]) -> str:
    """Write a mapping: its name first, then its other values."""
    rest = ", ".join(f"{name.replace('_', ' ')} {_plain(value)}" for name, value in values.items() if name != "name")
    return " · ".join(text for text in (str(values.get("name", "")), rest) if text)


def _factors(asked: Asked) -> str:
    """Write what stood in for each factor: "start off: initialization default; optimizer off: optimizer sgd"."""
    told = {
        name: _listed({key: _stand_in(item) for key, item in each.items()}) for name, each in factors(asked).items()
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
