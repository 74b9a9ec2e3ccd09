"""The data that a run was trained on, said where MLflow's pages look for it: among the run's inputs."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tuning.records import DATA

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

_MAX_DIGEST = 36


def name_data(client: "MlflowClient", run: "Run", tags: Mapping[str, str]) -> None:
    """Name a run's data among its inputs, where they are known and not named there yet.

    Args:
        client: of the store.
        run: as the store has it.
        tags: the run's, with the data set's name and the content key of its images.
    """
    if DATA not in tags or (run.inputs and run.inputs.dataset_inputs):
        return
    from mlflow.entities import Dataset, DatasetInput

    dataset = Dataset(
        name=tags["dataset"],
        digest=tags[DATA][:_MAX_DIGEST],
        source_type="spectune",
        source=json.dumps({"content": tags[DATA]}),
    )
    client.log_inputs(run.info.run_id, datasets=[DatasetInput(dataset)])
