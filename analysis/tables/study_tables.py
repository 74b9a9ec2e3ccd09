"""A study's stored runs as tidy tables: one row a run, an epoch, a layer, a singular value."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from analysis.notation import count, several
from analysis.tables.files import Files, Lost, lost_files
from analysis.tables.study_data import StudyData
from analysis.tables.study_queries import architectures, conditions
from tuning import records
from tuning.records import NO_RESULTS, VERSIONS, Phase
from tuning.store import StoredRun, StoreReader, resolve_tracking_uri

PARAM = "param/"
"""What a setting's column starts with, since a setting and a tag may share their name."""

GROUPING = ("phase", "architecture", "family", "size", "condition", "regularizer", "seed")
"""The tags that stand in every row of every table."""


@dataclass(frozen=True, kw_only=True)
class Tables:
    """Everything a study has stored, except its summaries.

    What grows with epochs, layers and singular values is read when it is first asked for: opening a study costs
    one row a run.

    Attributes:
        study: the study's name.
        tracking_uri: the store it was read from.
        study_data: the study as plain data.
        runs: one row a run, indexed by run id: its tags, its settings (``param/…``), its last value of every
            metric, ``epochs`` trained, ``status``, ``start_ms`` and ``end_ms``.
        history: run ids and names of metrics to their points, a row each: ``run_id``, ``metric``, ``epoch``,
            ``value``. Where a resumed trial reported an epoch twice, the point that comes later counts.
        fetch: as `analysis.tables.files.Files` has it.
        stated: run ids to what their runs state of their files, as `analysis.tables.files.Files` has it.
        remarks: sentences on which runs these are, where there is something to say.
    """

    study: str
    tracking_uri: str
    study_data: StudyData
    runs: pd.DataFrame
    history: Callable[[Sequence[str], Sequence[str]], pa.Table]
    fetch: Callable[[str, str], Path | None]
    stated: Callable[[str], Mapping[str, str]]
    remarks: tuple[str, ...] = ()

    @cached_property
    def files(self) -> Files:
        """The files of the runs, and which of them were found to be lost."""
        return Files(fetch=self.fetch, stated=self.stated)

    @property
    def lost(self) -> list[str]:
        """Sentences on the files that were asked for and could not be read."""
        by_study: dict[str, list[Lost]] = {}
        for file in self.files.lost:
            by_study.setdefault(str(self.runs.at[file.run_id, "study"]), []).append(file)
        keys = {file.run_id: str(self.runs.at[file.run_id, "trial_key"]) for file in self.files.lost}
        return [told for study, lost in by_study.items() for told in lost_files(lost, keys, study)]

    @cached_property
    def epochs(self) -> pd.DataFrame:
        """One row a run and epoch: ``run_id``, `GROUPING`, ``epoch``, one column a metric (NaN where it has none)."""
        return self._by_epoch(self.runs, records.METRICS)

    @cached_property
    def confirmation(self) -> pd.DataFrame:
        """The rows of `epochs` that are of confirmation runs, read without those of the search."""
        return self._by_epoch(self.runs[self.runs["phase"] == Phase.CONFIRM], records.METRICS)

    @cached_property
    def times(self) -> pd.DataFrame:
        """The columns of `epochs` that tell what training and measuring took, read without the others."""
        return self._by_epoch(self.runs, records.TIMES)

    @cached_property
    def layers(self) -> pd.DataFrame:
        """One row a run, epoch, layer and view, one column a measure."""
        return self._frame(records.LAYERS_FILE)

    @cached_property
    def spectra(self) -> pd.DataFrame:
        """One row a singular value: run, epoch, layer, view, index (0 is the largest), value."""
        return self._frame(records.SPECTRA_FILE)

    def by_epoch(self, run_ids: Sequence[str], metrics: Sequence[str]) -> pd.DataFrame:
        """Read the rows of `epochs` that are of some runs, with the columns of some metrics alone.

        Args:
            run_ids: which runs.
            metrics: names of `tuning.records.METRICS`.

        Returns:
            As `epochs`; nothing is kept for the next call.
        """
        return self._by_epoch(self.runs.loc[list(run_ids)], metrics)

    def _by_epoch(self, runs: pd.DataFrame, metrics: Sequence[str]) -> pd.DataFrame:
        points = self.history(list(runs.index), metrics).to_pandas()
        points = points.drop_duplicates(["run_id", "metric", "epoch"], keep="last")
        wide = points.pivot(index=["run_id", "epoch"], columns="metric", values="value").astype(float)
        wide = wide.reindex(columns=list(metrics)).sort_index()
        frame = wide.reset_index().astype({"run_id": str}).rename_axis(columns=None)
        tagged: pd.DataFrame = frame.merge(runs[list(GROUPING)], left_on="run_id", right_index=True, sort=False)
        return tagged[["run_id", *GROUPING, "epoch", *metrics]]

    def _frame(self, name: str) -> pd.DataFrame:
        tables = []
        for run_id, table in self.files.rows(name, self.runs.index):
            ids = pa.DictionaryArray.from_arrays(pa.array([0] * len(table), pa.int32()), [run_id])
            tables.append(table.add_column(0, "run_id", ids))
        if not tables:
            return pd.DataFrame({"run_id": []})
        joined = pa.concat_tables(tables, promote_options="default").unify_dictionaries()
        tags = self.runs[list(GROUPING)].rename_axis("run_id").reset_index()
        frame: pd.DataFrame = joined.to_pandas(strings_to_categorical=True)
        return frame.astype({"run_id": str}).merge(tags, on="run_id", how="left", sort=False)


