"""The queue between the driver and MLflow, kept on disk: one line an event, appended and never rewritten.

What is in the journal survives the driver. Whoever wants to know what a study has done so far (the writer
that carries it into MLflow, a search that must be told its old results) reads it from the start; reading
changes nothing.
"""

import errno
import json
import math
import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

STATUSES = ("FINISHED", "FAILED", "KILLED")
"""How a run can end, in MLflow's words."""

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,191}")  # four names of 48 characters fit, and files' names of 255
_SYNC_SECONDS = 1.0
CURE = "restore it, or begin anew with --fresh, which keeps what is there under another name"
"""What to do where a study's folder is damaged."""


def _check_key(key: str) -> None:
    assert _KEY.fullmatch(key), f"a run's key names a folder and is quoted in searches, got {key!r}"


@dataclass(frozen=True, kw_only=True)
class RunStarted:
    """A trial begins, or goes on after an interruption.

    Attributes:
        key: the trial's key, the same after every restart.
        name: what people see in MLflow's list of runs.
        tags: for grouping and filtering; changed tags replace the old ones.
        params: the flat settings.
        time_ms: when the trial began first, in milliseconds of the Unix epoch.
    """

    key: str
    name: str
    tags: Mapping[str, str]
    params: Mapping[str, str]
    time_ms: int

    def __post_init__(self) -> None:
        _check_key(self.key)


@dataclass(frozen=True, kw_only=True)
class EpochLogged:
    """A trial has reported one epoch.

    Attributes:
        key: the trial's key.
        epoch: counted from 1; 0 is the state before the first step.
        metrics: finite numbers by name.
        diverged: the training has ended because a number was not finite.
        nonfinite: names of the metrics that were left out because they were not finite.
    """

    key: str
    epoch: int
    metrics: Mapping[str, float]
    diverged: bool = False
    nonfinite: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        _check_key(self.key)
        assert self.epoch >= 0, f"epochs are counted from 0, got {self.epoch}"
        poison = {name: value for name, value in self.metrics.items() if not math.isfinite(value)}
        assert not poison, f"only finite metrics are journaled, got {poison}"


@dataclass(frozen=True, kw_only=True)
class RunEnded:
    """A trial is over.

    Attributes:
        key: the trial's key.
        status: one of `STATUSES`.
        tags: what is known only now, ``stop_reason`` first of all.
        time_ms: when it ended, in milliseconds of the Unix epoch.
    """

    key: str
    status: str
    tags: Mapping[str, str]
    time_ms: int

    def __post_init__(self) -> None:
        _check_key(self.key)
        assert self.status in STATUSES, f"a run ends as one of {STATUSES}, got {self.status!r}"


@dataclass(frozen=True, kw_only=True)
class ChoiceFrozen:
    """A trial is chosen for good: what is confirmed from here on has its settings.

    Attributes:
        key: the trial's key.
        choice: what was chosen and by what, plain data.
    """

    key: str
    choice: Mapping[str, Any]

    def __post_init__(self) -> None:
        _check_key(self.key)


@dataclass(frozen=True, kw_only=True)
class RunSuperseded:
    """A trial's run is no result any more, because its study grew and another one stands in its place.

    Attributes:
        key: the trial's key, which no later trial has.
    """

    key: str

    def __post_init__(self) -> None:
        _check_key(self.key)


Event = RunStarted | EpochLogged | RunEnded | ChoiceFrozen | RunSuperseded
_EVENTS: dict[str, type[Event]] = {
    kind.__name__: kind for kind in (RunStarted, EpochLogged, RunEnded, ChoiceFrozen, RunSuperseded)
}


def _encode(event: Event) -> bytes:
    fields = {"event": type(event).__name__, **vars(event)}
    return json.dumps(fields, ensure_ascii=False, allow_nan=False, default=dict).encode() + b"\n"


