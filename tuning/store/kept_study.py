"""A study's plain data, kept whole in the tags of its experiment beside its results."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow import MlflowClient

_TAG = "asked."
_CHARACTERS = 4000  # MLflow refuses a tag of an experiment above 5000


def keep_study_data(client: "MlflowClient", experiment_id: str, study_data: Mapping[str, Any]) -> None:
    """Write a study's plain data into the tags of its experiment, in as many as it takes.

    Args:
        client: of the store.
        experiment_id: the study's.
        study_data: mappings, lists and scalars.
    """
    text = json.dumps(study_data, ensure_ascii=False)
    pieces = [text[start : start + _CHARACTERS] for start in range(0, len(text), _CHARACTERS)]
    for number, piece in enumerate(pieces):
        client.set_experiment_tag(experiment_id, f"{_TAG}{number}", piece)
    client.set_experiment_tag(experiment_id, f"{_TAG}pieces", str(len(pieces)))


def kept_study_data(tags: Mapping[str, str]) -> dict[str, Any]:
    """Return what `keep_study_data` has written; empty where it has not been called.

    Args:
        tags: of the experiment.

    Returns:
        The study's plain data.
    """
    pieces = range(int(tags.get(f"{_TAG}pieces", 0)))
    data: dict[str, Any] = json.loads("".join(tags[f"{_TAG}{number}"] for number in pieces) or "{}")
    return data
