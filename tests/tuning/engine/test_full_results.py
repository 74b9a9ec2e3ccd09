"""A disk of results that is full ends a study in lines, and when there is room the same command goes on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tuning.engine.small_disk import enlarge, mounted, needs_mount
from tests.tuning.place import Place

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.cluster, needs_mount]


@pytest.fixture(params=["4k", "16k"], ids=["from the first file on", "in the middle"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Where a study keeps its folder."""
    with mounted(tmp_path / "results", request.param) as folder:
        yield folder


def test_a_study_says_so_and_goes_on_when_there_is_room(disk: Path, tmp_path: Path) -> None:
    place = Place(tmp_path)
    done = place.run()
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    enlarge(disk)
    again = place.run()
    assert again.returncode == 0, again.stderr
    assert len(place.runs) == 28
    assert {run.status for run in place.runs} == {"FINISHED"}
