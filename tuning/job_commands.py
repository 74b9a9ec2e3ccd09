"""The commands for a cluster that is elsewhere: submit, status, logs, stop."""

import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from tuning.command_line import one_line_errors, put, show
from tuning.durations import rough_duration
from tuning.options import NameOption, StorageOption, StudyArgument, TrackingOption
from tuning.surroundings import check_home

if TYPE_CHECKING:
    from tuning.engine.jobs import Job, Jobs

AddressOption = Annotated[
    str,
    typer.Option(envvar="RAY_API_SERVER_ADDRESS", help="Of the cluster's dashboard, here the end of a tunnel to it."),
]
_ADDRESS = "http://127.0.0.1:8265"
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="A job, as `submit` and `status` name it.")]


def submit(
    study: StudyArgument,
    address: AddressOption = _ADDRESS,
    tracking_uri: Annotated[
        str | None,
        typer.Option(help="MLflow's store as the cluster's head sees it; by default the head's MLFLOW_TRACKING_URI."),
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(help="Results folder that all nodes share; by default the head's SPECTUNE_STORAGE."),
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="Where the images are on the cluster, instead of the study's own path.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin anew; what is stored so far is kept under another name.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Follow it, and end as it ends.")] = False,
    name: NameOption = None,
) -> None:
    """Send a study to a cluster, or let one go on there that was interrupted."""
    from tuning.study import load

    with one_line_errors():
        loaded = load(study, name)
        check_home()
        from tuning.engine.jobs import Submission  # Ray takes a second to come, and a misspelt study needs none

        submission = Submission(study=loaded, tracking_uri=tracking_uri, storage=storage, data=data, fresh=fresh)
        jobs = _jobs(address)
        id, package = jobs.submit(submission)
    put(f"{package!s}\n")
    if loaded.dataset.path is not None and data is None:
        put(f"the images must be in {loaded.dataset.path} on every node; --data names another folder\n")
    put(f"submitted {id}\n")
    if wait:
        sys.exit(_follow(jobs, id))
    put(f"follow it: python -m tuning logs {id} --follow\n")


def status(
    what: Annotated[
        str | None,
        typer.Argument(metavar="STUDY|ID", help="A study that was run here, or a job; by default all jobs."),
    ] = None,
    address: AddressOption = _ADDRESS,
    tracking_uri: TrackingOption = None,
    storage: StorageOption = Path("results"),
) -> None:
    """Show how a study stands and what its store has of it, or the studies that were sent to a cluster."""
    id = what
    if what is not None and not _is_a_job(what):
        sys.exit(_show_study(what, tracking_uri, storage))
    with one_line_errors():
        jobs = _jobs(address)
        found = jobs.all() if id is None else [jobs.job(id)]
    if not found:
        put(f"no study was sent to the cluster at {address}\n")
        return
    table = Table("job", "study", "status", "began (UTC)", "took", box=None, pad_edge=False, header_style="bold")
    for job in found:
        table.add_row(job.id, job.study, _ended(job), _when(job.began), _took(job))
    show(table, console=Console(highlight=False))
    if id is not None and found[0].message:
        put(f"{found[0].message}\n")


def _is_a_job(text: str) -> bool:
    """Return whether a text has the form of a job's id: a study's name, and when it was sent."""
    return re.fullmatch(r".+-\d{8}-\d{6}", text) is not None


def _show_study(study: str, tracking_uri: str | None, storage: Path) -> int:
    """Print how a study stands, and return 0 where all of it has ended well and is stored."""
    from tuning.study import load

    with one_line_errors():
        name = load(study).name if "/" in study or study.endswith((".yaml", ".yml")) else study
        from tuning.engine.view.status import status as status_of  # Ray takes a second to come

        found = status_of(name, tracking_uri, storage)
    put("".join(f"{line}\n" for line in found.lines(name)))
    return 0 if found.whole else 1


def logs(
    id: IdArgument,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until the job is over, and end as it ends.")] = False,
    address: AddressOption = _ADDRESS,
) -> None:
    """Print what a job has printed."""
    with one_line_errors():
        jobs = _jobs(address)
        if not follow:
            put(jobs.logs(id))
            return
    sys.exit(_follow(jobs, id))


def stop(id: IdArgument, address: AddressOption = _ADDRESS) -> None:
    """End a job gracefully: its runs are closed, and submitted again it goes on."""
    with one_line_errors():
        jobs = _jobs(address)
        job = jobs.job(id)
        if job.over:
            put(f"{job.id} had ended before: it is {_ended(job)}\n")
            return
        job = jobs.stop(id)
    put(f"{job.id} is {_ended(job)}; submit the study again, and it goes on\n")
    if not job.over:
        sys.exit(1)


COMMANDS: tuple[Callable[..., None], ...] = (submit, status, logs, stop)


def _jobs(address: str) -> "Jobs":
    """Return the cluster's list of jobs; Ray, which takes a second to come, is imported with it.

    Raises:
        ValueError: where Ray finds no home folder.
    """
    check_home()
    from tuning.engine.jobs import Jobs

    return Jobs(address)


def _follow(jobs: "Jobs", id: str) -> int:
    """Print what a job prints until it is over, and return the exit code that it has ended with."""
    with one_line_errors():
        try:
            for text in jobs.follow(id):
                put(text)
        except KeyboardInterrupt:
            put(f"{id} goes on without you; follow it again: python -m tuning logs {id} --follow\n")
            return 130
        job = jobs.job(id)
    put(f"{job.id} is {_ended(job)}\n")
    if job.status == "SUCCEEDED":
        return 0
    return job.exit_code or 1


def _ended(job: "Job") -> str:
    code = f" (exit code {job.exit_code})" if job.exit_code else ""
    return f"{job.status.lower()}{code}"


def _when(moment: datetime | None) -> str:
    return "–" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def _took(job: "Job") -> str:
    if job.began is None:
        return "–"
    seconds = ((job.ended or datetime.now(UTC)) - job.began).total_seconds()
    return rough_duration(seconds)
