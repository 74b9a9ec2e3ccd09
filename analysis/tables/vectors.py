"""Whole vectors of singular values, one epoch of one run in memory at a time."""

from collections.abc import Iterable, Iterator

import numpy as np

from analysis.stats import FloatArray
from analysis.tables.study_tables import Tables
from tuning import records


def vectors(tables: Tables, run_ids: Iterable[str], view: str) -> Iterator[tuple[str, int, FloatArray]]:
    """Read all singular values of runs, epoch by epoch.

    The store orders rows by epoch, so that an epoch is complete where the next begins.

    Args:
        tables: the study's.
        run_ids: which runs; those that stored none are passed over.
        view: the linear map a weight is seen as.

    Yields:
        The run's id, the epoch, and its values of all weights one after the other, float32.
    """
    for run_id in run_ids:
        pieces: list[FloatArray] = []
        current = -1
        for batch in tables.files.batches(records.SPECTRA_FILE, run_id, view=view, columns=["epoch", "value"]):
            epochs, values = batch["epoch"].to_numpy(), batch["value"].to_numpy()
            cuts = np.flatnonzero(np.diff(epochs)) + 1
            for epoch, part in zip(epochs[[0, *cuts]].tolist(), np.split(values, cuts), strict=True):
                if pieces and epoch != current:
                    yield run_id, current, np.concatenate(pieces)
                    pieces = []
                current = epoch
                pieces.append(part)
        if pieces and tables.files.path(
            run_id, records.SPECTRA_FILE
        ):  # of a file that breaks off, its last epoch is none
            yield run_id, current, np.concatenate(pieces)
