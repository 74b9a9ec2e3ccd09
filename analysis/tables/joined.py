"""Several studies as one, where they asked the same of different cells."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from analysis.notation import listed, setting, several
from analysis.tables.runs import RATE, chosen
from analysis.tables.study_data import StudyData
from analysis.tables.study_queries import architectures, baseline, conditions
from analysis.tables.study_tables import Tables, in_order, load, sets_of_versions
from tuning.baseline import reference
from tuning.content import content_change
from tuning.records import ANSWERS, DATA, VERSIONS

_OWN = ("name", "description", "architectures", "conditions", "resources", "ablate", VERSIONS, ANSWERS)
"""What may differ: which cells there are, what else was asked of them, and what no trial's numbers depend on beyond
rounding."""

Name = tuple[str, str]
"""A cell: its architecture's name and its condition's."""


def load_joined(studies: Sequence[str], tracking_uri: str | None = None) -> Tables:
    """Read studies as if they had been one.

    Equal settings make the cells comparable: the same data, training, search and seed give every cell of every study
    the same budget, the same draws of shared hyperparameters and the same confirmation seeds: none of these depends
    on a study's name. A cell that several have, as a baseline, is so asked equally; it is taken from the study that
    takes it apart, else from the first. Together the studies must have every condition on every architecture.

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
    by_study = {part.study: part.study_data for part in parts}
    whole, holders = join(by_study), _holders(by_study)
    _check_one_rate(parts, holders)
    plain = [_own(part, holders) for part in parts]
    runs = in_order(pd.concat(plain), whole)
    owner = {run_id: part for part, runs in zip(parts, plain, strict=True) for run_id in runs.index}
    return Tables(
        study="+".join(part.study for part in parts),
        tracking_uri=parts[0].tracking_uri,
        study_data=whole,
        runs=runs,
        history=partial(_history, owner, parts),
        fetch=partial(_fetch, owner),
        stated=partial(_stated, owner),
        remarks=tuple(_taken(holders)),
    )


def _own(part: Tables, holders: Mapping[Name, Sequence[str]]) -> pd.DataFrame:
    """The runs of those cells that are taken from a study."""
    runs = part.runs.astype({"architecture": str, "condition": str})
    cells = zip(runs["architecture"], runs["condition"], strict=True)
    return runs[[holders.get(cell, [part.study])[0] == part.study for cell in cells]]


def _holders(by_study: Mapping[str, StudyData]) -> dict[Name, list[str]]:
    """By cell, the studies that have it: first the one that it is taken from."""
    holders: dict[Name, list[str]] = {}
    for study, study_data in by_study.items():
        for cell in _cells(study_data):
            holders.setdefault(cell, []).append(study)
    for (_, condition), studies in holders.items():
        # What a condition is without a factor is compared with the runs of its own study.
        studies.sort(key=lambda study: (by_study[study].get("ablate") or {}).get("condition") != condition)
    return holders


def _taken(holders: Mapping[Name, Sequence[str]]) -> list[str]:
    """Say from which study cells come that several have."""
    together: dict[tuple[str, ...], list[Name]] = {}
    for cell, studies in holders.items():
        if len(studies) > 1:
            together.setdefault(tuple(studies), []).append(cell)
    return [
        f"Asked equally in {listed(sorted(studies))}: {_spoken(cells)}. Their runs are those of {studies[0]}; "
        f"the others' are left out."
        for studies, cells in together.items()
    ]


def _check_one_rate(parts: Sequence[Tables], holders: Mapping[Name, Sequence[str]]) -> None:
    """See that a baseline that several studies have has chosen one learning rate in all of them.

    What was trained at the baseline's learning rate is compared with it. A search that learns need not repeat.

    Raises:
        ValueError: it has chosen several.
    """
    for (architecture, condition), studies in holders.items():
        shared = [part for part in parts if part.study in studies and condition == baseline(part.study_data)]
        settings = {part.study: chosen(part, architecture, condition) for part in shared}
        rates = {study: float(run[RATE]) for study, run in settings.items() if run is not None}
        if len(set(rates.values())) > 1:
            told = listed([f"{setting(rate)} in {study!r}" for study, rate in rates.items()])
            raise ValueError(
                f"studies joined with learning_rate: matched have a baseline of one learning rate, got {told} for "
                f"{condition} on {architecture}; report them apart"
            )


def _history(
    owner: Mapping[str, Tables], parts: Sequence[Tables], run_ids: Sequence[str], metrics: Sequence[str]
) -> pa.Table:
    found = [part.history([run_id for run_id in run_ids if owner[run_id] is part], metrics) for part in parts]
    return pa.concat_tables(found)


def _fetch(owner: Mapping[str, Tables], run_id: str, name: str) -> Path | None:
    return owner[run_id].fetch(run_id, name)


def _stated(owner: Mapping[str, Tables], run_id: str) -> Mapping[str, str]:
    return owner[run_id].stated(run_id)


