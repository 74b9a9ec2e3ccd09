"""A training of minutes that is killed goes on from its checkpoint, and stores what an unbroken one does."""

from pathlib import Path

import pytest

from tests.tuning.place import Place

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.cluster]

LONG = {
    "architectures": [{"name": "mlp-wide", "family": "mlp", "depth": 4, "width": 384}],
    "conditions": {
        # It keeps a state of its own, as momentum does.
        "held": {"regularizer": "spectral_normalization", "scale": {"log_uniform": [1, 4]}},
    },
    "training": {"optimizer": "adam", "epochs": 120, "batch_size": 32, "schedule": "cosine"},
    "search": {"algorithm": "sobol", "trials": 1, "concurrency": 1, "early_stopping": {"name": "none"}},
    "confirm": {"seeds": 1},
}
TRIAL = "tune__mlp-wide__held__000"


def test_a_killed_training_goes_on_from_its_checkpoint_and_stores_the_same_bits(tmp_path: Path) -> None:
    whole, place = Place(tmp_path / "whole", **LONG), Place(tmp_path / "killed", **LONG)
    results = place.folder / "results" / "tiny"
    parts = results / "parts" / TRIAL

    def epochs() -> int:
        return len(list(parts.glob("*.arrow")))

    place.kill_when((results / "checkpoints" / TRIAL / "state.pt").exists)
    first, before = parts / "00000001.arrow", epochs()
    written = first.stat().st_mtime_ns
    place.kill_when(lambda: epochs() > before + 1)
    assert first.stat().st_mtime_ns == written, "the first epoch must not have been trained again"
    done = place.run()
    assert done.returncode == 0, done.stderr
    assert whole.run().returncode == 0
    assert place.numbers() == whole.numbers()
    assert place.spectra() == whole.spectra()
    assert {run.status for run in place.runs} == {"FINISHED"}
