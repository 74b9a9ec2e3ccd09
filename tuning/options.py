"""The options that several commands take, each with one meaning."""

from pathlib import Path
from typing import Annotated

import typer

StudyArgument = Annotated[
    str, typer.Argument(metavar="STUDY", help="A shipped study's name, or a path to a YAML file.")
]
TrackingOption = Annotated[
    str | None, typer.Option(help="MLflow's store; by default MLFLOW_TRACKING_URI, else sqlite:///mlflow.db.")
]
StorageOption = Annotated[
    Path,
    typer.Option(envvar="SPECTUNE_STORAGE", help="Folder of the journal and checkpoints; shared, on a cluster."),
]
NameOption = Annotated[
    str | None,
    typer.Option(
        "--name",
        help="Another name for the study: of its results folder, and in the store, where each name is one study's.",
    ),
]