def _decode(line: bytes) -> Event:
    fields = json.loads(line)
    kind = _EVENTS[fields.pop("event")]
    if "nonfinite" in fields:
        fields["nonfinite"] = tuple(fields["nonfinite"])
    return kind(**fields)


class Journal:
    """The events of one study in order, in ``journal.jsonl``.

    A line counts once its newline is written. A process killed in the middle of a line therefore leaves a
    tail that `read` does not see and the next `append` cuts off. A line that was appended survives the
    death of the process at once; the death of the machine, from the next `sync`, at most a second's appends
    later.

    Args:
        folder: the study's folder; made with the first `append`.
    """

    NAME: ClassVar[str] = "journal.jsonl"

    def __init__(self, folder: Path) -> None:
        self.path = folder / self.NAME
        self._descriptor: int | None = None
        self._end = 0
        self._synced = 0.0

    def append(self, event: Event) -> None:
        """Add one event at the end; it is wholly there, or not at all.

        Args:
            event: what happened.

        Raises:
            OSError: where the disk is full or gone; the journal is then as it was before.
        """
        line = _encode(event)
        if self._descriptor is None:
            self._descriptor = self._open()
        try:
            if os.write(self._descriptor, line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
        except OSError:
            os.ftruncate(self._descriptor, self._end)
            raise
        self._end += len(line)
        if time.monotonic() - self._synced > _SYNC_SECONDS:
            self.sync()

    def sync(self) -> None:
        """Wait until everything appended so far is on the disk itself."""
        if self._descriptor is not None:
            os.fsync(self._descriptor)
            self._synced = time.monotonic()

    def read(self, start: int = 0) -> Iterator[tuple[Event, int]]:
        """Go through the events from an offset on.

        Args:
            start: 0, or an offset that an earlier reading yielded.

        Yields:
            Each event, and the offset behind it, from which a later reading goes on.

        Raises:
            ValueError: where a whole line is no event: the file has been edited or the disk is damaged.
        """
        if not self.path.exists():
            return
        with self._opened() as lines:
            lines.seek(start)
            end = start
            for line in lines:
                if not line.endswith(b"\n"):
                    return
                try:
                    event = _decode(line)
                except (ValueError, KeyError, TypeError, AttributeError, AssertionError) as error:
                    raise self.refuse(f"every line must be an event, got {line[:80]!r} at byte {end}") from error
                end += len(line)
                yield event, end

    def behind_an_event(self, offset: int) -> int:
        """Return an offset from which the journal can be read on: the given one, or 0 where it lies behind no event.

        It does not where the journal was replaced by an older one, or the offset's own file was damaged. To send again
        is harmless, to pass over something is not.

        Args:
            offset: as a `Bookmark` remembers it.
        """
        if offset <= 0 or not self.path.exists():
            return 0
        with self.path.open("rb") as lines:
            lines.seek(offset - 1)
            return offset if lines.read(1) == b"\n" else 0

    def refuse(self, problem: str) -> ValueError:
        """Return the error that says why this journal cannot be gone on with.

        Args:
            problem: the rule, and what came.
        """
        return ValueError(f"{self.path}: {problem}; {CURE}")

    def close(self) -> None:
        """Sync and let go of the file."""
        if self._descriptor is not None:
            self.sync()
            os.close(self._descriptor)
            self._descriptor = None

    def _opened(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except OSError as error:  # a folder, or one that others may read alone
            raise self.refuse(f"a journal must be a file that can be read, got {error.strerror!r}") from error

    def _open(self) -> int:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        self._end = _end_of_whole_lines(descriptor)
        os.ftruncate(descriptor, self._end)
        return descriptor


def _end_of_whole_lines(descriptor: int, block: int = 1 << 16) -> int:
    """Return the offset behind the last newline, searched from the end because journals grow long."""
    stop = os.fstat(descriptor).st_size
    while stop > 0:
        start = max(0, stop - block)
        newline = os.pread(descriptor, stop - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        stop = start
    return 0