def join(by_study: Mapping[str, StudyData]) -> dict[str, Any]:
    """What several studies asked, as one study.

    Args:
        by_study: by the study's name, its plain data as ``Tables.study_data`` has them.

    Returns:
        The first one's data, with the architectures and conditions of all.

    Raises:
        ValueError: they asked for different things, or leave a cell out.
    """
    for (name, first), (other, second) in combinations(by_study.items(), 2):
        if not (first and second):
            nameless = name if not first else other
            raise ValueError(f"joined studies must be known as they were asked, got {nameless!r} without its file")
        _check_equal(name, first, other, second)
    whole = _united(list(by_study.values())) | _answers(by_study)
    missing = set(_cells(whole)).difference(*map(_cells, by_study.values()))
    if missing:
        raise ValueError(
            f"joined studies have every condition on every architecture, got none with {_spoken(sorted(missing))}; "
            "run those"
        )
    return whole


def _check_equal(study: str, first: StudyData, other: str, second: StudyData) -> None:
    # What was stored before there was a record of the images says nothing of them.
    if DATA in first and DATA in second and (changed := content_change(first[DATA], second[DATA])):
        raise ValueError(
            f"joined studies are trained on the same data, got {changed} from {study!r} to {other!r}; run one of them "
            "again on the other's"
        )
    for key in dict.fromkeys((*first, *second)):
        if key not in (*_OWN, DATA) and first.get(key) != second.get(key):
            where, here, there = _difference(key, first.get(key), second.get(key))
            raise ValueError(
                f"joined studies differ in architectures and conditions alone, got {where} {here!r} in {study!r} and "
                f"{there!r} in {other!r}; run one of them again with the other's"
            )
    for kind, named in (("architecture", _architectures), ("condition", lambda data: data["conditions"])):
        theirs = named(second)
        for name, here in named(first).items():
            if name in theirs and theirs[name] != here:
                raise ValueError(
                    f"equal names mean equal things, got another {kind} {name!r} in {study!r} and {other!r}; "
                    "run one of them again as in the other, or under another name"
                )


def _difference(where: str, here: Any, there: Any) -> tuple[str, Any, Any]:
    """The first place where two plain data differ, as ``search.trials``, and what each has there."""
    if isinstance(here, Mapping) and isinstance(there, Mapping):
        for key in dict.fromkeys((*here, *there)):
            if here.get(key) != there.get(key):
                return _difference(f"{where}.{key}", here.get(key), there.get(key))
    return where, here, there


def _architectures(study_data: StudyData) -> dict[str, Any]:
    return {architecture["name"]: architecture for architecture in study_data["architectures"]}


def _cells(study_data: StudyData) -> list[Name]:
    return [
        (architecture, condition) for architecture in architectures(study_data) for condition in conditions(study_data)
    ]


def _spoken(cells: Sequence[Name]) -> str:
    return several([f"{condition} on {architecture}" for architecture, condition in cells])


def _united(studies: Sequence[StudyData]) -> dict[str, Any]:
    first = {key: value for key, value in studies[0].items() if key != ANSWERS}
    by_architecture: dict[str, Any] = {}
    by_condition: dict[str, Any] = {}
    for study_data in studies:
        by_architecture |= _architectures(study_data)
        by_condition |= study_data["conditions"]
    ablated = [study_data["ablate"] for study_data in studies if study_data.get("ablate")]
    if len(ablated) > 1:
        raise ValueError("at most one of the joined studies has an ablation, got several; report them apart")
    return first | {
        "name": "+".join(study_data["name"] for study_data in studies),
        "architectures": list(by_architecture.values()),
        "conditions": by_condition,
        **({"ablate": ablated[0]} if ablated else {}),
        **_beside(studies),
    }


def _answers(by_study: Mapping[str, StudyData]) -> dict[str, Any]:
    """What the studies have written down for each cell, from the one that it is taken from; older ones have not."""
    if not all(ANSWERS in study_data for study_data in by_study.values()):
        return {}
    regularizers = {
        name: condition["regularizer"]
        for study_data in by_study.values()
        for name, condition in study_data["conditions"].items()
    }
    of_conditions: dict[str, Any] = {}
    of_cells: dict[str, Any] = {}
    for (architecture, condition), (study, *_) in _holders(by_study).items():
        written = by_study[study][ANSWERS]["conditions"][condition]
        if of_conditions.setdefault(condition, written) != written:
            of_cells[f"{architecture}/{condition}"] = written
    named = baseline(next(iter(by_study.values())))
    apart = {"cells": of_cells} if of_cells else {}
    return {ANSWERS: {"baseline": reference(named, regularizers), "conditions": of_conditions, **apart}}


def _beside(studies: Sequence[StudyData]) -> dict[str, Any]:
    """What the studies rest on; those of older versions have no record of it."""
    images = [study_data[DATA] for study_data in studies if DATA in study_data]
    versions = [of_packages for study_data in studies for of_packages in sets_of_versions(study_data)]
    different = [of_packages for place, of_packages in enumerate(versions) if of_packages not in versions[:place]]
    return ({DATA: images[0]} if images else {}) | ({VERSIONS: different} if versions else {})
