import contextlib
import os
import sys
from pathlib import Path

import pytest

from tuning.lasting_output import LastingStream, outlive_readers

FULL = Path("/dev/full")


def writing_to(descriptor, **settings):
    return LastingStream(os.fdopen(descriptor, "w", **settings))


def closed_terminal():
    """The descriptor of a real one, whose window is gone: writing to it is an input/output error."""
    master, terminal = os.openpty()
    os.close(master)
    return terminal


def unread_pipe():
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def full_disk():
    if not FULL.exists():
        pytest.skip("this system has no device that is always full")
    return os.open(FULL, os.O_WRONLY)


@pytest.mark.parametrize("place", [closed_terminal, unread_pipe, full_disk])
@pytest.mark.parametrize("buffering", [1, -1], ids=["a line at a time", "in blocks"])
def test_what_cannot_be_written_is_dropped_then_and_ever_after(place, buffering):
    stream = writing_to(place(), buffering=buffering)
    for _ in range(3):
        assert stream.write("text\n") == 5
        stream.flush()
    assert Path(f"/proc/self/fd/{stream.fileno()}").readlink() == Path(os.devnull)
    stream.close()  # which would fail, were anything left in it


def fill(pipe):
    """Write to a pipe that nobody waits for until it is full."""
    with contextlib.suppress(BlockingIOError):
        while os.write(pipe, b"-" * 4096):
            pass


def test_what_a_full_pipe_does_not_take_yet_is_written_later():
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    fill(writing)
    stream = writing_to(writing)
    stream.write("text\n")
    stream.flush()
    os.read(reading, 1 << 12)
    stream.flush()
    stream.close()
    with os.fdopen(reading) as rest:
        assert rest.read().endswith("-text\n")


def test_letters_that_an_output_does_not_have_are_written_as_their_codes(monkeypatch, tmp_path):
    file = tmp_path / "out.txt"
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(f"sys.{name}", file.open("a", encoding="ascii"))
    outlive_readers()
    for stream in (sys.stdout, sys.stderr):
        stream.write("größe ·\n")
        stream.close()
    assert file.read_text() == "gr\\xf6\\xdfe \\xb7\n" * 2


def test_an_output_that_was_closed_from_the_start_takes_everything(monkeypatch):
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(f"sys.{name}", None)
    outlive_readers()
    for stream in (sys.stdout, sys.stderr):
        stream.write("text\n")
        stream.close()
