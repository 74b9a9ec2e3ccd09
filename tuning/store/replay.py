"""Sending what a store has missed, without running anything."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tuning.store.journal import Journal
from tuning.store.report import WriterReport
from tuning.store.writer import StoreWriter

_PATIENCE_SECONDS = 60.0


def replay(
    study: str, tracking_uri: str | None, folder: Path, study_data: Mapping[str, Any] | None
) -> tuple[WriterReport, Sequence[str]]:
    """Send a store what it has not got of a study's journal; all of it to one that has none of it.

    Args:
        study: the study's name.
        tracking_uri: the store, as `resolve_tracking_uri` takes it.
        folder: the study's folder.
        study_data: the study as plain data, kept with its experiment; None leaves there what is.

    Returns:
        What was sent, with what still waits because the store stopped taking it; and what was found there that nobody
        expects, a line each.

    Raises:
        ValueError: where there is no journal, another process writes it, or the store cannot be reached.
    """
    if not Journal(folder).path.is_file():
        raise ValueError(
            f"a study is sent from its journal, got none in {folder}; name the --storage that it was run with"
        )
    writer = StoreWriter(study, tracking_uri, folder, study_data, thorough=True)
    report = writer.close(_PATIENCE_SECONDS)
    if writer.away is not None and not report.complete:
        raise ValueError(writer.away)
    return report, writer.news()
