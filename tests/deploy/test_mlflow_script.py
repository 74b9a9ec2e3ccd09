"""``deploy/mlflow.sh`` as a head runs it: a real server on loopback, SQLite and PostgreSQL behind it."""

import base64
import http.client
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from benchmarks.tracking_server import unused_port
from tests.deploy.conftest import ROOT
from tests.tuning.store.cases import write_run
from tuning.store import StoreReader, StoreWriter

pytestmark = [pytest.mark.slow, pytest.mark.cluster]

SECONDS = 180.0
USER, PASSWORD = "someone", "a-long-enough-password"


def status(port: int, path: str = "/health", login: tuple[str, str] | None = None) -> int | None:
    """The status of an answer, None where nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {} if login is None else {"Authorization": "Basic " + base64.b64encode(":".join(login).encode()).decode()}
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


def until(true, process: subprocess.Popen[str]) -> None:
    """Wait for something that the script brings about."""
    deadline = time.monotonic() + SECONDS
    while not true():
        assert process.poll() is None, "the script has ended"
        assert time.monotonic() < deadline
        time.sleep(0.1)


def listeners(port: int) -> set[str]:
    """The local addresses that listen on a port, as the kernel writes them."""
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()[1:]]
    return {row[1].partition(":")[0] for row in rows if row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == port}


def written(url: str, folder: Path) -> StoreReader:
    writer = StoreWriter("study", url, folder / "study")
    write_run(writer, "k1")
    assert writer.close(SECONDS).complete
    return StoreReader("study", url)


def group_is_empty(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    return unused_port()


def test_a_killed_server_is_there_again_with_what_it_kept_and_ends_with_its_script(script, port, tmp_path, postgresql):
    folder, base = tmp_path / "mlflow", postgresql.base()
    running = script("mlflow.sh", folder, MLFLOW_PORT=str(port), MLFLOW_BACKEND_STORE_URI=base)
    until(lambda: status(port) == 200, running)
    first = int((folder / "server.pid").read_text())
    reader = written(f"http://127.0.0.1:{port}", tmp_path)
    runs = reader.runs()

    assert listeners(port) == {"0100007F"}
    assert postgresql.ask(base, "SELECT count(*) FROM runs") == "1"
    assert list((folder / "artifacts").rglob("spectra.parquet"))

    second = script("mlflow.sh", folder, MLFLOW_PORT=str(port), MLFLOW_BACKEND_STORE_URI=base)
    assert second.wait(timeout=SECONDS) == 0  # one is enough
    assert status(port) == 200

    os.kill(first, signal.SIGKILL)
    until(lambda: (folder / "server.pid").read_text() not in {"", f"{first}\n"}, running)
    until(lambda: status(port) == 200, running)
    assert group_is_empty(first)
    assert reader.runs() == runs

    last = int((folder / "server.pid").read_text())
    running.terminate()
    assert running.wait(timeout=SECONDS) == 0
    assert group_is_empty(last)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_the_server_asks_for_the_user_and_password_of_its_environment(script, port, tmp_path, monkeypatch):
    login = {"MLFLOW_TRACKING_USERNAME": USER, "MLFLOW_TRACKING_PASSWORD": PASSWORD}
    running = script("mlflow.sh", tmp_path / "mlflow", MLFLOW_PORT=str(port), **login)
    until(lambda: status(port) == 200, running)  # without a login: /health says nothing of anybody
    url, path = f"http://127.0.0.1:{port}", "/api/2.0/mlflow/experiments/search?max_results=1"
    assert status(port, path) == 401
    assert status(port, path, (USER, "another-password")) == 401
    assert status(port, path, (USER, PASSWORD)) == 200

    with pytest.raises(ValueError, match="MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"):
        StoreWriter("refused", url, tmp_path / "refused")
    for name, value in login.items():
        monkeypatch.setenv(name, value)
    reader = written(url, tmp_path)
    (run,) = reader.runs()
    assert reader.artifact(run, "spectra.parquet") is not None

    said = (tmp_path / "mlflow.sh.log").read_text() + " ".join(processes_of(tmp_path / "mlflow"))
    assert PASSWORD not in said
    assert {file.stat().st_mode & 0o077 for file in (tmp_path / "mlflow").iterdir()} == {0}


def processes_of(folder: Path) -> list[str]:
    """The command lines of the server's processes."""
    group = int((folder / "server.pid").read_text())
    lines = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(entry.name)) == group:
                lines.append((entry / "cmdline").read_text().replace("\0", " "))
        except (ProcessLookupError, FileNotFoundError):
            continue
    assert lines
    return lines


def test_the_clients_file_of_credentials_serves_the_server_too(script, port, tmp_path):
    (tmp_path / ".mlflow").mkdir()
    (tmp_path / ".mlflow" / "credentials").write_text(
        f"[mlflow]\nmlflow_tracking_username = {USER}\nmlflow_tracking_password = {PASSWORD}\n"
    )
    running = script("mlflow.sh", tmp_path / "mlflow", MLFLOW_PORT=str(port))
    until(lambda: status(port) == 200, running)
    path = "/api/2.0/mlflow/experiments/search?max_results=1"
    assert [status(port, path), status(port, path, (USER, PASSWORD))] == [401, 200]


def test_a_user_without_a_password_is_refused(tmp_path):
    done = subprocess.run(
        ["bash", ROOT / "deploy" / "mlflow.sh", tmp_path / "mlflow"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "MLFLOW_TRACKING_USERNAME": USER},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "user and password must come together" in done.stderr
