"""Standard output and error that outlive their readers: a study is worth more than what is read of it."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO, cast


class LastingStream:
    """A text stream that never fails: where nobody takes any more what is written, the rest is dropped.

    The reader of a pipe leaves, as ``head`` does; a disk is full; a terminal is closed. What can only not be written
    now, where a pipe is not waited for, is kept for the next time.

    Args:
        stream: what is written to, and what answers everything else.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text, or drop it.

        Args:
            text: with its line breaks.

        Returns:
            Its length.
        """
        with self._dropping():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Write what is left, or drop it."""
        with self._dropping():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextmanager
    def _dropping(self) -> Generator[None]:
        try:
            yield
        except BlockingIOError:
            pass
        except OSError:
            lead_nowhere(self._stream)


def outlive_readers() -> None:
    """Let this process end as it would, whoever reads what it prints.

    Letters that an output does not have are written as their codes.
    """
    sys.stdout, sys.stderr = (_lasting(stream) for stream in (sys.stdout, sys.stderr))


def _lasting(stream: TextIO | None) -> TextIO:
    if stream is None:  # closed before the process began, as by `>&-`
        # ruff: ignore[open-file-with-context-handler]  # as long as the process is
        stream = Path(os.devnull).open("w", encoding="utf-8")
    with suppress(AttributeError, OSError):  # of an output that is no file of the system's
        cast("Any", stream).reconfigure(errors="backslashreplace")
    return cast("TextIO", LastingStream(stream))


def lead_nowhere(stream: TextIO) -> None:
    """Lead a stream's descriptor nowhere, so that what is left in it is no second error when the process ends.

    Args:
        stream: that cannot be written any more.
    """
    with suppress(OSError):  # of an output that is no file of the system's
        nowhere = os.open(os.devnull, os.O_WRONLY)
        if nowhere != stream.fileno():  # which was closed
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
