"""Ray started and ended, quietly."""

import gc
import logging
import os
import socket
import time
import warnings
import weakref
from collections.abc import Callable, Generator
from contextlib import contextmanager

import ray
from ray.exceptions import RayError

from tuning.engine.cluster.cluster import Cluster
from tuning.engine.cluster.local_ray import start_local
from tuning.engine.cluster.termination import holding_signals

_QUIET = {
    # Ray's CSV, JSON and TensorBoard loggers cost more than a small training; the store keeps what they would.
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    # A trial's folder would become its working folder, and relative paths would point elsewhere.
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    # A reused worker waits this long for the trial before to let go; two seconds fail on a busy machine.
    "TUNE_FUNCTION_THREAD_TIMEOUT_S": "60",
    # With zero GPUs reserved a trial must not see any; and Ray stops announcing that it will change this.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1",
    "TUNE_WARN_INSUFFICENT_RESOURCE_THRESHOLD_S": "0",
    # Of Tune's two ways of printing only the older obeys `verbose=0`.
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
}


SET_TOKEN = (
    "set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN_PATH to a copy of the head's ~/.ray/auth_token (or RAY_AUTH_TOKEN to "
    "what is in it)"
)
"""What to do where a cluster asks for its token."""


def is_local(address: str | None) -> bool:
    """Return whether an address means a Ray of this process's own.

    Args:
        address: as `ray_session` takes it.
    """
    return address in {None, "local"}


@contextmanager
def ray_session(address: str | None) -> Generator[Cluster]:
    """Start a local Ray or join a cluster, and leave it again.

    Args:
        address: of a cluster; None or ``local`` for one of this process's own.

    Yields:
        The cluster.

    Raises:
        ValueError: where no cluster answers at the address, or none can be started.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    local = is_local(address)
    if not local:
        _check_answer(str(address))
    warnings.filterwarnings("ignore", module="ray")
    try:
        with holding_signals(hastening=True):
            if local:
                start_local(lambda: _init("local"))
            else:
                _join(str(address))
        logging.getLogger("ray").setLevel(logging.CRITICAL)  # a dead worker is told in the summary, not in a traceback
        yield Cluster()
    finally:
        _leave()


def _init(address: str) -> None:
    ray.init(
        address=address,
        include_dashboard=False if address == "local" else None,
        log_to_driver=False,
        logging_level=logging.ERROR,
        configure_logging=True,
        runtime_env={"env_vars": _QUIET},
    )


def _join(address: str) -> None:
    try:
        _init(address)
    except (ConnectionError, RuntimeError, ValueError, RayError) as error:
        raise ValueError(_refused(address, str(error))) from error


def _leave() -> None:
    """Leave Ray while the garbage collector rests.

    It may run in any thread, the store's too. Where it frees a reference to an object of Ray's while Ray shuts down,
    Ray ends the process with exit code 1 ("The core worker has already been shutdown").
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        with holding_signals():
            _collect_all()
            ray.shutdown()
    finally:
        if collecting:
            gc.enable()


def _collect_all() -> None:
    """Collect all garbage; where another thread is collecting, `gc.collect` does nothing, and is called again."""
    probe = _garbage()
    while probe() is not None:
        gc.collect()
        time.sleep(0.001)


def _garbage() -> weakref.ref[Callable[[], object]]:
    """Return what tells whether a piece of garbage, which only a whole collection frees, is still there."""

    def itself() -> object:
        return itself

    return weakref.ref(itself)


def _refused(address: str, reason: str) -> str:
    """Say why a cluster could not be joined, and what to do."""
    line = " ".join(reason.split())[:300]
    if "ersion mismatch" in reason:  # Ray's own words; its first line alone would not say which
        return f"this process and the cluster must run the same Ray and Python, got: {line}; install the cluster's here"
    if "uthentication" in reason or "token" in reason:
        return f"the cluster at {address!r} asks for its token, got: {line}; {SET_TOKEN}"
    return (
        f"Ray must be reachable, got no answer at {address!r} ({line}); "
        "start it with `ray start --head`, or leave --address out for a local one"
    )


def _check_answer(address: str) -> None:
    """Knock at a cluster's door; Ray itself would knock for ten minutes, and log each time.

    Args:
        address: ``host:port``, or ``auto`` for the cluster that this machine belongs to.

    Raises:
        ValueError: where the address is none, or nobody answers.
    """
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or "/" in host:
        raise ValueError(f"a Ray cluster's address is host:port or auto, got {address!r}; e.g. 10.0.0.1:6379")
    cure = "start it with `ray start --head`, or leave --address out for a local one"
    knock(host, int(port), address, cure)
    if os.environ.get("RAY_USE_TLS", "0") == "0" and not _speaks_http2(host, int(port)):
        raise ValueError(f"Ray must be reachable, got something else at {address!r}, or no answer; {cure}")


def _speaks_http2(host: str, port: int) -> bool:
    """Return whether who listens answers as gRPC does, whose first frame are its settings (RFC 9113, section 3.4)."""
    settings_frame = bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
    try:
        with socket.create_connection((host, port), timeout=5) as connection:
            connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings_frame)
            return connection.recv(9)[3:4] == settings_frame[3:4]
    except OSError:
        return False


def knock(host: str, port: int, address: str, cure: str) -> None:
    """See that somebody listens at an address, before Ray waits for it in silence.

    Args:
        host: a name or a number.
        port: on it.
        address: both, as the user wrote them.
        cure: what to do where nobody does.

    Raises:
        ValueError: where nobody does.
    """
    try:
        socket.create_connection((host, port), timeout=5).close()
    except (OSError, OverflowError) as error:
        raise ValueError(f"Ray must be reachable, got no answer at {address!r} ({error}); {cure}") from error
