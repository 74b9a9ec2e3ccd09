"""The cluster's list of jobs, as far as studies are on it."""

import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ray
import requests
from ray.exceptions import AuthenticationError
from ray.job_submission import JobStatus

from tuning.engine.cluster.ray_session import SET_TOKEN, knock
from tuning.engine.jobs.compat import JobsClient
from tuning.engine.jobs.packing import Package, pack
from tuning.engine.jobs.submission import STOP_SECONDS, Submission

_POLL_SECONDS = 1.0
_ANSWER_SECONDS = 20.0
_LOST_SECONDS = 300.0
"""How long a network that is gone may take to come back while a job is followed."""

_START = "start it (`ray up cluster.yaml`), open a tunnel to it (`ray dashboard cluster.yaml`), or mend the address"


@dataclass(frozen=True, kw_only=True)
class Job:
    """A study's job as the cluster tells of it.

    Attributes:
        id: as `Jobs.submit` has returned it.
        study: the study's name.
        status: Ray's word, ``PENDING``, ``RUNNING``, ``SUCCEEDED``, ``FAILED`` or ``STOPPED``.
        began: when it was started, None before that.
        ended: when it ended, None before that.
        exit_code: of its driver, where it has ended by itself.
        message: what Ray says of it.
    """

    id: str
    study: str
    status: str
    began: datetime | None
    ended: datetime | None
    exit_code: int | None
    message: str

    @classmethod
    def of(cls, details: Any) -> "Job":
        """Read a job from what Ray's client tells of it."""
        return cls(
            id=details.submission_id,
            study=(details.metadata or {}).get("study", ""),
            status=str(getattr(details.status, "value", details.status)),
            began=_time(details.start_time),
            ended=_time(details.end_time),
            exit_code=details.driver_exit_code,
            message=details.message or "",
        )

    @property
    def over(self) -> bool:
        """Whether the job has ended, in whichever way."""
        return JobStatus(self.status).is_terminal()


class Jobs:
    """A client of one cluster. Every method turns what the network or the cluster raises into one line.

    Args:
        address: of the dashboard, ``http://127.0.0.1:8265``.

    Raises:
        ValueError: where nobody answers there, the token is missing or wrong, or the cluster runs another Ray.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        host, port = _host_and_port(address)
        knock(host, port, address, _START)
        with self._asking():
            self._client = JobsClient(address, _ANSWER_SECONDS)
            there = self._client.server_version
        if there != ray.__version__:
            raise ValueError(
                f"this machine and the cluster must run the same Ray, got {ray.__version__} here and {there} at "
                f"{address}; install ray=={there} here, or the same on every node"
            )

    def submit(self, submission: Submission) -> tuple[str, Package]:
        """Send a study to the cluster.

        Args:
            submission: the study, and where its things are.

        Returns:
            The job's id, and what was sent.

        Raises:
            ValueError: where a job of this study has not ended yet, or it cannot be sent.
        """
        name = submission.study.name
        for job in self.all():
            if job.study == name and not job.over:
                raise ValueError(
                    f"a study runs as one job at a time, got {job.id} for {name!r}, which is {job.status.lower()}; "
                    f"follow it with `logs {job.id} --follow`, or end it with `stop {job.id}` and submit again"
                )
        with tempfile.TemporaryDirectory(prefix="spectune-") as folder:
            package = pack(submission.study_data, Path(folder))
            with self._asking():
                return self._client.submit_job(
                    entrypoint=submission.entrypoint,
                    submission_id=f"{name}-{datetime.now(UTC):%Y%m%d-%H%M%S}",
                    runtime_env={"working_dir": folder, "env_vars": submission.environment},
                    metadata={"study": name},
                ), package

    def all(self) -> list[Job]:
        """Return the jobs that are studies, the latest first."""
        with self._asking():
            found = [Job.of(details) for details in self._client.list_jobs() if details.submission_id]
        return sorted((job for job in found if job.study), key=lambda job: job.id.rsplit("-", 2)[1:], reverse=True)

    def job(self, id: str) -> Job:
        """Return one job.

        Args:
            id: the job's.

        Raises:
            ValueError: where the cluster has none of that id.
        """
        found = {job.id: job for job in self.all()}
        if id not in found:
            known = ", ".join(list(found)[:5]) or "none"
            raise ValueError(f"a job is named by its id, got {id!r}; the latest are: {known}")
        return found[id]

    def logs(self, id: str) -> str:
        """Return all that a job has printed.

        Args:
            id: the job's.
        """
        self.job(id)
        return self._printed(id)

    def _printed(self, id: str) -> str:
        with self._asking():
            return self._client.get_job_logs(id)

    def follow(self, id: str) -> Iterator[str]:
        """Yield what a job prints, as it comes, until the job is over; a network that breaks is waited for.

        Args:
            id: the job's.

        Yields:
            Text, not always whole lines.

        Raises:
            ValueError: where the cluster has no such job, or stays away.
        """
        self.job(id)
        shown, answered = 0, time.monotonic()
        while True:
            try:
                over = self.job(id).over  # asked first, so that nothing is printed after the last look
                text = self._printed(id)
                answered = time.monotonic()
            except ValueError:
                if time.monotonic() - answered > _LOST_SECONDS:
                    raise
            else:
                if len(text) > shown:
                    yield text[shown:]
                    shown = len(text)
                if over:
                    return
            time.sleep(_POLL_SECONDS)

    def stop(self, id: str) -> Job:
        """End a job gracefully: its trials' state is saved and its runs are closed before it is killed.

        Args:
            id: the job's.

        Returns:
            The job when it is over, or as it is where that takes much too long.
        """
        job = self.job(id)
        if job.over:
            return job
        with self._asking():
            self._client.stop_job(id)
        deadline = time.monotonic() + STOP_SECONDS + 30
        while not (job := self.job(id)).over and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        return job

    @contextmanager
    def _asking(self) -> Generator[None]:
        """Turn what goes wrong on the way into one line.

        Raises:
            ValueError: with the reason and the cure.
        """
        try:
            yield
        except AuthenticationError as error:
            raise ValueError(
                f"the cluster at {self._address} asks for its token, got none that it knows; {SET_TOKEN}"
            ) from error
        except (requests.RequestException, ConnectionError, RuntimeError) as error:
            reason = str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
            raise ValueError(f"the cluster must answer at {self._address}, got: {reason}; {_START}") from error


def _host_and_port(address: str) -> tuple[str, int]:
    """Return the host and the port of an address.

    Raises:
        ValueError: for what is no address of a dashboard.
    """
    parts = urlsplit(address)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        port = 0
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port:
        raise ValueError(
            f"a cluster is reached at its dashboard's address, got {address!r}; e.g. http://127.0.0.1:8265, the end of "
            "a tunnel that `ray dashboard cluster.yaml` opens"
        )
    return parts.hostname, port


def _time(milliseconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None
