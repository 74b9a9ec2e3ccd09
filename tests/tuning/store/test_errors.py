"""A store that cannot be used: one line says the rule, what came, and the cure."""

import http.server
import re
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tuning.store import StoreReader, StoreWriter, hide_password, resolve_tracking_uri
from tuning.store.connection import connect


@pytest.fixture
def silent_server() -> Iterator[str]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def other_server() -> Iterator[str]:
    """A web server that is no MLflow."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def refusal(uri: str, folder: Path) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        StoreWriter("study", uri, folder / "study")
    message = str(caught.value)
    assert "\n" not in message
    assert "must" in message
    assert "got" in message
    assert ";" in message, "the cure follows a semicolon"
    return message


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("htp://host:5000", "did you mean 'http'"),
        ("sqlit:///x.db", "did you mean 'sqlite'"),
        ("ftp://host", "must begin with sqlite:, postgresql:"),
        ("http://", "must name a host"),
        ("http:/localhost:5000", "must name a host"),
        ("http://localhost:port", "must name a host"),
        ("sqlite://mlflow.db", "three slashes"),
        ("sqlite:///:memory:", "must be a file"),
        ("sqlite://", "must be a file"),
        ("./mlruns", "got the folder './mlruns'"),
        ("/data/mlruns", "got the folder '/data/mlruns'"),
        ("file:///data/mlruns", "given up as a store"),
    ],
)
def test_a_malformed_uri_is_told_with_a_right_one(tmp_path: Path, uri: str, told: str) -> None:
    message = refusal(uri, tmp_path)
    assert told in message
    assert "write e.g. " in message


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert f"make the folder {tmp_path}/none" in refusal(f"sqlite:///{tmp_path}/none/mlflow.db", tmp_path)


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert f"make the folder {tmp_path}/file" in refusal(f"sqlite:///{tmp_path}/file/mlflow.db", tmp_path)


def test_a_folder_that_takes_no_files_is_told(tmp_path: Path) -> None:
    message = refusal("sqlite:////proc/mlflow.db", tmp_path)
    assert "unable to open database file" in message
    assert "mend its permissions" in message


def test_a_file_that_is_no_data_base_is_told(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("These are notes, and not a data base. " * 100)
    assert "file is not a database" in refusal(f"sqlite:///{tmp_path}/mlflow.db", tmp_path)


def test_a_server_that_is_away_is_told(tmp_path: Path, free_port: int) -> None:
    message = refusal(f"http://127.0.0.1:{free_port}", tmp_path)
    assert "Connection refused" in message
    assert "start it with `mlflow server`" in message


def test_a_server_that_never_answers_is_told(
    tmp_path: Path, silent_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    assert "timed out" in refusal(silent_server, tmp_path)


def test_a_server_that_is_no_mlflow_is_told(tmp_path: Path, other_server: str) -> None:
    assert "501" in refusal(other_server, tmp_path)


def test_a_host_without_address_is_told(tmp_path: Path) -> None:
    assert "start it with `mlflow server`" in refusal("http://nowhere.invalid:5000", tmp_path)


def test_a_data_base_without_its_driver_or_away_is_told(tmp_path: Path, free_port: int) -> None:
    message = refusal(f"postgresql://me:secret@127.0.0.1:{free_port}/mlflow", tmp_path)
    assert re.search(r"pip install 'psycopg\[binary\]'|start the data base", message)


@pytest.mark.parametrize("scheme", ["http", "postgresql"])
def test_no_message_shows_a_password(tmp_path: Path, free_port: int, scheme: str) -> None:
    message = refusal(f"{scheme}://me:secret@127.0.0.1:{free_port}", tmp_path)
    assert "secret" not in message
    assert "//***@127.0.0.1" in message


def test_an_experiment_in_the_trash_is_told(folder: Path, uri: str) -> None:
    client = connect(uri)
    number = client.create_experiment("study")
    client.delete_experiment(number)
    assert f"mlflow experiments restore --experiment-id {number}" in refusal(uri, folder)


def test_a_study_folder_that_cannot_be_made_is_told(folder: Path, uri: str) -> None:
    (folder / "study").touch()
    assert "give another --storage" in refusal(uri, folder)


@pytest.mark.parametrize("name", ["write", "read"])
def test_a_refusal_is_silent_on_the_terminal(
    tmp_path: Path, free_port: int, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    uri = f"http://127.0.0.1:{free_port}"
    open_store: dict[str, Callable[[], object]] = {
        "write": lambda: StoreWriter("study", uri, tmp_path),
        "read": lambda: StoreReader("study", uri),
    }
    with pytest.raises(ValueError, match="Connection refused"):
        open_store[name]()
    assert capfd.readouterr() == ("", "")


def test_a_refused_store_leaves_the_study_free_for_the_next_writer(folder: Path, uri: str, free_port: int) -> None:
    refusal(f"http://127.0.0.1:{free_port}", folder)
    assert StoreWriter("study", uri, folder / "study").close(60.0).complete


@pytest.mark.parametrize(
    ("given", "environment", "expected"),
    [
        ("http://a:1", "http://b:2", "http://a:1"),
        (None, "http://b:2", "http://b:2"),
        (None, "", "sqlite:///{here}/mlflow.db"),
        ("sqlite:///sub/x.db?timeout=5", "", "sqlite:///{here}/sub/x.db?timeout=5"),
        ("sqlite:////data/x.db", "", "sqlite:////data/x.db"),
        ("postgresql+psycopg2://u@h/d", "", "postgresql+psycopg2://u@h/d"),
    ],
)
def test_the_store_is_the_given_one_else_of_the_environment_else_a_file_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str | None, environment: str, expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", environment)
    assert resolve_tracking_uri(given) == expected.format(here=tmp_path)


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("postgresql+psycopg2://me:p%40ss@db:5432/runs", "postgresql+psycopg2://***@db:5432/runs"),
        ("https://me:secret@host/path", "https://***@host/path"),
        ("postgresql://u:pa/ss@h/db", "postgresql://***@h/db"),
        ("postgresql://u:p@ss@h/db", "postgresql://***@h/db"),
        ("postgresql://h/db?user=u&password=secret&x=1", "postgresql://h/db?user=***&password=***&x=1"),
        ("https://host:5000", "https://host:5000"),
        ("sqlite:////data/mlflow.db", "sqlite:////data/mlflow.db"),
    ],
)
def test_users_and_passwords_of_stores_are_not_shown(uri: str, shown: str) -> None:
    assert hide_password(uri) == shown
