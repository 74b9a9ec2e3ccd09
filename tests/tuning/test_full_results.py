"""A disk of results that is full ends a study in lines, and when there is room the same command goes on."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tuning.place import Place

pytestmark = [
    pytest.mark.ray,
    pytest.mark.slow,
    pytest.mark.cluster,
    pytest.mark.skipif(os.geteuid() != 0, reason="a disk of a given size is mounted by root alone"),
]


@pytest.fixture(params=["4k", "16k"], ids=["from the first file on", "in the middle"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A disk of some KiB where a study keeps its folder."""
    folder = tmp_path / "results"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={request.param}", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_study_says_so_and_goes_on_when_there_is_room(disk: Path, tmp_path: Path) -> None:
    place = Place(tmp_path)
    done = place.run()
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
    again = place.run()
    assert again.returncode == 0, again.stderr
    assert len(place.runs) == 28
    assert {run.status for run in place.runs} == {"FINISHED"}
