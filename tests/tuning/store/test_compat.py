"""Names of MLflow that are not public ones are there, and do what the store needs of them."""

import importlib
import re
from operator import attrgetter

import pytest

from tests.root import ROOT
from tests.tuning.store.cases import written
from tuning.store.compat import last_step
from tuning.store.connection import connect

NEEDED = {
    "mlflow.store.db.utils:create_sqlalchemy_engine": (
        "a data base could be asked through MLflow's client alone, for minutes where a study is large"
    ),
    "mlflow.store.tracking.dbmodels.models:SqlRun": "an audit would make an object of every point of a study",
    "mlflow.store.tracking.dbmodels.models:SqlParam": "an audit would make an object of every point of a study",
    "mlflow.store.tracking.dbmodels.models:SqlMetric": "reading histories would take a call a run and metric",
    "mlflow.store.tracking.dbmodels.models:SqlTag": "an audit would make an object of every point of a study",
    "mlflow.utils.credentials:get_default_host_creds": "a server would be read by a call a run and metric",
    "mlflow.utils.rest_utils:http_request": "a server would be read by a call a run and metric",
    "mlflow.utils.rest_utils:verify_rest_response": "a server that refuses would be read as one that has nothing",
}


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.filterwarnings("ignore")  # of SQLAlchemy, about MLflow's models
def test_a_private_name_of_mlflows_is_there(name):
    module, _, attribute = name.partition(":")
    try:
        attrgetter(attribute)(importlib.import_module(module))
    except (ImportError, AttributeError):
        pytest.fail(f"{name} is gone; without it {NEEDED[name]}: mend tuning/store/compat.py")


@pytest.mark.filterwarnings("ignore")
def test_the_call_of_mlflows_own_pages_is_one_of_its_servers_or_reading_one_would_fail():
    paths = {str(rule) for rule in importlib.import_module("mlflow.server").app.url_map.iter_rules()}
    assert "/ajax-api/2.0/mlflow/metrics/get-history-bulk" in paths


def test_a_run_knows_the_last_step_of_which_it_has_a_point(folder, uri):
    written(folder, uri, "k1")
    client = connect(uri)
    (run,) = client.search_runs([client.get_experiment_by_name("study").experiment_id])
    assert last_step(run) == 3


def test_no_other_file_imports_such_a_name():
    private = re.compile(r"^\s*(from|import) mlflow\.(store|utils|tracking|protos|server)\b", re.MULTILINE)
    found = [file for file in (ROOT / "tuning").rglob("*.py") if private.search(file.read_text(encoding="utf-8"))]
    assert found == [ROOT / "tuning" / "store" / "compat.py"]
