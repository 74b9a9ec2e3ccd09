"""A disk of artifacts that is full costs a study nothing but the files, and those only until there is room."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tuning.engine.small_disk import enlarge, mounted, needs_mount
from tests.tuning.place import Place
from tuning.records import LAYERS_FILE, SPECTRA_FILE
from tuning.store import StoreReader

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.cluster, needs_mount]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Where MLflow keeps the files of a SQLite store."""
    with mounted(tmp_path / "mlartifacts", "64k") as folder:
        yield folder


def test_a_study_trains_on_says_so_and_sends_the_files_when_there_is_room(disk: Path, tmp_path: Path) -> None:
    place = Place(tmp_path)
    done = place.run()
    assert done.returncode == 1
    assert "confirm: mlp-deep/decay 2/2 completed after 3 epochs" in done.stdout
    assert "No space left on device" in done.stderr
    assert "events are stored" in done.stderr
    enlarge(disk)
    again = place.run()
    assert again.returncode == 0, again.stderr
    assert "nothing left to do: all 28 trials of tiny have ended" in again.stdout
    reader = StoreReader("tiny", place.uri)
    assert {run.status for run in reader.runs()} == {"FINISHED"}
    for run in reader.runs():
        for name in (SPECTRA_FILE, LAYERS_FILE):
            assert reader.artifact(run, name) is not None
