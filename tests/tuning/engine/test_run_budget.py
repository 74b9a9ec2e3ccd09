"""A trial that fails leaves its cell's budget unspent: through the real engine and store, as a person would see it."""

from collections import Counter

import pytest

from tests.tuning.place import Place

pytestmark = [pytest.mark.ray, pytest.mark.slow]

BROKEN = "tune__mlp-deep__decay__000"


def test_a_run_with_a_failed_trial_ends_with_1_and_names_the_cell_until_the_trial_is_made_good(tmp_path):
    architectures = [{"name": "mlp-deep", "family": "mlp", "depth": 3, "width": 16}]
    place = Place(tmp_path, architectures=architectures, search={"trials": 2, "concurrency": 1}, confirm={"seeds": 1})
    checkpoint = tmp_path / "results" / "tiny" / "checkpoints" / BROKEN
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_bytes(b"where the trial's folder should be")
    failed = place.run()
    assert failed.returncode == 1
    problems = " ".join(failed.stderr.split())
    assert f"problem: {BROKEN} failed: FileExistsError: [Errno 17] File exists" in problems
    assert (
        "problem: mlp-deep/decay: the planned budget was not spent: 1 of 2 tune trials ended as planned (1 failed), "
        "3 of 6 epochs; run again, it goes on" in problems
    )
    assert problems.count("problem:") == 2
    assert Counter(run.status for run in place.runs) == {"FINISHED": 5, "FAILED": 1}

    checkpoint.unlink()
    mended = place.run()
    assert mended.returncode == 0, mended.stderr
    assert Counter(run.status for run in place.runs) == {"FINISHED": 6}
