"""Where MLflow's pages show a study's runs."""

import re
from pathlib import Path

from tuning.secrets import hide_password
from tuning.store.address import is_database, sqlite_path

_ROUTE = "#/experiments/{id}/runs?workflowType=machine_learning"
"""MLflow's own route to the table of runs, as what comes of training models. Without the last part its pages take an
experiment for traces of language models, and show none."""

_LOCAL = "http://127.0.0.1:5000"
"""Where `mlflow ui` serves."""


def page(tracking_uri: str, experiment_id: str) -> str:
    """Return the link to a study's runs, and before it the command that serves it where no server does.

    Args:
        tracking_uri: the store, resolved.
        experiment_id: the study's experiment there.

    Examples:
        >>> page("https://ann:secret@host/mlflow/", "7")
        'https://host/mlflow/#/experiments/7/runs?workflowType=machine_learning'
    """
    route = _ROUTE.format(id=experiment_id)
    if not is_database(tracking_uri):
        return re.sub(r"//\S*@", "//", tracking_uri).rstrip("/") + f"/{route}"
    is_its_own = sqlite_path(tracking_uri) == Path.cwd() / "mlflow.db"  # what it serves unasked
    option = "" if is_its_own else f" --backend-store-uri {hide_password(tracking_uri)}"
    return f"mlflow ui{option}, then {_LOCAL}/{route}"
