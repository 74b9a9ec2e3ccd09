"""A trial's settings with something changed in them, by the keys that conditions and study files use."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from regularizers import REGULARIZERS
from tuning.nearest import nearest
from tuning.settings.build import build, build_named
from tuning.settings.optimizers import OPTIMIZERS
from tuning.settings.regularizer import flatten, read, unflatten
from tuning.settings.space import KINDS
from tuning.settings.training import Schedule, Training
from tuning.settings.trial_settings import TrialSettings

Override = dict[str, Any]
"""Plain values, ``{"initialization": "default"}``, ``{"where": ["hidden"]}``, ``{"optimizer": {"name": "sgd"}}``."""

_TRAINING = ("initialization", "learning_rate")
_NAMED = ("optimizer", "schedule")
_RENAMES = ".regularizer"


def read_override(value: Any) -> Override:
    """Return what a study file says is changed; `overridden` finds out whether it can be.

    Args:
        value: ``{optimizer: sgd, learning_rate: 0.1}``.

    Returns:
        The same, a bare name of an optimizer or a schedule written out.

    Raises:
        ValueError: where it is no mapping, changes nothing, or holds a range.
    """
    if not isinstance(value, dict) or not value:
        raise ValueError(f"a change is a mapping of settings, got {value!r}; e.g. {{initialization: default}}")
    _refuse_ranges(value)
    override = {str(key): item for key, item in value.items()}
    for key in _NAMED:
        if isinstance(override.get(key), str):
            override[key] = {"name": override[key]}
        if key in override and not (isinstance(override[key], dict) and "name" in override[key]):
            raise ValueError(f"{key} must be a name, or a mapping with one, got {override[key]!r}")
    return override


def overridden(settings: TrialSettings, override: Override) -> TrialSettings:
    """Return the settings with what the override names changed, and all the rest as it was.

    Another regularizer, optimizer or schedule begins from its own defaults; one that is named as it was keeps the
    numbers that the override does not give.

    Args:
        settings: complete ones.
        override: as `read_override` returns it. What is no key of the training is the regularizer's, that of a part
            by the part's number: ``parts.1.strength``, or ``parts.1.regularizer`` for another in its place.

    Returns:
        Complete settings again.

    Raises:
        ValueError: for a key or a value that the settings cannot have.
    """
    held = {key: item for key, item in override.items() if key not in (*_TRAINING, *_NAMED)}
    training = {key: item for key, item in override.items() if key in _TRAINING}
    optimizer = {"name": settings.optimizer.name, **vars(settings.optimizer)}
    schedule = vars(settings.schedule)
    return replace(
        settings,
        regularizer=unflatten(_held(flatten(settings.regularizer), held)),
        optimizer=build_named("optimizer", OPTIMIZERS, _changed(optimizer, override.get("optimizer", {}))),
        schedule=build("schedule", Schedule, _changed(schedule, override.get("schedule", {}))),
        training=build("training", Training, {**vars(settings.training), **training}),
    )


def _held(flat: Mapping[str, Any], override: Override) -> dict[str, Any]:
    """Return a regularizer's flat values with some of them changed.

    Raises:
        ValueError: for a key that the regularizer does not take.
    """
    if "regularizer" in override:
        changes = read(override)
        # Some regularizers have two names, and flat values always bear the first.
        kind = REGULARIZERS[changes["name"]]
        changes["name"] = next(name for name, known in REGULARIZERS.items() if known is kind)
        return _changed(flat, changes)
    changes = {
        key.removesuffix(_RENAMES) + ".name" if key.endswith(_RENAMES) else key: item for key, item in override.items()
    }
    anew = tuple(key.removesuffix("name") for key in changes if key.endswith(".name"))
    for key in changes:
        if key not in flat and not (anew and key.startswith(anew)):
            known = [name for name in flat if name != "name"] + ["regularizer", *_NAMED, *_TRAINING]
            raise ValueError(
                f"what can be changed of {flat['name']} is {', '.join(known)}, got {key!r}{nearest(key, known)}"
            )
    return _changed(flat, changes)


def _changed(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with the changes in them; what gets another name, loses the values of the old one."""
    kept = dict(values)
    for key, item in changes.items():
        if key.rpartition(".")[2] == "name" and kept.get(key) != item:
            within = key.removesuffix("name")
            kept = {name: value for name, value in kept.items() if not name.startswith(within)}
    return {**kept, **changes}


def _refuse_ranges(value: Any) -> None:
    """See that there are constants alone.

    Raises:
        ValueError: where there is a range.
    """
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, dict) and len(item) == 1 and next(iter(item)) in (*KINDS, "choice"):
                raise ValueError(f"{key} must be one value, for nothing is tuned anew, got the range {item}")
            _refuse_ranges(item)
    elif isinstance(value, list):
        for item in value:
            _refuse_ranges(item)
