"""A Ray of this process's own: out of others' reach, deaf to what only this process should hear, started twice."""

import errno
import os
import signal
import traceback
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress

import ray

from tuning.engine.compat import end_servers, on_loopback, temporary_folder


def start_local(start: Callable[[], None]) -> None:
    """Start Ray on this machine, and a second time where that fails: on a busy one it gives up after half a minute.

    Args:
        start: starts it once.

    Raises:
        ValueError: where both times came to nothing, or what Ray writes has no place.
    """
    for last in (False, True):
        try:
            with ExitStack() as stack:
                for shelter in (on_loopback, _in_a_group_of_their_own, _deaf_to_hangups):
                    stack.enter_context(shelter())
                start()
            return
        except Exception as error:  # Ray raises bare ones
            _end_servers(error)
            if isinstance(error, UnicodeError):
                raise ValueError(_without_ascii()) from error
            if isinstance(error, OSError) and not isinstance(error, ConnectionError | TimeoutError):
                raise ValueError(_without_a_place(error)) from error
            if last:
                raise ValueError(_not_started(error)) from error


def _end_servers(error: BaseException) -> None:
    """End what a start that failed has left: Ray itself forgets its servers where not all of them have come.

    Only the frames that the error came through still know the node that they belong to.
    """
    nodes = [frame.f_locals.get("self") for frame, _ in traceback.walk_tb(error.__traceback__)]
    for node in {id(node): node for node in nodes}.values():
        end_servers(node)
    ray.shutdown()


def _not_started(error: Exception) -> str:
    return (
        f"Ray must start on this machine, got no start in two tries ({' '.join(str(error).split())[:300]}); wait until "
        "the machine is less busy, or let Ray wait longer: set RAY_raylet_start_wait_time_s=300 and "
        "RAY_gcs_server_port_wait_time_s=300"
    )


def _without_ascii() -> str:
    return (
        "Ray keeps sockets in RAY_TMPDIR, TMPDIR or /tmp, and a socket's path must have letters of ASCII alone, got "
        f"{temporary_folder()}; set RAY_TMPDIR=/tmp, or to another such path"
    )


def _without_a_place(error: OSError) -> str:
    folder = temporary_folder()
    if "AF_UNIX" in str(error) or error.errno == errno.ENAMETOOLONG:
        return (
            f"Ray keeps sockets in RAY_TMPDIR, TMPDIR or /tmp, and a socket's path must be short, got {folder}; "
            "set RAY_TMPDIR=/tmp, or to another short path"
        )
    return (
        f"Ray must be able to write its token below HOME, and its files below RAY_TMPDIR, TMPDIR or /tmp, got {error}; "
        "set HOME, or RAY_TMPDIR, to a folder that can be written"
    )


@contextmanager
def _in_a_group_of_their_own() -> Generator[None]:
    """Keep signals to this process's group, as `timeout` sends them, from Ray's servers.

    They would end before the trials could be stopped and their runs closed. A process that leads its group, as one
    started at a terminal does, cannot leave it; Ray's servers are then in it.
    """
    before = os.getpgrp()
    if before == os.getpid():
        yield
        return
    os.setpgid(0, 0)
    try:
        yield
    finally:
        with suppress(OSError):  # nobody else may be left in it
            os.setpgid(0, before)


@contextmanager
def _deaf_to_hangups() -> Generator[None]:
    """Keep from Ray's servers the SIGHUP that a terminal sends to the whole group when it closes.

    What is blocked where a process starts is blocked in it, and in what it starts itself. Here the signal waits, and is
    heard afterwards.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
