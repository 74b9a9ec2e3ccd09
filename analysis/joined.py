"""Several studies as one, where they asked the same of different cells."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from analysis.asked import Asked, architectures, conditions
from analysis.notation import listed, several
from analysis.table import Tables, in_order, load

_OWN = ("name", "description", "architectures", "conditions", "measure", "resources", "ablate")
"""What may differ: which cells there are, what else was asked of them, and what no trial's numbers depend on."""


def load_joined(studies: Sequence[str], tracking_uri: str | None = None) -> Tables:
    """Read studies as if they had been one.

    Equal settings make the cells comparable: the same data, training, search and seed give every cell of every study
    the same budget, the same draws of shared hyperparameters and the same confirmation seeds. Together the studies
    must have every condition on every architecture, each cell once.

    Args:
        studies: names, at least one.
        tracking_uri: the store they share, as ``load`` takes it.

    Returns:
        Their tables, named ``"a+b"``; those of one study as ``load`` reads them.

    Raises:
        ValueError: a study cannot be read, or they do not fit together, with the first reason why not.
    """
    twice = {name for name in studies if studies.count(name) > 1}
    if twice:
        raise ValueError(f"each study is joined once, got {listed(sorted(twice))} twice; name it once")
    parts = [load(study, tracking_uri) for study in studies]
    return parts[0] if len(parts) == 1 else _joined(parts)


def _joined(parts: Sequence[Tables]) -> Tables:
    asked = join({part.study: part.asked for part in parts})
    owner = {run_id: part for part in parts for run_id in part.runs.index}
    plain = [part.runs.astype({"architecture": str, "condition": str}) for part in parts]
    return Tables(
        study="+".join(part.study for part in parts),
        tracking_uri=parts[0].tracking_uri,
        asked=asked,
        runs=in_order(pd.concat(plain), asked),
        history=partial(_history, owner, parts),
        fetch=partial(_fetch, owner),
    )


def _history(
    owner: Mapping[str, Tables], parts: Sequence[Tables], run_ids: Sequence[str], metrics: Sequence[str]
) -> pa.Table:
    found = [part.history([run_id for run_id in run_ids if owner[run_id] is part], metrics) for part in parts]
    return pa.concat_tables(found)


def _fetch(owner: Mapping[str, Tables], run_id: str, name: str) -> Path | None:
    return owner[run_id].fetch(run_id, name)


def join(asked: Mapping[str, Asked]) -> dict[str, Any]:
    """What several studies asked, as one study.

    Args:
        asked: by name, each as ``Tables.asked`` has it.

    Returns:
        The first one's data, with the architectures and conditions of all.

    Raises:
        ValueError: they asked for different things, or leave a cell out, or have one twice.
    """
    for (one, first), (other, second) in combinations(asked.items(), 2):
        if not (first and second):
            nameless = one if not first else other
            raise ValueError(f"joined studies must be known as they were asked, got {nameless!r} without its file")
        _check_equal(one, first, other, second)
        shared = _cells(first) & _cells(second)
        if shared:
            cells = several([f"{condition} on {architecture}" for architecture, condition in sorted(shared)])
            raise ValueError(f"each cell stands in one of the joined studies, got {cells} in {one!r} and {other!r}")
    whole = _united(list(asked.values()))
    missing = _cells(whole) - set().union(*map(_cells, asked.values()))
    if missing:
        cells = several([f"{condition} on {architecture}" for architecture, condition in sorted(missing)])
        raise ValueError(f"joined studies have every condition on every architecture, got none with {cells}; run those")
    return whole


def _check_equal(one: str, first: Asked, other: str, second: Asked) -> None:
    for key in dict.fromkeys((*first, *second)):
        if key not in _OWN and first.get(key) != second.get(key):
            where, here, there = _difference(key, first.get(key), second.get(key))
            raise ValueError(
                f"joined studies differ in architectures and conditions alone, got {where} {here!r} in {one!r} and "
                f"{there!r} in {other!r}; run one of them again with the other's"
            )
    for kind, named in (("architecture", _architectures), ("condition", lambda asked: asked["conditions"])):
        theirs = named(second)
        for name, here in named(first).items():
            if name in theirs and theirs[name] != here:
                raise ValueError(f"equal names mean equal things, got another {kind} {name!r} in {one!r} and {other!r}")


def _difference(where: str, here: Any, there: Any) -> tuple[str, Any, Any]:
    """The first place where two plain data differ, as ``search.trials``, and what each has there."""
    if isinstance(here, Mapping) and isinstance(there, Mapping):
        for key in dict.fromkeys((*here, *there)):
            if here.get(key) != there.get(key):
                return _difference(f"{where}.{key}", here.get(key), there.get(key))
    return where, here, there


def _architectures(asked: Asked) -> dict[str, Any]:
    return {architecture["name"]: architecture for architecture in asked["architectures"]}


def _cells(asked: Asked) -> set[tuple[str, str]]:
    return {(architecture, condition) for architecture in architectures(asked) for condition in conditions(asked)}


def _united(asked: Sequence[Asked]) -> dict[str, Any]:
    first = dict(asked[0])
    named: dict[str, Any] = {}
    held: dict[str, Any] = {}
    for one in asked:
        named |= _architectures(one)
        held |= one["conditions"]
    ablated = [one["ablate"] for one in asked if one.get("ablate")]
    if len(ablated) > 1:
        raise ValueError("at most one of the joined studies has an ablation, got several; report them apart")
    return first | {
        "name": "+".join(one["name"] for one in asked),
        "architectures": list(named.values()),
        "conditions": held,
        **({"ablate": ablated[0]} if ablated else {}),
    }
