"""What Tune says of the trials, handed to the history, the store and the live view."""

import logging
import shutil
from typing import Any

from ray.tune import Callback

from tuning import records
from tuning.engine.state.history import WORKER_LOST, History, Result, TrialHistory
from tuning.engine.state.provenance import git_commit, versions
from tuning.engine.tune.trainable import ANEW, EPOCH, ERROR, KEY, OTHER_DATA, RECORD
from tuning.engine.view.progress import Progress
from tuning.engine.view.time_left import TimeLeft
from tuning.records import DATA, PROCESSOR, VERSION_TAGS, EpochRecord, StopReason
from tuning.settings import from_flat, to_params
from tuning.store import StoreWriter

_log = logging.getLogger("spectune.engine")

_STATUS = {StopReason.ERROR: "FAILED", StopReason.DIVERGED: "FAILED"}


class OtherDataError(RuntimeError):
    """The images that a trial was to be trained on are not those that its study was begun on."""


class RecordCallback(Callback):
    """Keeps every record, in the order in which Tune delivers them.

    Args:
        history: what search, schedule and choice look at.
        writer: the store; it never raises and never waits for a server.
        progress: the live view.
        time_left: which keeps the pace.
    """

    def __init__(self, history: History, writer: StoreWriter, progress: Progress, time_left: TimeLeft) -> None:
        self._history = history
        self._writer = writer
        self._progress = progress
        self._time_left = time_left
        self._other_data: str | None = None
        self._processors: dict[str, str] = {}
        self._made_with = {"git_commit": git_commit(), **{tag: versions()[name] for name, tag in VERSION_TAGS.items()}}

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Open the trial's run, or the same one again after its node has died."""
        self._open(self._history.start(from_flat(trial.config["settings"])), trial.config[DATA])

    def _open(self, history: TrialHistory, content: str) -> None:
        settings = history.settings
        tags = {
            **settings.tags,
            "stop_reason": str(StopReason.RUNNING),
            DATA: content,
            **self._made_with,
        }
        name = f"{settings.architecture.name} × {settings.title}, {settings.phase} {settings.index}"
        self._writer.start(settings.key, name, tags, to_params(settings))
        _log.info("%s started, epochs so far: %d", settings.key, history.last_epoch)
        self._time_left.pace.started(settings.key)
        self._progress.started()

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        """Keep one epoch. Its spectra are taken out of the result: Tune would keep them in every snapshot."""
        history = self._history.trials[trial.config[KEY]]
        if OTHER_DATA in result:
            history.put_off()
            self._other_data = result[OTHER_DATA]
            return
        if ERROR in result:
            history.fail(result[ERROR])
            _log.info("%s raised: %s", history.settings.key, _headline(history.error))
            return
        record: EpochRecord = result.pop(RECORD)
        history.results[result[EPOCH]] = Result.of(record.metrics, record.diverged)
        self._writer.epoch(trial.config[KEY], record)
        self._processors[trial.config[KEY]] = result.get(PROCESSOR, "")  # a trial may move: the last it ran on
        kept = history.results[result[EPOCH]]
        _log.debug("%s epoch %d: %.4f in %.2f s", history.settings.key, result[EPOCH], kept.objective, kept.seconds)
        self._note_anew(history, result)
        # the state before training is a part of the trial's start
        self._time_left.pace.reported(trial.config[KEY], kept.seconds if result[EPOCH] else 0.0)
        self._progress.reported(history)

    def on_step_end(self, iteration: int, trials: list[Any], **info: Any) -> None:
        """End the study where a trial has found other data: what it has compared so far is not to be mixed with them.

        Nor may anything be chosen without the trials that they keep from running.

        Raises:
            OtherDataError: where one has.
        """
        if self._other_data is not None:
            raise OtherDataError(self._other_data)

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Close the trial's run with the reason of its end."""
        self._end(self._history.trials[trial.config[KEY]], trial.config["checkpoint"])

    def on_trial_recover(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Wait for the trial's next worker: this one is lost, perhaps before it had begun."""
        history = self._history.trials.get(trial.config[KEY])
        if history is not None:
            history.lose()
            _log.info("%s lost its worker: %s", history.settings.key, _cause(str(trial.get_error() or "")))
            self._time_left.pace.lost(history.settings.key)

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Close the run of a trial whose worker died more often than Ray repeats it.

        One that no worker has begun with has not ended: the search proposes it again.
        """
        history = self._history.trials.get(trial.config[KEY])
        if history is None or history.waits:
            return
        if history.waited:  # proposed again too often: nothing has opened its run
            self._open(history, trial.config[DATA])
        history.fail(f"{WORKER_LOST}{_cause(str(trial.get_error()))}")
        self._end(history, trial.config["checkpoint"])

    def _note_anew(self, history: TrialHistory, result: dict[str, Any]) -> None:
        """Say once that a trial has begun anew, with the epoch that only one that begins reports."""
        reason = result.get(ANEW, "")
        if reason and result[EPOCH] == 0 and reason != history.began_anew:
            self._progress.say(f"{history.settings.key} began anew: {reason}")
        history.began_anew = reason or history.began_anew

    def _end(self, history: TrialHistory, checkpoint: str) -> None:
        if history.is_put_off:
            return  # its run is closed as interrupted, with the study
        if not history.ended:
            history.end(died=False)
        if history.reason is StopReason.DIVERGED:
            history.fail(f"diverged: the loss or a weight was not finite in epoch {history.last_epoch}")
        tags = {"stop_reason": str(history.reason), records.ERROR: history.error[:4000]}
        if not (history.error or history.failed_before):
            del tags[records.ERROR]
        if history.began_anew:
            tags[records.BEGAN_ANEW] = history.began_anew[:4000]
        if processor := self._processors.get(history.settings.key):
            tags[PROCESSOR] = processor
        self._writer.end(history.settings.key, _STATUS.get(history.reason, "FINISHED"), tags)
        why = f": {_headline(history.error)}" if history.error else ""  # the worker's own lines have the rest
        _log.info("%s ended, %s after epoch %d%s", history.settings.key, history.reason, history.last_epoch, why)
        self._time_left.pace.ended(history.settings.key)
        self._progress.ended(history)
        if history.reason is not StopReason.ERROR:  # a failed trial goes on from it when the study is run again
            shutil.rmtree(checkpoint, ignore_errors=True)

    def __getstate__(self) -> dict[str, Any]:
        """Pickle as nothing: Ray keeps a copy of its callbacks in a snapshot that we never restore from."""
        return {}


def _headline(error: str) -> str:
    return error.partition("\n")[0]


def _cause(text: str) -> str:
    """Return the line of a traceback of Ray's that says what happened."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line for line in reversed(lines) if "Error:" in line), lines[-1] if lines else "no reason given")
