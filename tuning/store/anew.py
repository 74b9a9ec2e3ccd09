"""Beginning a study anew: what is stored already keeps its runs, under another name."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tuning.records import Phase
from tuning.store.address import hide_password, resolve_tracking_uri
from tuning.store.connection import connect, reaching
from tuning.store.journal import RunStarted

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run


def set_aside(study: str, tracking_uri: str | None, suffix: str) -> str | None:
    """Rename the study's experiment, so that its name is free for a new one.

    Args:
        study: the study's name.
        tracking_uri: the store, as `resolve_tracking_uri` takes it.
        suffix: what the old experiment's name gets behind it, different every time.

    Returns:
        The old experiment's new name, or None where the store has no such study.
    """
    uri = resolve_tracking_uri(tracking_uri)
    client = connect(uri)
    with reaching(uri):
        found = client.get_experiment_by_name(study)
        if found is None:
            return None
        client.rename_experiment(found.experiment_id, f"{study} {suffix}")
    return f"{study} {suffix}"


def refuse_strangers(
    client: "MlflowClient", experiment_id: str, study: str, tracking_uri: str, starts: Mapping[str, RunStarted]
) -> None:
    """See that all trials of an experiment are those of one journal: trials of two beginnings would be mixed.

    Two of the same study are told apart by the millisecond of their start.

    Args:
        client: of the store.
        experiment_id: the study's.
        study: the study's name.
        tracking_uri: for the message.
        starts: the first start of every trial in the journal.

    Raises:
        ValueError: where there are runs that a journal now lost, or another folder, has the journal of.
    """
    with reaching(tracking_uri):
        for run in _trials(client, experiment_id):
            mine = starts.get(run.data.tags.get("trial_key", ""))
            if mine is None or mine.time_ms != run.info.start_time:
                break
        else:
            return
    raise ValueError(
        f"a study must find no trials in its experiment but its own, got runs of {study!r} in "
        f"{hide_password(tracking_uri)!r} that this results folder does not know; name the --storage they were "
        "run with, rename the study, or begin anew with --fresh, which keeps them"
    )


def _trials(client: "MlflowClient", experiment_id: str) -> Iterator["Run"]:
    token = None
    while True:
        page = client.search_runs(
            [experiment_id], filter_string=f"tags.phase != '{Phase.SUMMARY}'", page_token=token, max_results=1000
        )
        yield from page
        token = page.token
        if not token:
            return
