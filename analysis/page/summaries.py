"""Summary runs: of each cell what MLflow's own pages cannot compute, of the study its report and pictures, once."""

import math
from collections.abc import Sequence
from pathlib import Path

from analysis.findings.budget import as_data, budgets
from analysis.findings.curves import Curve, curves
from analysis.tables.study_tables import Tables
from tuning import records
from tuning.records import Phase, StopReason
from tuning.store import write_summary

ALL = "all"
"""What the tags of the study's own summary name, where a cell's name what it is of."""


def write_summaries(tables: Tables, files: Sequence[Path]) -> int:
    """Write a summary run for every cell that has confirmation runs, and one for the study; earlier ones are replaced.

    Each metric m becomes ``m/mean``, ``m/low`` and ``m/high`` by epoch, over the seeds. Budgets are single points,
    ``budget/tune_planned_epochs``, ``budget/tune_epochs``, ``budget/tune_training_seconds``, … and the same of the
    confirmation and of what else the cell was to confirm.

    Args:
        tables: the study's.
        files: what the study's summary run carries: the report and its pictures.

    Returns:
        How many were written of cells.
    """
    drawn = curves(tables, records.METRICS)
    cells = dict.fromkeys((curve.architecture, curve.condition) for curve in drawn)
    for architecture, condition in cells:
        of_cell = [curve for curve in drawn if (curve.architecture, curve.condition) == (architecture, condition)]
        write_summary(
            tables.study,
            tables.tracking_uri,
            _key(architecture, condition),
            _tags(tables, architecture, condition),
            {**_by_metric(of_cell), **_budgets(tables, architecture, condition)},
            [],
        )
    write_summary(tables.study, tables.tracking_uri, str(Phase.SUMMARY), _of_all(tables), {}, files)
    return len(cells)


def _key(architecture: str, condition: str) -> str:
    return f"{Phase.SUMMARY}__{architecture}__{condition}"


def _tags(tables: Tables, architecture: str, condition: str) -> dict[str, str]:
    """Take every tag from the cell's runs, so that MLflow's grouping finds the summary beside them."""
    runs = tables.runs
    of_cell = runs[
        (runs["architecture"] == architecture) & (runs["condition"] == condition) & (runs["phase"] == Phase.CONFIRM)
    ]
    shared = {tag: str(of_cell[tag].iloc[-1]) for tag in records.TAGS}
    return {**shared, **_own(_key(architecture, condition))}


def _own(key: str) -> dict[str, str]:
    return {
        "phase": Phase.SUMMARY.value,
        "seed": ALL,
        "trial_key": key,
        "stop_reason": StopReason.COMPLETED.value,
    }


def _of_all(tables: Tables) -> dict[str, str]:
    """Take the tags that all runs have alike; of the others the summary is of all."""
    values_of = {tag: set(tables.runs[tag].astype(str)) for tag in records.TAGS}
    shared = {tag: next(iter(values)) if len(values) == 1 else ALL for tag, values in values_of.items()}
    return {**shared, "architecture": ALL, "condition": ALL, **_own(str(Phase.SUMMARY))}


def _budgets(tables: Tables, architecture: str, condition: str) -> dict[str, dict[int, float]]:
    known = as_data(budgets(tables, architecture, condition))
    return {
        f"budget/{name}": {0: value} for name, value in known.items() if value is not None and not math.isnan(value)
    }


def _by_metric(cell: list[Curve]) -> dict[str, dict[int, float]]:
    points = {}
    for curve in cell:
        for name in ("mean", "low", "high"):
            values = zip(curve.epochs.tolist(), getattr(curve.band, name).tolist(), strict=True)
            # One seed gives no bounds, and MLflow has no way to say so but to lack the point.
            points[f"{curve.metric}/{name}"] = {epoch: value for epoch, value in values if not math.isnan(value)}
    return points
