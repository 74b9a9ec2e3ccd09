"""The study that the pages speak of, stored."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.analysis import synthetic
from tuning.store import StoreWriter

STUDY = "first"


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The tracking URI of a store that has the README's study."""
    folder: Path = tmp_path_factory.mktemp("first")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    runs = [replace(run, study=STUDY) for run in synthetic.study()]
    writer = StoreWriter(STUDY, uri, folder / STUDY, {**synthetic.study_data(runs), "name": STUDY})
    synthetic.keep(runs, writer)
    report = writer.close(timeout=120)
    assert report.complete, report
    return uri
