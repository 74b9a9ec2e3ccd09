"""A Ray of one's own is nobody else's."""

import psutil
import pytest

from tuning.engine.ray_session import ray_session

pytestmark = [pytest.mark.ray, pytest.mark.slow]


def listening() -> set[str]:
    """The addresses on which this process and its descendants listen."""
    me = psutil.Process()
    return {
        connection.laddr.ip.removeprefix("::ffff:")
        for process in (me, *me.children(recursive=True))
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }


def test_a_local_ray_listens_on_loopback_alone():
    before = listening()
    with ray_session(None):
        assert listening() - before == {"127.0.0.1"} - before
        assert "127.0.0.1" in listening()
