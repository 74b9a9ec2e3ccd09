"""Trials that raise, run out of memory, die, diverge or hang: each is its own failed run, and the study goes on."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.tuning.studies import study
from tuning.engine import conductor
from tuning.engine.runner import Outcome, run
from tuning.engine.state.trial_life import ATTEMPTS
from tuning.logs import RUN_LOG
from tuning.store import StoredRun, StoreReader

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.cluster]

FAULTS = ("raises", "memory", "killed", "nan", "hangs", "locks")
DECAY = {"regularizer": "weight_decay", "strength": 0.01}
ASKED = study(
    name="failing",
    architectures=[{"name": "mlp-tiny", "family": "mlp", "depth": 2, "width": 16}],
    conditions={
        "baseline": {"regularizer": "none"},
        **{fault: DECAY for fault in FAULTS},
        "nan": {"regularizer": "none", "learning_rate": 1.0e25},
    },
    training={"epochs": 2, "batch_size": 256},
    search={"algorithm": "sobol", "trials": 1, "early_stopping": "none"},
    confirm={"seeds": 1},
    resources={"epoch_minutes": 0.3},
)
GIGABYTES = {"name": "wide", "depth": 3, "width": 30_000}


def misbehaving(config: dict[str, Any]) -> None:
    """The real trainable around a training that does what its condition is called."""
    import ctypes
    import dataclasses
    import os
    import resource
    import signal
    import time

    from models import MLPArchitecture
    from tuning.engine.tune import trainable

    real, limits = trainable.train, resource.getrlimit(resource.RLIMIT_AS)

    def raises(settings: Any, report: Any, checkpoint: Any, content: str) -> None:
        raise OSError(28, "No space left on device")

    def memory(settings: Any, report: Any, checkpoint: Any, content: str) -> None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 2**30, limits[1]))
        real(
            dataclasses.replace(settings, architecture=MLPArchitecture(**GIGABYTES)),
            report,
            checkpoint=checkpoint,
            content=content,
        )

    def killed(settings: Any, report: Any, checkpoint: Any, content: str) -> None:
        os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does to who takes the last memory

    def hangs(settings: Any, report: Any, checkpoint: Any, content: str) -> None:
        time.sleep(10_000)

    def locks(settings: Any, report: Any, checkpoint: Any, content: str) -> None:
        ctypes.PyDLL(None).sleep(10_000)  # compiled code that keeps the interpreter's lock

    faults = {"raises": raises, "memory": memory, "killed": killed, "hangs": hangs, "locks": locks}
    trainable.train = faults.get(config["settings"]["condition"], real)  # type: ignore[assignment]
    try:
        trainable.run_trial(config)
    finally:
        trainable.train = real  # the worker is used again
        resource.setrlimit(resource.RLIMIT_AS, limits)


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, dict[str, StoredRun]]:
    folder = tmp_path_factory.mktemp("failing")
    uri = f"sqlite:///{folder}/mlflow.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conductor, "run_trial", misbehaving)
        outcome = run(
            ASKED,
            tracking_uri=uri,
            storage=folder / "results",
            address=None,
            fresh=False,
            console=Console(file=io.StringIO()),
        )
    return outcome, {run.tags["trial_key"]: run for run in StoreReader("failing", uri).runs()}


REASONS = {
    "raises": ("error", "OSError: [Errno 28] No space left on device"),
    "memory": ("error", "alloc"),
    "killed": ("error", "its worker died 4 times without getting further; it may need more memory"),
    "nan": ("diverged", "the loss or a weight was not finite in epoch 1"),
    "hangs": ("error", "it gave no sign of life for too long and was ended"),
    "locks": ("error", "it gave no sign of life for too long and was ended\nby the driver"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_a_failed_run_with_its_reason_and_a_line_of_the_summary(failed, fault):
    outcome, runs = failed
    key = f"tune__mlp-tiny__{fault}__000"
    stop_reason, reason = REASONS[fault]
    assert runs[key].status == "FAILED"
    assert runs[key].tags["stop_reason"] == stop_reason
    assert reason in runs[key].tags["error"]
    assert any(key in line for line in outcome.problems)


@pytest.mark.parametrize("fault", ["hangs", "locks"])
def test_where_a_trial_hung_is_kept_with_its_run(failed, fault):
    _, runs = failed
    assert f"in {fault}" in runs[f"tune__mlp-tiny__{fault}__000"].tags["error"]


def test_the_log_has_every_attempt_of_a_worker_that_died_and_the_traceback_of_what_was_raised(failed):
    outcome, _ = failed
    log = (outcome.folder / RUN_LOG).read_text()
    assert log.count("trial: [tune__mlp-tiny__killed__000] begins on ") == ATTEMPTS
    assert log.count("engine: tune__mlp-tiny__killed__000 lost its worker: ") == ATTEMPTS
    assert "trial: [tune__mlp-tiny__raises__000] it raised\nTraceback" in log


def test_the_study_goes_on_and_only_what_was_found_is_confirmed(failed):
    outcome, runs = failed
    assert {key: run.status for key, run in runs.items() if "baseline" in key} == {
        "tune__mlp-tiny__baseline__000": "FINISHED",
        "confirm__mlp-tiny__baseline__000": "FINISHED",
    }
    assert len(runs) == 1 + len(FAULTS) + 1
    for fault in FAULTS:
        assert any(
            line.startswith(f"mlp-tiny/{fault}: no trial was completed at full budget") for line in outcome.problems
        )
