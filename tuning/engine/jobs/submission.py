"""How a study is run on the cluster: one job a study, its driver on the head."""

import shlex
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from tuning.engine.jobs.packing import STUDY_FILE
from tuning.engine.state.provenance import git_commit, versions
from tuning.store import has_password
from tuning.study import Study
from tuning.surroundings import COMMIT, IN_A_JOB, VERSION

STOP_SECONDS = 90
"""How long a stopped study may take to close its runs and save its state before it is killed."""


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A study, and where its data, its results and its store are as the cluster's head sees them.

    Attributes:
        study: what is compared, and how.
        tracking_uri: the store; None for what the head's own ``MLFLOW_TRACKING_URI`` names.
        storage: the results folder; None for what the head's own ``SPECTUNE_STORAGE`` names.
        data: the folder of the images, or of the downloads; None for what the study says.
        fresh: begin anew.

    Raises:
        ValueError: where something could only be meant of this machine, or would show a password.
    """

    study: Study
    tracking_uri: str | None = None
    storage: str | None = None
    data: str | None = None
    fresh: bool = False

    def __post_init__(self) -> None:
        for option, place in (("--storage", self.storage), ("--data", self.data)):
            if place is not None and not PurePosixPath(place).is_absolute():
                raise ValueError(
                    f"{option} is a place on the cluster, as an absolute path, got {place!r}; e.g. /shared/spectune"
                )
        uri = self.tracking_uri
        if uri is not None and uri.startswith("sqlite:") and not uri.startswith("sqlite:////"):
            raise ValueError(
                f"a SQLite store of a cluster is named by its absolute path, got {uri!r}; e.g. "
                "sqlite:////shared/mlflow.db, or better a server: http://127.0.0.1:5000"
            )
        if uri is not None and has_password(uri):
            raise ValueError(
                "a tracking URI is shown with the job and must hold no password; set MLFLOW_TRACKING_USERNAME and "
                "MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_URI, on the cluster's head"
            )

    @property
    def study_data(self) -> dict[str, Any]:
        """The study as data, with its images where the cluster has them."""
        if self.data is None:
            return self.study.as_data()
        dataset = replace(self.study.dataset, path=self.data)  # which refuses it where a data set has no place
        return self.study.model_copy(update={"dataset": dataset}).as_data()

    @property
    def entrypoint(self) -> str:
        """The job's command."""
        options = {"--storage": self.storage, "--tracking-uri": self.tracking_uri}
        given = [word for option, value in options.items() if value is not None for word in (option, value)]
        fresh = ["--fresh"] if self.fresh else []
        return shlex.join(["python", "-m", "tuning", "run", STUDY_FILE, "--address", "auto", *given, *fresh])

    @property
    def environment(self) -> dict[str, str]:
        """What the job finds in its environment beside what the head has; no secrets, for it is shown."""
        return {
            COMMIT: git_commit(),
            VERSION: versions()["spectune"],
            IN_A_JOB: "1",
            # Ray would send SIGTERM and kill after three seconds; Tune ends its trials on SIGINT.
            "RAY_JOB_STOP_SIGNAL": "SIGINT",
            "RAY_JOB_STOP_WAIT_TIME_S": str(STOP_SECONDS),
        }
