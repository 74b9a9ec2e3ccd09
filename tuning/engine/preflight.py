"""All that can be refused before a trial starts."""

import os
from collections.abc import Mapping
from pathlib import Path

from tuning.content import Content
from tuning.cost import check_weights
from tuning.engine.cluster.cluster import Cluster
from tuning.study import Study
from tuning.surroundings import IN_A_JOB
from tuning.trial import divided, open_dataset, this_machine


def check_study(study: Study) -> Content:
    """Decode the data set and see that every regularizer and optimizer finds weights in every architecture.

    Args:
        study: already checked by itself.

    Returns:
        What the data are, which the study's results will rest on.

    Raises:
        ValueError: where the data set is missing, damaged or too small, or a condition holds or updates nothing of a
            model.
    """
    dataset = open_dataset(study.dataset)
    divided(study.dataset, dataset, seed=0)
    crop, smallest = study.dataset.crop or 0, min(dataset.input_shape[1:])
    if crop > smallest:
        raise ValueError(f"crop must be at most an image's side, {smallest} pixels, got {crop}; a tenth of it is usual")
    check_weights(study, dataset.input_shape, dataset.num_classes)
    return dataset.content


def check_folder(folder: Path) -> None:
    """See that the results folder can be written.

    Args:
        folder: made if it is missing.

    Raises:
        ValueError: where it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ValueError(
            f"the results folder must be writable, got {folder} ({error}); choose another --storage"
        ) from error


def check_lasting(storage: Path, tracking_uri: str | None) -> None:
    """See that a job's results outlive the job: its working folder is deleted with it.

    Args:
        storage: the results folder, as it was given.
        tracking_uri: the store, as it was given.

    Raises:
        ValueError: where results would lie in the job's own folder.
    """
    if not os.environ.get(IN_A_JOB):
        return
    if not storage.is_absolute():
        raise ValueError(
            f"the results folder of a job must be an absolute path that all nodes share, got {storage}; submit with "
            "--storage, or set SPECTUNE_STORAGE where the cluster is started"
        )
    if tracking_uri is None and not os.environ.get("MLFLOW_TRACKING_URI"):
        raise ValueError(
            "the store of a job must be named, got none; submit with --tracking-uri, or set MLFLOW_TRACKING_URI where "
            "the cluster is started"
        )


def check_machine(study: Study) -> None:
    """See that a trial fits on this machine, where a local Ray is to run it; Ray need not be started to know.

    Args:
        study: what a trial reserves.

    Raises:
        ValueError: where not even one trial fits.
    """
    cure = "lower it in the study, or name a cluster with --address"
    _refuse_lack(study, this_machine(), ("on this machine", "here"), cure)


def check_resources(study: Study, cluster: Cluster) -> None:
    """See that a trial fits on one of the cluster's nodes, or on one that its autoscaler may add.

    Args:
        study: what a trial reserves.
        cluster: where it is to run.

    Raises:
        ValueError: where not even one trial fits.
    """
    largest = cluster.largest(study.resources.wanted)
    _refuse_lack(study, largest, ("on a node of the cluster", "there"), "lower it in the study or add nodes")


def _refuse_lack(study: Study, available: Mapping[str, float], place: tuple[str, str], cure: str) -> None:
    for name, amount in study.resources.wanted.items():
        if amount > available[name]:
            raise ValueError(
                f"resources: a trial must fit {place[0]}, got {amount:g} {name} wanted and {available[name]:g} "
                f"{place[1]}; {cure}"
            )
