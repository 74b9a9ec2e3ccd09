"""Ctrl-C, SIGTERM of batch systems and `timeout`, SIGHUP of a terminal that closes: a study ends by each in order."""

import signal
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any


@contextmanager
def ending_in_order() -> Generator[None]:
    """Let a signal begin the end of a study, a second Ctrl-C hasten it, and none break it off.

    The first Ctrl-C is Tune's: it stops the trials and returns, runs are closed, and so is the store. Whatever comes
    before Tune or after that one is a `KeyboardInterrupt`, once. SIGTERM and SIGHUP are a first Ctrl-C: they are sent
    to the process and to its group, and twice the same must not be more than once.

    Raises:
        KeyboardInterrupt: where a signal has come.
    """
    terminated, interrupted = threading.Event(), threading.Event()

    def terminate(*_: object) -> None:
        if not terminated.is_set():
            terminated.set()
            signal.raise_signal(signal.SIGINT)

    def interrupt(*_: object) -> None:
        if not interrupted.is_set():
            interrupted.set()
            raise KeyboardInterrupt

    before = {number: signal.signal(number, terminate) for number in _terminating()}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        _put_back(before)


def ignore_signals() -> None:
    """Let this process end undisturbed: Ray and MLflow take seconds to end, and show a traceback where broken off."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def holding_signals(*, hastening: bool = False) -> Generator[None]:
    """Hear a signal only when what is within has ended: Ray, broken off where it starts or ends, ends in a crash.

    Ray also sets a handler of its own for SIGTERM where it starts, and for a second where it ends takes every handler
    away, so that then SIGTERM does end the process; afterwards ours are in place again.

    Args:
        hastening: whether a second signal is heard at once, where what is within may take for ever. SIGHUP never is: a
            terminal that closes sends it again and again.

    Raises:
        KeyboardInterrupt: where a signal has come; or what the handler raises that would have heard it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[int] = []

    def hold(number: int, _: object) -> None:
        heard.append(number)
        if hastening and len(heard) > 1 and number != signal.SIGHUP:
            raise KeyboardInterrupt

    before = {number: signal.signal(number, hold) for number in (*_terminating(), signal.SIGINT)}
    try:
        yield
    except SystemExit:  # Ray's handler
        heard.append(signal.SIGTERM)
    finally:
        _put_back(before)
        for number in heard:
            signal.raise_signal(number)


def _terminating() -> tuple[signal.Signals, ...]:
    """Return what is sent to end a process; what `nohup` has ignored stays ignored."""
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return (signal.SIGTERM,) if ignored else (signal.SIGTERM, signal.SIGHUP)


def _put_back(handlers: Mapping[signal.Signals, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)
