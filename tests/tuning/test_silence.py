"""Who listens and never answers is not waited for: one line, exit code 2."""

import socket

import pytest

from tests.tuning.place import Place
from tuning.__main__ import app
from tuning.engine.jobs import client


def test_what_listens_and_is_no_ray_is_told_at_once(tmp_path):
    """Ray's own client would knock for minutes, and log each time."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = Place(tmp_path).run("--address", f"127.0.0.1:{server.getsockname()[1]}")
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("error: Ray must be reachable, got something else at ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [["status"], ["submit", "quickstart"]], ids=" ".join)
def test_a_dashboard_that_listens_and_never_answers_is_told(monkeypatch, capsys, command):
    monkeypatch.setattr(client, "_ANSWER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(SystemExit) as ended:
        app([*command, "--address", f"http://127.0.0.1:{server.getsockname()[1]}"])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert "the cluster must answer at" in told
    assert "timed out" in told
    assert told.count("\n") == 1
