"""Every measure of every trial, epoch by epoch, as one table."""

from collections.abc import Sequence

import pandas as pd
import pyarrow.compute as pc

from analysis.tables.study_tables import Tables
from tuning import records

SPECTRAL = (
    records.SPECTRAL_NORM_MAX,
    records.SPECTRAL_NORM_MEAN,
    records.SPECTRAL_NORM_STD,
    records.RANK_MEAN,
    records.STABLE_RANK_MEAN,
    records.EFFECTIVE_RANK_MEAN,
    records.DISTANCE_MEAN,
    records.UPDATE_NORM_MEAN,
    records.AGREEMENT_MEAN,
    records.ALIGNMENT_MEAN,
    records.LIPSCHITZ_BOUND,
    records.LIPSCHITZ_PADDED,
    records.JACOBIAN_NORM,
)
"""Measures of a whole network that are stored as metrics."""

ORDINARY = (records.TRAIN_LOSS, records.VAL_ACCURACY)
"""What anyone looks at anyway: a spectral measure is of use where it predicts better than these."""

LAYERS = "layers/"
"""What the name of a measure starts with that is the mean over a network's layers, in the view ``flat``."""


def measured(tables: Tables, run_ids: Sequence[str], epochs: Sequence[int] | None = None) -> pd.DataFrame:
    """Collect the measures of every trial and epoch that may predict how the trial ends.

    Args:
        tables: the study's.
        run_ids: which trials.
        epochs: whose rows are wanted; None takes all that have spectral measures.

    Returns:
        One row a run and epoch with spectral measures, indexed by ``run_id`` and ``epoch``; one column for each of
        `SPECTRAL` and `ORDINARY`, and for the mean over layers of each measure in the trials' layers.parquet that is no
        metric already.
    """
    names = [*SPECTRAL, *ORDINARY]
    rows = tables.by_epoch(run_ids, names)
    if epochs is not None:
        rows = rows[rows["epoch"].isin(epochs)]
    network = rows.set_index(["run_id", "epoch"])[names]
    network = network[network[list(SPECTRAL)].notna().any(axis="columns")]
    return network.join(_layers(tables, run_ids, epochs))


def measured_epochs(tables: Tables, run_ids: Sequence[str]) -> tuple[int, ...]:
    """Return the epochs at which some of the trials have spectral measures, ascending.

    Args:
        tables: the study's.
        run_ids: which trials.
    """
    norms = tables.by_epoch(run_ids, [records.SPECTRAL_NORM_MAX]).dropna(subset=[records.SPECTRAL_NORM_MAX])
    return tuple(sorted(norms["epoch"].unique().tolist()))


def _layers(tables: Tables, run_ids: Sequence[str], epochs: Sequence[int] | None) -> pd.DataFrame:
    means = {}
    for run_id, rows in tables.files.rows(records.LAYERS_FILE, run_ids, view="flat"):
        wanted = rows if epochs is None else rows.filter(pc.field("epoch").isin(list(epochs)))
        new = [name for name in wanted.column_names if f"{name}/mean" not in SPECTRAL]
        means[run_id] = wanted.select(new).to_pandas().groupby("epoch").mean(numeric_only=True)
    if not means:
        return pd.DataFrame(index=pd.MultiIndex.from_arrays([[], []], names=["run_id", "epoch"]))
    joined: pd.DataFrame = pd.concat(means, names=["run_id", "epoch"]).add_prefix(LAYERS)
    return joined
