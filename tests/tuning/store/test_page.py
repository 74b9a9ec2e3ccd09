"""Where MLflow's pages show a study's runs: its own routes, and the command that serves them."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.tuning.store.cases import SECONDS
from tuning.store import StoreWriter
from tuning.store.page import page

RUNS = "#/experiments/7/runs?workflowType=machine_learning"


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("http://127.0.0.1:5001", f"http://127.0.0.1:5001/{RUNS}"),
        ("https://ann:pass@word@host/mlflow/", f"https://host/mlflow/{RUNS}"),
        (
            "sqlite:////data/a.db",
            f"mlflow ui --backend-store-uri sqlite:////data/a.db, then http://127.0.0.1:5000/{RUNS}",
        ),
        (
            "postgresql://ann:secret@host/runs",
            f"mlflow ui --backend-store-uri postgresql://***@host/runs, then http://127.0.0.1:5000/{RUNS}",
        ),
    ],
)
def test_the_link_names_the_runs_and_no_password(uri, said):
    assert page(uri, "7") == said


def test_a_store_where_mlflow_looks_by_itself_is_served_by_the_bare_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert page(f"sqlite:///{tmp_path}/mlflow.db", "7") == f"mlflow ui, then http://127.0.0.1:5000/{RUNS}"


def test_mlflows_pages_have_that_route_and_know_that_word():
    """Read from the pages that this MLflow serves: without the word it shows an experiment as traces."""
    scripts = Path(find_spec("mlflow").origin).parent.joinpath("server/js/build/static/js").glob("*.js")
    text = "".join(script.read_text(encoding="utf-8") for script in scripts)
    assert '"/experiments/:experimentId/runs"' in text
    assert '.MACHINE_LEARNING="machine_learning"' in text
    assert '.get("workflowType")' in text
    assert "createHashRouter" in text


def test_a_writer_names_the_page_of_its_own_experiment(folder, uri):
    writer = StoreWriter("study", uri, folder / "study")
    report = writer.close(SECONDS)
    assert report.page is not None
    assert report.page.endswith("/#/experiments/1/runs?workflowType=machine_learning")
