"""The function that Ray runs: one training in a worker, its records handed to Tune."""

import logging
import os
import platform
import traceback
from functools import partial
from pathlib import Path
from typing import Any

import ray
from ray import tune

from tuning.engine.state.provenance import processor
from tuning.engine.state.trial_life import patience
from tuning.engine.tune.attempts import begin
from tuning.engine.tune.watchdog import Watchdog, watched
from tuning.logs import handed_over
from tuning.records import DATA, PROCESSOR, WORST_ACCURACY, EpochRecord, score
from tuning.settings import TrialSettings, from_flat, to_flat
from tuning.trial import Checkpoint, DataError, train

_log = logging.getLogger("spectune.trial")

OBJECTIVE = "objective"
EPOCH = "epoch"
RECORD = "record"
ERROR = "error"
OTHER_DATA = "other_data"
ANEW = "began_anew"
CELL = "cell"
KEY = "key"


def as_config(settings: TrialSettings, checkpoints: str, session: str, content: str) -> dict[str, Any]:
    """Return what Tune carries to the worker: plain values alone.

    Args:
        settings: the trial's settings.
        checkpoints: folder below which the trial keeps its state, on a disk that all nodes share.
        session: which run of the study this is.
        content: the content key of the images that the study was begun on.
    """
    return {
        KEY: settings.key,
        CELL: settings.cell,
        "session": session,
        "checkpoint": str(Path(checkpoints) / settings.key),
        DATA: content,
        "settings": to_flat(settings),
    }


def run_trial(config: dict[str, Any]) -> None:
    """Train as the configuration says and report every epoch to Tune.

    A training that raises reports its error as a result: it would raise again however often Ray repeated it. One whose
    data are not its study's reports that, for it is no fault of the trial's. What
    Ray repeats is a trial whose worker or node died, as far as `tuning.engine.tune.attempts` lets it.

    Args:
        config: what `as_config` has made.
    """
    with handed_over(Path(config["checkpoint"])):
        _train(config)


def _train(config: dict[str, Any]) -> None:
    try:
        settings, folder = from_flat(config["settings"]), Path(config["checkpoint"])
        begin(folder, config["session"], ray.get_runtime_context().get_node_id(), _lost_nodes)
        _log.info("begins on %s, process %d, %s", platform.node(), os.getpid(), processor())
        with watched(folder, patience(settings.resources.epoch_minutes)) as watchdog:
            train(settings, partial(_report, watchdog, folder), checkpoint=folder, content=config[DATA])
    except DataError as error:
        _log.info("its data are not its study's", exc_info=True)
        tune.report({OBJECTIVE: WORST_ACCURACY, EPOCH: -1, OTHER_DATA: str(error)})
    except Exception as error:
        _log.info("it raised", exc_info=True)
        text = traceback.format_exc(limit=-6)
        tune.report({OBJECTIVE: WORST_ACCURACY, EPOCH: -1, ERROR: f"{type(error).__name__}: {error}\n{text}"})


def _lost_nodes() -> set[str]:
    return {node["NodeID"] for node in ray.nodes() if not node["Alive"]}


def _report(watchdog: Watchdog, folder: Path, record: EpochRecord) -> None:
    """Hand a record to Tune, which takes it when the driver listens: that time is not the trial's."""
    said = {
        OBJECTIVE: score(record.metrics),
        EPOCH: record.epoch,
        RECORD: record,
        PROCESSOR: processor(),
    }
    if anew := Checkpoint(folder).begun_anew:
        said[ANEW] = anew
    with watchdog.waiting():
        tune.report(said)