def load(study: str, tracking_uri: str | None = None) -> Tables:
    """Read a study from its store; the summary runs, which this package writes, are left out.

    Args:
        study: the study's name.
        tracking_uri: where it is stored; None takes ``MLFLOW_TRACKING_URI``, else the file that a run writes
            by default.

    Returns:
        Its tables, empty where nothing has run yet.

    Raises:
        ValueError: if the store cannot be reached or holds no such study.
    """
    uri = resolve_tracking_uri(tracking_uri)
    reader = StoreReader(study, uri)
    there = [run for run in reader.runs() if run.tags.get("phase") not in NO_RESULTS]
    stored = [run for run in there if _of_study(run, reader.study_data)]
    by_id = {run.run_id: run for run in stored}
    known = {metric for run in stored for metric in run.metrics}
    runs = runs_frame(stored, reader.study_data)
    return Tables(
        study=study,
        tracking_uri=uri,
        study_data=reader.study_data,
        runs=runs,
        history=lambda run_ids, metrics: reader.history(run_ids, [name for name in metrics if name in known]),
        fetch=lambda run_id, name: reader.artifact(by_id[run_id], name),
        stated=lambda run_id: {name: f"{by_id[run_id].artifact_uri}/{name}" for name in by_id[run_id].files},
        remarks=tuple(_left_out(there, reader.study_data, study)),
    )


def _of_study(run: StoredRun, study_data: StudyData) -> bool:
    """Return whether a run is of a cell that its study has; of a study that is not known all are."""
    names = (("architecture", architectures(study_data)), ("condition", conditions(study_data)))
    return all(not known or run.tags.get(tag) in known for tag, known in names)


def _left_out(stored: Sequence[StoredRun], study_data: StudyData, study: str) -> list[str]:
    """Say which runs are of cells that the study has not: no trial of it made them so."""
    others = [run for run in stored if not _of_study(run, study_data)]
    if not others:
        return []
    cells = sorted({f"{run.tags.get('condition')} on {run.tags.get('architecture')}" for run in others})
    return [
        f"Left out: {count(len(others), 'run')} of cells that the study does not have ({several(cells)}). Their tags "
        f"were edited in MLflow; `python -m tuning replay {study}`, where its results folder is, mends them."
    ]


def runs_frame(stored: Sequence[StoredRun], study_data: StudyData) -> pd.DataFrame:
    """Arrange stored runs as a table.

    Args:
        stored: the runs.
        study_data: as in `Tables`.

    Returns:
        As in `Tables`. Architectures and conditions are ordered as in the study file.
    """
    began = sorted(stored, key=lambda run: run.start_ms)
    tags = (*records.TAGS, *records.BASIS_TAGS)
    rows = [
        {
            "run_id": run.run_id,
            "status": run.status,
            "start_ms": run.start_ms,
            "end_ms": run.end_ms,
            **{tag: run.tags.get(tag, "") for tag in tags},
            **{PARAM + name: value for name, value in run.params.items()},
            **{metric: run.metrics.get(metric, math.nan) for metric in records.METRICS},
            "epochs": run.epochs,
        }
        for run in began
    ]
    fixed = ["run_id", "status", "start_ms", "end_ms", *tags, *records.METRICS, "epochs"]
    frame = pd.DataFrame(rows, columns=None if rows else fixed).set_index("run_id")
    for name in frame.columns:
        if name.startswith(PARAM):
            frame[name] = _typed(frame[name])
    frame["seed"] = _typed(frame["seed"])
    frame["end_ms"] = frame["end_ms"].astype("Int64")  # absent while a run goes on
    return in_order(frame, study_data)


def in_order(frame: pd.DataFrame, study_data: StudyData) -> pd.DataFrame:
    """Order architectures and conditions as in the study file, what it does not name behind.

    Args:
        frame: of runs.
        study_data: as in `Tables`.

    Returns:
        The frame, both columns ordered categories of what is there.
    """
    ordered = {}
    for name, order in (("architecture", architectures(study_data)), ("condition", conditions(study_data))):
        there = list(dict.fromkeys(frame[name]))
        places = {known: place for place, known in enumerate(order)}
        categories = sorted(there, key=lambda name, places=places: places.get(name, len(places)))  # type: ignore[misc]
        ordered[name] = pd.Categorical(frame[name], categories=categories, ordered=True)
    return frame.assign(**ordered)


def _typed(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Give a column of texts its own type: the store keeps every setting as a text."""
    given = column.dropna()
    if given.isin(["True", "False"]).all():
        return column.map({"True": True, "False": False}).astype("boolean")
    numbers = pd.to_numeric(given, errors="coerce")
    if numbers.isna().any():
        return column
    whole = given.str.fullmatch(r"[+-]?\d+").all()
    return pd.to_numeric(column).astype("Int64" if whole else "float64")


def sets_of_versions(study_data: StudyData) -> list[Mapping[str, Any]]:
    """Return the versions that a study was run with, the first set first; none of a study that kept none."""
    return list(study_data.get(VERSIONS, ()))
