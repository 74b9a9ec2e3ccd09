"""Whatever happens to a study, in whatever order: nothing is lost, mixed or changed, or a line says that it is.

Three sequences are tried with the suite; ``SPECTUNE_CHAOS=30`` tries thirty, which takes half an hour, and
``--log-file=FILE --log-file-level=INFO`` keeps what happened in each.
"""

import logging
import os
from pathlib import Path

import pytest

from tests.tuning.engine.chaos import RUNS, STUDY, Chaos, images
from tests.tuning.place import Place

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.cluster]

SEEDS = range(int(os.environ.get("SPECTUNE_CHAOS", "3")))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The same study, undisturbed."""
    folder = tmp_path_factory.mktemp("whole")
    place = Place(folder / "mine", **STUDY, dataset=images(folder / "images"))
    done = place.run()
    assert done.returncode == 0, done.stderr
    assert f"all is stored: {RUNS} runs" in done.stdout
    return place


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_lost_mixed_or_changed_in_silence(tmp_path: Path, whole: Place, seed: int) -> None:
    chaos = Chaos(tmp_path, seed)
    chaos.happen(5)
    code, errors = chaos.to_the_end()
    exits = [code for code, _ in chaos.commands]
    logging.getLogger(__name__).info("seed %d: %s; exits %s; %s", seed, ", ".join(chaos.told), exits, errors.strip())
    if code == 0:
        place = chaos.place
        assert {run.status for run in place.runs} == {"FINISHED"}
        assert place.numbers() == whole.numbers()
        assert place.spectra() == whole.spectra()
        assert place.seeds() == whole.seeds()
