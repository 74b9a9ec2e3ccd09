"""The one writer of a study: whoever reports waits for the local disk alone.

Every report is first appended to the study's journal, and a thread writes the journal into MLflow. A store
that is away, slow or refusing delays nobody and loses nothing: opened again, the writer sends what is
pending.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tuning.records import TAGS, EpochRecord, LayerRecord, StopReason
from tuning.store.address import resolve_tracking_uri
from tuning.store.anew import refuse_strangers
from tuning.store.asked import keep_asked
from tuning.store.bookmark import Bookmark, sent_elsewhere, sent_to
from tuning.store.connection import Experiment, connect, describe, open_experiment, prepare_sqlite, reaching
from tuning.store.drain import Drain, Link
from tuning.store.journal import (
    ChoiceFrozen,
    EpochLogged,
    Event,
    Journal,
    RunEnded,
    RunStarted,
    RunSuperseded,
)
from tuning.store.lock import lock_folder
from tuning.store.report import WriterReport
from tuning.store.sender import MAX_PARAM, Sender
from tuning.store.spectra import Parts


class StoreWriter:
    """Keeps what a study reports, in one experiment of one store.

    Opening it checks that the store can be reached and written, and begins to send what an earlier writer
    left; a store that cannot, a study that another process is writing, or one whose runs are in the store but
    not in the folder's journal, is a ``ValueError``. A store that this study has reached before may be away: it
    gets everything when it is back. After that no method raises for what happens on the way to the disk or the
    store. It may be opened in one thread and used in another.

    Args:
        study: the study's name, which is the experiment's.
        tracking_uri: the store, as `resolve_tracking_uri` takes it.
        folder: the study's folder, for the journal and what belongs to it.
        asked: the study as plain data, kept with its experiment.

    Attributes:
        away: why the store could not be reached at the opening; None where it was.
        moved: what a store lacks that is another than before; None where it is not.
    """

    def __init__(
        self, study: str, tracking_uri: str | None, folder: Path, asked: Mapping[str, Any] | None = None
    ) -> None:
        self._study, self._folder, self._asked = study, folder, asked
        self._uri = resolve_tracking_uri(tracking_uri)
        self.away: str | None = None
        self.moved: str | None = None
        self._lock = lock_folder(study, folder)
        try:
            self._journal, self._parts = Journal(folder), Parts(folder)
            self._starts: dict[str, RunStarted] = {}
            self._epochs: set[tuple[str, int]] = set()
            self._open_runs: dict[str, None] = {}
            for event, _ in self._journal.read():
                self._is_new(event)
            sent = sent_to(folder, self._uri) if self._starts else None
            link = self._open_if_there(known=sent is not None)
        except BaseException:
            self._lock.release()
            raise
        self._unwritten: deque[tuple[Event, Sequence[LayerRecord], bool]] = deque()
        self._disk_error: str | None = None
        self._mutex = threading.Lock()
        self._closed = False
        self._drain = Drain(
            journal=self._journal,
            link=link,
            open_link=self._open,
            sent=sent or 0,
            refill=self._refill,
            name=f"store of {study}",
        )

    def _open_if_there(self, *, known: bool) -> Link | None:
        try:
            return self._open()
        except ValueError as error:
            if not known:
                raise
            self.away = str(error)
            return None

    def _open(self) -> Link:
        """Reach the store, and see that the study may be written there.

        Raises:
            ValueError: where it cannot be reached or written, or holds a stranger's runs.
        """
        prepare_sqlite(self._uri)
        client = connect(self._uri)
        experiment = open_experiment(client, self._study, self._uri)
        bookmark = Bookmark(self._folder, experiment.identity, self._uri)
        if bookmark.read() == 0:
            refuse_strangers(client, experiment.id, self._study, self._uri, self._starts)
            self.moved = self._moved(experiment)
        if self._asked is not None:
            with reaching(self._uri):
                keep_asked(client, experiment.id, self._asked)
        return Link(
            sender=Sender(client, experiment.id, self._parts, self._starts),
            bookmark=bookmark,
        )

    def _moved(self, experiment: Experiment) -> str | None:
        before = sent_elsewhere(self._folder, experiment.identity)
        if before is None:
            return None
        return (
            f"the results so far are in {before}, and come to this store too; the files of spectra of trials that have "
            "ended stay there"
        )

    def start(self, key: str, name: str, tags: Mapping[str, str], params: Mapping[str, str]) -> None:
        """Open a trial's run, or the same run again when the trial goes on after an interruption.

        Args:
            key: the trial's key: letters, digits, ``.``, ``_`` and ``-``; the same after every restart.
            name: what people see in MLflow's list of runs.
            tags: every one of `tuning.records.TAGS`, and any more.
            params: the flat settings, as text.
        """
        missing = [tag for tag in TAGS if tag not in tags]
        assert not missing, f"every run carries every tag of tuning/records.py, missing {missing}"
        assert tags["trial_key"] == key, f"the tag trial_key must be the key {key!r}, got {tags['trial_key']!r}"
        long = [param for param, value in params.items() if len(value) > MAX_PARAM]
        assert not long, f"a parameter's value has at most {MAX_PARAM} characters, got more in {long}"
        first = self._starts.get(key)
        time_ms = first.time_ms if first else _now_ms()
        self._put(RunStarted(key=key, name=name, tags=dict(tags), params=dict(params), time_ms=time_ms))

    def epoch(self, key: str, record: EpochRecord) -> None:
        """Keep one epoch of a trial.

        Of an epoch that a resumed trial reports again the metrics first reported stay, because MLflow would
        show both; its layers are replaced.

        Args:
            key: the trial's key.
            record: the epoch. A metric that is not finite is left out, and the run's tag ``nonfinite`` says
                so.
        """
        assert key in self._starts, f"a run is started before its epochs are reported, got {key!r}"
        finite = {name: float(value) for name, value in record.metrics.items() if math.isfinite(value)}
        event = EpochLogged(
            key=key,
            epoch=record.epoch,
            metrics=finite,
            diverged=record.diverged,
            nonfinite=tuple(name for name in record.metrics if name not in finite),
        )
        self._put(event, record.layers)

    def end(self, key: str, status: str, tags: Mapping[str, str]) -> None:
        """Close a trial's run.

        Args:
            key: the trial's key.
            status: ``"FINISHED"``, ``"FAILED"`` or ``"KILLED"``.
            tags: what is known only now, ``stop_reason`` first of all.
        """
        assert key in self._starts, f"a run is started before it ends, got {key!r}"
        self._put(RunEnded(key=key, status=status, tags=dict(tags), time_ms=_now_ms()))

    def freeze(self, key: str, choice: Mapping[str, Any]) -> None:
        """Keep what is chosen, before anything that rests on it: reports reach disk and store in their order.

        Args:
            key: the chosen trial's key.
            choice: what was chosen and by what, plain data; the run's ``choice.json``.
        """
        assert key in self._starts, f"a trial is run before it is chosen, got {key!r}"
        self._put(ChoiceFrozen(key=key, choice=dict(choice)))

    def supersede(self, key: str) -> None:
        """Keep that a trial's run is no result any more: its phase is then ``superseded``.

        Args:
            key: the trial's key.
        """
        assert key in self._starts, f"a trial is run before it is superseded, got {key!r}"
        if key in self._open_runs:  # its session was killed
            self._interrupted(key)
        self._put(RunSuperseded(key=key))

    def close_open_runs(self) -> None:
        """Close the runs that this session or a killed one left open; a trial that goes on opens its run again."""
        for key in list(self._open_runs):
            self._interrupted(key)

    def _interrupted(self, key: str) -> None:
        self.end(key, "KILLED", {"stop_reason": str(StopReason.INTERRUPTED)})

    @property
    def trouble(self) -> str | None:
        """Why disk or store do not take what is reported now; None where they do."""
        return self._disk_error or self._drain.error

    def report(self) -> WriterReport:
        """Say how far the writing has come."""
        return WriterReport(
            sent=self._drain.sent,
            pending=sum(1 for _ in self._journal.read(self._drain.position)),
            refused=self._drain.refused,
            unwritten=len(self._unwritten),
            error=self._disk_error or self._drain.error,
            journal=self._journal.path,
        )

    def close(self, timeout: float) -> WriterReport:
        """Send what is pending, and stop.

        Args:
            timeout: seconds without any progress after which the rest is left in the journal, for the next writer of
                this study.

        Returns:
            What was sent and what is pending.
        """
        self._closed = True
        self._drain.close(timeout)
        report = self.report()
        self._journal.close()
        self._lock.release()
        return report

    def _is_new(self, event: Event) -> bool:
        """Remember an event, and say whether the journal lacks it."""
        if isinstance(event, RunStarted):
            self._starts.setdefault(event.key, event)
            self._open_runs[event.key] = None
        elif isinstance(event, RunEnded):
            self._open_runs.pop(event.key, None)
        elif isinstance(event, EpochLogged):
            known = (event.key, event.epoch) in self._epochs
            self._epochs.add((event.key, event.epoch))
            return not known
        return True

    def _put(self, event: Event, layers: Sequence[LayerRecord] = ()) -> None:
        assert not self._closed, "nothing is reported to a closed writer"
        with self._mutex:
            self._unwritten.append((event, layers, self._is_new(event)))
        self._refill()
        self._drain.wake()

    def _refill(self) -> None:
        """Bring to the disk what has been reported; what a full disk refuses waits in memory."""
        with self._mutex:
            try:
                while self._unwritten:
                    event, layers, new = self._unwritten[0]
                    if isinstance(event, EpochLogged):
                        self._parts.write(event.key, event.epoch, layers)
                    if new:
                        self._journal.append(event)
                    self._unwritten.popleft()
                self._disk_error = None
            except OSError as error:
                self._disk_error = describe(error)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
