"""Which spectra a study has kept, and by which routines they were found."""

import itertools
import statistics
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from analysis.tables.runs import cells, confirmed_runs
from analysis.tables.study_tables import Tables
from tuning import records

NORM = "spectral_norm"
"""The measure that every spectrum has."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Which measured epochs of an architecture's trials kept whole vectors of singular values.

    Attributes:
        architecture: its name.
        views: of which there are measures, in the order in which they were taken.
        measured: the epochs that have measures of a spectrum, ascending.
        kept: those of them that have vectors, ascending.
        size: bytes of a trial's vectors as stored.
    """

    architecture: str
    views: tuple[str, ...]
    measured: tuple[int, ...]
    kept: tuple[int, ...]
    size: int

    @property
    def whole(self) -> float:
        """Bytes that the vectors of all measured epochs would have taken, as far as some were kept."""
        return self.size * len(self.measured) / max(len(self.kept), 1)


def kept(tables: Tables) -> tuple[Kept, ...]:
    """Find out which epochs kept their vectors, from one confirmation run of each architecture.

    One run speaks for all: which epochs keep them follows from the architecture and the study.

    Args:
        tables: the study's.

    Returns:
        One for each architecture with a confirmation run that has stored measures, in the study's order.
    """
    found = []
    for architecture in tables.runs["architecture"].cat.categories:
        pairs = [pair for pair in cells(tables) if pair[0] == architecture]
        run_ids = (run_id for pair in pairs for run_id in confirmed_runs(tables, *pair).index)
        # A run whose vectors are lost tells nothing of which were kept.
        whole = (run_id for run_id in run_ids if tables.files.path(run_id, records.SPECTRA_FILE))
        read = next(tables.files.rows(records.LAYERS_FILE, whole, columns=["epoch", "view", NORM]), None)
        if read is not None:
            found.append(_kept(tables, architecture, *read))
    return tuple(found)


def _kept(tables: Tables, architecture: str, run_id: str, layers: pa.Table) -> Kept:
    if NORM in layers.column_names:  # a row without one is of a weight that has no spectrum: no vector was left out
        layers = layers.filter(pc.is_valid(layers[NORM]))
    vectors = tables.files.path(run_id, records.SPECTRA_FILE)
    epochs: set[int] = set()
    for batch in tables.files.batches(records.SPECTRA_FILE, run_id, columns=["epoch"]):
        epochs.update(pc.unique(batch["epoch"]).to_pylist())
    return Kept(
        architecture=architecture,
        views=tuple(layers["view"].unique().to_pylist()),
        measured=tuple(sorted(layers["epoch"].unique().to_pylist())),
        kept=tuple(sorted(epochs)),
        size=vectors.stat().st_size if vectors else 0,
    )


def fallbacks(tables: Tables) -> Mapping[str, int]:
    """Count the spectra of confirmation runs that another routine than the usual had to find.

    Args:
        tables: the study's.

    Returns:
        How many by routine, the most frequent first: ``{"svd: gesvd": 3}``. What was stored before routines were
        told counts as usual.
    """
    run_ids = [run_id for pair in cells(tables) for run_id in confirmed_runs(tables, *pair).index]
    counted: Counter[str] = Counter()
    for _, layers in tables.files.rows(records.LAYERS_FILE, run_ids, columns=["routine"]):
        if "routine" in layers.column_names:
            counts = layers["routine"].combine_chunks().value_counts()
            counted.update({row["values"]: row["counts"] for row in counts.to_pylist()})
    return {routine: number for routine, number in counted.most_common() if routine is not None and ":" in routine}


def spacing(epochs: tuple[int, ...]) -> int:
    """Return the usual distance of neighbouring epochs; the last may be nearer.

    Args:
        epochs: ascending, at least two.

    Example:
        >>> spacing((0, 25, 50, 60))
        25
    """
    return statistics.mode(after - before for before, after in itertools.pairwise(epochs))
