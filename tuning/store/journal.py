"""The queue between the driver and MLflow, kept on disk: one line an event, appended and never rewritten.

What is in the journal survives the driver. Whoever wants to know what a study has done so far (the writer
that carries it into MLflow, a search that must be told its old results) reads it from the start; reading
changes nothing.
"""

import errno
import os
import stat
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from tuning.store.events import Event, decode, encode

_SYNC_SECONDS = 1.0
CURE = "restore it, or begin anew with --fresh, which keeps what is there under another name"
"""What to do where a study's folder is damaged."""


class Journal:
    """The events of one study in order, in ``journal.jsonl``.

    A line counts once its newline is written. A process killed in the middle of a line therefore leaves a
    tail that `read` does not see and the next `append` cuts off. A line that was appended survives the
    death of the process at once; the death of the machine, from the next `sync`, at most a second's appends
    later.

    Args:
        folder: the study's folder, which is there: one that was deleted is not made again unnoticed.
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
        line = encode(event)
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

    def open(self) -> None:
        """Hold the file from now on, if there is one: whatever becomes of its name, it is read and appended to.

        Raises:
            ValueError: where it cannot be written.
        """
        if self._descriptor is None and self.path.exists():
            try:
                self._descriptor = self._open()
            except OSError as error:
                raise self._unusable(error) from error

    def sync(self) -> None:
        """Wait until everything appended so far is on the disk itself."""
        if self._descriptor is not None:
            os.fsync(self._descriptor)
            self._synced = time.monotonic()

    @property
    def end(self) -> int:
        """The offset behind the last event."""
        if self._descriptor is not None:
            return self._end
        with self._reading() as descriptor:
            return 0 if descriptor is None else _end_of_whole_lines(descriptor)

    def read(self, start: int = 0) -> Iterator[tuple[Event, int]]:
        """Go through the events from an offset on.

        Whoever appends reads what he has appended, wherever the file was moved to since, and if it was deleted.

        Args:
            start: 0, or an offset that an earlier reading yielded.

        Yields:
            Each event, and the offset behind it, from which a later reading goes on.

        Raises:
            ValueError: where a whole line is no event: the file has been edited or the disk is damaged.
        """
        with self._reading() as descriptor:
            if descriptor is None:
                return
            end = start
            for line in _whole_lines(descriptor, start):
                try:
                    event = decode(line)
                except (ValueError, KeyError, TypeError, AttributeError, AssertionError) as error:
                    raise self.refuse(f"every line must be an event, got {line[:80]!r} at byte {end}") from error
                end += len(line)
                yield event, end

    def behind_an_event(self, offset: int) -> int:
        """Return an offset from which the journal can be read on: the given one, or 0 where it lies behind no event.

        Args:
            offset: as a `Bookmark` remembers it; the journal may have been replaced by an older one since.
        """
        with self._reading() as descriptor:
            if descriptor is None or not 0 < offset <= os.fstat(descriptor).st_size:
                return 0
            return offset if os.pread(descriptor, 1, offset - 1) == b"\n" else 0

    def is_in_place(self) -> bool:
        """Return whether the name leads to the file that is appended to; true where nothing was appended yet."""
        if self._descriptor is None:
            return True
        try:
            return os.path.samestat(os.fstat(self._descriptor), self.path.stat())
        except OSError:
            return False

    def write_back(self) -> bool:
        """Write a deleted file again in its place, if that is free.

        Returns:
            Whether it is there again.
        """
        assert self._descriptor is not None, "what was never written cannot be lost"
        part = self.path.with_suffix(".part")
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                for block in _blocks(self._descriptor, 0):
                    file.write(block)
                file.flush()
                os.fsync(file.fileno())
            os.link(part, self.path)  # fails where somebody has put another one there
        except OSError:
            return False
        finally:
            part.unlink(missing_ok=True)
        return True

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

    @contextmanager
    def _reading(self) -> Generator[int | None]:
        """Have the file open; nobody moves its position, so that several may read at once.

        Yields:
            Its descriptor, None where there is no such file.
        """
        if self._descriptor is not None:
            yield self._descriptor
            return
        try:
            descriptor = os.open(self.path, os.O_RDONLY)
        except FileNotFoundError:
            yield None
            return
        except OSError as error:  # one that others may read alone
            raise self._unusable(error) from error
        try:
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                raise self._unusable(IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)))
            yield descriptor
        finally:
            os.close(descriptor)

    def _unusable(self, error: OSError) -> ValueError:
        return self.refuse(f"a journal must be a file that can be read and written, got {error.strerror!r}")

    def _open(self) -> int:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        self._end = _end_of_whole_lines(descriptor)
        os.ftruncate(descriptor, self._end)
        return descriptor


def _blocks(descriptor: int, start: int, size: int = 1 << 20) -> Iterator[bytes]:
    while block := os.pread(descriptor, size, start):
        yield block
        start += len(block)


def _whole_lines(descriptor: int, start: int) -> Iterator[bytes]:
    """Yield the lines from an offset on, without what a writer has not finished."""
    rest = b""
    for block in _blocks(descriptor, start):
        *lines, rest = (rest + block).split(b"\n")
        yield from (line + b"\n" for line in lines)


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
