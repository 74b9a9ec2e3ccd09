"""A study that goes on with more trials, seeds or epochs than it began with: what it keeps, and what it replaces.

More trials lengthen the search, more seeds the confirmation; what has ended stays. More epochs are another training,
for schedules and the rungs of early stopping are shares of it: every trial is trained anew, and the shorter run stays
in the store, superseded. A cell chooses again when its search has grown, and what its earlier choice has confirmed is
superseded where another setting is chosen now.
"""

import json
from collections.abc import Mapping
from typing import Any

from tuning.engine.state.choice import frozen_trials
from tuning.engine.state.history import History
from tuning.records import CONFIRMATIONS
from tuning.store import StoreWriter
from tuning.study import Study

MAY_GROW = ("search.trials", "training.epochs", "confirm.seeds")
"""The settings that a study may raise between two runs, by their place in its plain data."""


def refusal(kept: Mapping[str, str], wanted: Mapping[str, str]) -> str:
    """Say why a study may not go on as another one.

    Args:
        kept: what was begun, every scalar as JSON by its place.
        wanted: what is to be run, likewise.

    Returns:
        The differences, ``"search.trials 8 -> 6"``, first those that are no growth; empty where it may go on.
    """
    changed = [name for name in dict.fromkeys((*kept, *wanted)) if kept.get(name) != wanted.get(name)]
    grown = [name for name in changed if name in MAY_GROW and _is_more(wanted.get(name, ""), kept.get(name, ""))]
    if changed == grown:
        return ""
    told = [name for name in changed if name not in grown]
    said = [f"{name} {kept.get(name, 'nothing')} -> {wanted.get(name, 'nothing')}" for name in told[:5]]
    return ", ".join([*said, f"{len(told) - 5} more"] if len(told) > 5 else said)


def cure(kept: Mapping[str, Any], wanted: Mapping[str, Any], baseline: str | None) -> str:
    """Say what to do where a study may not go on as another one.

    Conditions that are added are a question of their own: what has run stays, and two studies are reported as one.

    Args:
        kept: what was begun, as plain data.
        wanted: what is to be run, likewise.
        baseline: the condition at whose learning rate the others are confirmed, if they are.
    """
    before, now = kept.get("conditions"), wanted["conditions"]
    before = before if isinstance(before, Mapping) else {}  # a file of another shape
    added = [name for name in now if name not in before]
    others = {key for key in {*kept, *wanted} if key != "conditions" and kept.get(key) != wanted.get(key)}
    if not before or not added or others or {name: now.get(name) for name in before} != before:
        return "undo the change, rename the study, or begin anew with --fresh"
    alone = " and ".join([*added, *([] if baseline is None or baseline in added else [baseline])])
    name = kept["name"]
    return (
        f"to add a condition, run a study of another name with {alone} alone and all else as here, then "
        f"`python -m analysis report {name} OTHER`, which shows both as one"
    )


def _is_more(wanted: str, kept: str) -> bool:
    return wanted.isdecimal() and kept.isdecimal() and int(wanted) > int(kept)


def outgrow(study: Study, history: History) -> list[str]:
    """Forget what the study has outgrown: choices of a smaller search, and trials of fewer epochs.

    Args:
        study: as it is asked now.
        history: what was done; changed.

    Returns:
        The keys of the trials that are superseded.
    """
    trials, epochs = study.search.trials, study.training.epochs
    history.chosen = {
        cell: chosen
        for cell, chosen in history.chosen.items()
        if chosen.trials >= trials and chosen.settings.training.epochs >= epochs
    }
    return _supersede(
        history,
        [key for key, trial in history.trials.items() if trial.settings.training.epochs != epochs],
    )


def replace_confirmations(study: Study, history: History, writer: StoreWriter) -> list[str]:
    """Supersede what earlier choices have confirmed and the present ones do not.

    Args:
        study: with every cell's choice made.
        history: what was done; changed.
        writer: the store.

    Returns:
        The keys of the trials that are superseded.
    """
    replaced = _supersede(history, outdated(study, history))
    for key in replaced:
        writer.supersede(key)
    return replaced


def outdated(study: Study, history: History) -> list[str]:
    """Return the keys of the confirmations that the present choices do not ask for.

    Args:
        study: with every cell's choice made.
        history: what was done.
    """
    planned = {
        settings.key: settings
        for cells in frozen_trials(study, history).values()
        for trials in cells.values()
        for settings in trials
    }
    return [
        key
        for key, trial in history.trials.items()
        if trial.settings.phase in CONFIRMATIONS and planned.get(key) != trial.settings
    ]


def _supersede(history: History, keys: list[str]) -> list[str]:
    for key in keys:
        history.supersede(key)
    return keys


def leaves(data: Any, name: str = "") -> dict[str, str]:
    """Return every scalar below plain data as JSON, by its dotted place.

    Args:
        data: mappings, lists and scalars.
        name: the place of ``data`` itself.
    """
    if isinstance(data, Mapping):
        pairs = [(str(key), value) for key, value in data.items()]
    elif isinstance(data, list):
        pairs = [(str(index), value) for index, value in enumerate(data)]
    else:
        return {name: json.dumps(data)}
    return {
        place: value for key, item in pairs for place, value in leaves(item, f"{name}.{key}" if name else key).items()
    }
