"""The one writer of a study: whoever reports waits for the local disk alone.

Every report is first appended to the study's journal, and a thread writes the journal into MLflow. A store that is
away, slow or refusing delays nobody and loses nothing: opened again, the writer sends what is pending.
"""

import math
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from filelock import BaseFileLock

from tuning.records import TAGS, EpochRecord, LayerRecord
from tuning.secrets import hide_password
from tuning.store.address import resolve_tracking_uri
from tuning.store.batches import MAX_PARAM
from tuning.store.bookmark import read_bookmark
from tuning.store.claim import Claim
from tuning.store.connection import StoreRefusalError
from tuning.store.drain import Drain, Link
from tuning.store.events import ChoiceFrozen, EpochLogged, Event, RunEnded, RunStarted, RunSuperseded
from tuning.store.journal import Journal
from tuning.store.ledger import Ledger
from tuning.store.lock import lock_folder
from tuning.store.opening import Opening
from tuning.store.page import page
from tuning.store.place import Place
from tuning.store.report import Stored, WriterReport
from tuning.store.spectra import Parts
from tuning.store.tables import Tables
from tuning.store.unwritten import Unwritten


class StoreWriter:
    """Keeps what a study reports, in one experiment of one store.

    Opening it checks that the store can be reached and written, claims the study's name there, asks what it has and
    begins to send what it lacks; a store that cannot, a name that is another's, a study that another process is
    writing, or one whose runs are in the store but not in the folder's journal, is a ``ValueError``. A store that this
    study has reached before may be away: it gets everything when it is back. After that no method raises for what
    happens on the way to the disk or the store. It may be opened in one thread and used in another.

    Args:
        study: the study's name, which is the experiment's.
        tracking_uri: the store, as `resolve_tracking_uri` takes it.
        folder: the study's folder, for the journal and what belongs to it.
        study_data: the study as plain data, kept with its experiment.
        lock: of the folder, where the caller holds it already, and releases it.
        thorough: read the files of every run where they lie in the store, too, to see that they are whole.

    Attributes:
        away: why the store could not be reached at the opening; None where it was.
    """

    def __init__(
        self,
        study: str,
        tracking_uri: str | None,
        folder: Path,
        study_data: Mapping[str, Any] | None = None,
        lock: BaseFileLock | None = None,
        *,
        thorough: bool = False,
    ) -> None:
        self._folder, self._study_data = folder, study_data
        uri = resolve_tracking_uri(tracking_uri)
        self.away: str | None = None
        self._lock = lock_folder(study, folder) if lock is None else None
        self._journal, self._parts = Journal(folder), Parts(folder)
        self._place = Place(folder, self._journal)
        self._ledger, self._mutex = Ledger(), threading.Lock()
        try:
            self._opening = self._opened_by(study, uri, thorough=thorough)
            mark = self._opening.bookmark
            known = mark is not None and mark.is_of(uri) and bool(self._ledger.runs)
            link = self._open_if_there(known=known)
        except BaseException:
            self._release()
            raise
        self._unwritten = Unwritten(self._journal, self._parts)
        self._lost, self._told, self._recorded, self._closed = False, 0, 0, False
        self._drain = Drain(
            journal=self._journal,
            link=link,
            open_link=self._opening.open,
            sent=mark.offset if mark is not None and known else 0,
            refill=self._refill,
            name=f"store of {study}",
        )

    def _opened_by(self, study: str, uri: str, *, thorough: bool) -> Opening:
        mark = read_bookmark(self._folder)
        last = self._ledger.fold(self._journal)
        self._journal.open()
        sent = mark.offset if mark is not None and mark.is_of(uri) else 0
        journal = mark.journal if mark is not None else uuid.uuid4().hex
        return Opening(
            study=study,
            tracking_uri=uri,
            folder=self._folder,
            study_data=self._study_data,
            journal=self._journal,
            place=self._place,
            ledger=self._ledger,
            guard=self._mutex,
            tables=Tables(self._folder, self._parts),
            bookmark=mark,
            claim=Claim.of(study, journal, uri, self._folder),
            thorough=thorough,
            sent_before={key for key, end in last.items() if end <= sent},
        )

    def _open_if_there(self, *, known: bool) -> Link | None:
        try:
            return self._opening.open()
        except StoreRefusalError:
            raise
        except ValueError as error:
            if not known:
                raise
            self.away = str(error)
            return None

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
        time_ms = self._ledger[key].start.time_ms if key in self._ledger else _now_ms()
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
        assert self._lost or key in self._ledger, f"a run is started before its epochs are reported, got {key!r}"
        finite = {name: float(value) for name, value in record.metrics.items() if math.isfinite(value)}
        event = EpochLogged(
            key=key,
            epoch=record.epoch,
            metrics=finite,
            diverged=record.diverged,
            nonfinite=tuple(name for name in record.metrics if name not in finite),
            measured=bool(record.layers),
        )
        self._put(event, record.layers)

    def end(self, key: str, status: str, tags: Mapping[str, str]) -> None:
        """Close a trial's run.

        Args:
            key: the trial's key.
            status: ``"FINISHED"``, ``"FAILED"`` or ``"KILLED"``.
            tags: what is known only now, ``stop_reason`` first of all.
        """
        assert self._lost or key in self._ledger, f"a run is started before it ends, got {key!r}"
        self._put(RunEnded(key=key, status=status, tags=dict(tags), time_ms=_now_ms()))

    def freeze(self, key: str, choice: Mapping[str, Any]) -> None:
        """Keep what is chosen, before anything that rests on it: reports reach disk and store in their order.

        Args:
            key: the chosen trial's key.
            choice: what was chosen and by what, plain data; the run's ``choice.json``.
        """
        assert self._lost or key in self._ledger, f"a trial is run before it is chosen, got {key!r}"
        self._put(ChoiceFrozen(key=key, choice=dict(choice)))

    def supersede(self, key: str) -> None:
        """Keep that a trial's run is no result any more: its phase is then ``superseded``.

        Args:
            key: the trial's key.
        """
        assert self._lost or key in self._ledger, f"a trial is run before it is superseded, got {key!r}"
        if key in self._ledger and not self._ledger[key].ended:  # its session was killed
            self._put(RunEnded.interrupted(key, _now_ms()))
        self._put(RunSuperseded(key=key))

    def close_open_runs(self) -> None:
        """Close the runs that this session or a killed one left open; a trial that goes on opens its run again."""
        for key in list(self._ledger.open()):
            self._put(RunEnded.interrupted(key, _now_ms()))

    @property
    def trouble(self) -> str | None:
        """Why disk or store do not take what is reported now; None where they do."""
        return self._unwritten.error or self._drain.error

    @property
    def lost(self) -> str | None:
        """Why nothing that is reported any more can be kept as it must be; None where all can."""
        self._notice_loss()
        if self._lost:
            return f"its folder {self._folder} is not where it was"
        return self._drain.lost

    def news(self) -> list[str]:
        """Return what was found in the store that nobody expects, and has not been told yet."""
        found = self._opening.remarks[self._told :]
        self._told += len(found)
        return found

    def report(self) -> WriterReport:
        """Say how far the writing has come."""
        audit, opening = self._drain.verified, self._opening
        return WriterReport(
            sent=self._drain.sent,
            recorded=self._recorded,
            pending=self._drain.pending,
            refused=self._drain.refused,
            unwritten=len(self._unwritten),
            error=self._unwritten.error or self._drain.error,
            journal=self._journal.path,
            stored=None if audit is None else Stored.of(audit, hide_password(opening.tracking_uri)),
            page=None if opening.experiment_id is None else page(opening.tracking_uri, opening.experiment_id),
        )

    def close(self, timeout: float) -> WriterReport:
        """Send what is pending, ask the store whether it has all, and stop.

        Args:
            timeout: seconds without any progress after which the rest is left in the journal, for the next writer of
                this study.

        Returns:
            What was sent, what is pending, and what the store has.
        """
        self._notice_loss()
        self._closed = True
        self._drain.close(timeout)
        report = self.report()
        if self._lost:
            if not self._place.is_moved():
                self._take_back_ends(self._drain.ends_refused)
            report = replace(report, lost=self._place.rescue(self._study_data))
        self._journal.close()
        self._release()
        return report

    def _take_back_ends(self, keys: Sequence[str]) -> None:
        """Let trials go on that had ended, and whose spectra were deleted with the folder before they were merged."""
        with suppress(OSError):
            for key in keys:
                self._journal.append(RunEnded.interrupted(key, _now_ms()))

    def _release(self) -> None:
        self._place.close()
        if self._lock is not None:
            self._lock.release()

    def _put(self, event: Event, layers: Sequence[LayerRecord] = ()) -> None:
        assert not self._closed, "nothing is reported to a closed writer"
        self._notice_loss()
        with self._mutex:
            if self._lost and not (isinstance(event, RunEnded) and event.is_interruption):
                return  # its spectra have no place any more; the trial goes on from what was kept before
            new = not self._ledger.is_known(event)
            self._unwritten.append(event, layers, new=new)
            self._recorded += new
            self._ledger.take(event)
        self._refill()
        self._drain.wake()

    def _notice_loss(self) -> None:
        """See whether the folder has gone away; what could not be written there any more is then as if not reported."""
        if self._lost or self._closed or not self._place.is_lost():
            return
        with self._mutex:
            self._lost = True
            self._unwritten.clear()
            self._ledger.fold(self._journal)

    def _refill(self) -> None:
        with self._mutex:
            self._unwritten.write()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
