"""What events become in MLflow, so that sending them twice leaves the same as sending them once.

A run is found by its tag ``trial_key`` before it is made. A point's timestamp is its run's start plus one
second an epoch, so that MLflow recognizes a point it already has. Tags are replaced, parameters added where
missing, and the artifacts of a run written as a whole.
"""

import json
import math
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tuning.records import CHOICE_FILE, CHOSEN, FILES, NONFINITE, Phase
from tuning.store.artifacts import fetch
from tuning.store.batches import add_params, log_points, set_tags, shortened
from tuning.store.census import Seen
from tuning.store.data_input import name_data
from tuning.store.events import ChoiceFrozen, EpochLogged, Event, RunEnded, RunStarted, RunSuperseded
from tuning.store.holder import user
from tuning.store.ledger import FORMERLY, RUNNING, Ledger, cell_of, nonfinite_tag
from tuning.store.tables import Gathered, Tables, digests

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

POINTS = "points"
"""The tag of a run that has ended: how many numbers were sent for it, which a store that was put back lacks some of."""

_SECONDS_A_CHECK_HOLDS = 1.0
"""How long the name is taken to be ours still while a run is written; one is begun after a check of its own."""


@dataclass(frozen=True, kw_only=True)
class _Run:
    id: str
    start_ms: int
    artifact_uri: str


def grouped(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Put the epochs of a run together, because MLflow's cost is the call, not the point.

    Args:
        events: in the journal's order.

    Yields:
        One start, end, choice or replacement, or several epochs of one run. The order within each run is kept.
    """
    epochs: dict[str, list[Event]] = {}
    for event in events:
        if isinstance(event, EpochLogged):
            epochs.setdefault(event.key, []).append(event)
        else:
            if event.key in epochs:
                yield epochs.pop(event.key)
            yield [event]
    yield from epochs.values()


def is_refusal(error: BaseException) -> bool:
    """Say whether sending again is pointless: MLflow called the event invalid, or we misread our own."""
    from mlflow.exceptions import MlflowException

    if isinstance(error, MlflowException):
        return bool(error.error_code == "INVALID_PARAMETER_VALUE")
    return isinstance(error, ValueError | KeyError | TypeError | AssertionError) and not isinstance(error, OSError)


class RunMissingError(LookupError):
    """The store has not got a run that it had been sent: somebody has deleted it."""


class Sender:
    """Writes events into one experiment. Every method may be repeated, after success and after failure.

    Args:
        client: of the store.
        experiment_id: where the runs go.
        tables: the files of the runs.
        ledger: what is known of every run; of it the first starts and the number of measured epochs are asked.
        is_ours: called before a run is begun, and once a second at most while it is written; raises where the
            experiment is not this study's any more.
        runs: those that are in the store, by key.
        points: how many numbers were sent for each of those that are whole.
        through_network: whether what is sent once may arrive twice.

    Attributes:
        sent: the keys of the runs that are in the store, as far as this one knows.
        points: how many numbers of each were sent.
    """

    def __init__(
        self,
        client: "MlflowClient",
        experiment_id: str,
        tables: Tables,
        ledger: Ledger,
        is_ours: Callable[[], None],
        runs: Mapping[str, Seen],
        points: Mapping[str, int],
        *,
        through_network: bool,
    ) -> None:
        self._client = client
        self._experiment_id = experiment_id
        self._tables = tables
        self._ledger = ledger
        self._is_ours = is_ours
        self._runs = {
            key: _Run(id=run.run_id, start_ms=run.start_ms, artifact_uri=run.artifact_uri) for key, run in runs.items()
        }
        self.sent = set(runs)
        self.points = Counter(points)
        self._through_network = through_network
        self._doubtful: set[str] = set()
        self._checked = -math.inf

    def send(self, group: Sequence[Event]) -> None:
        """Write one group of events.

        Args:
            group: as `grouped` yields it.

        Raises:
            RunMissingError: the run has been deleted; all its events are to be sent again.
        """
        first = group[0]
        if isinstance(first, RunStarted):
            self._start(first)
        elif isinstance(first, RunEnded):
            self._end(first)
        elif isinstance(first, ChoiceFrozen):
            self._freeze(first)
        elif isinstance(first, RunSuperseded):
            set_tags(self._client, self._run(first.key).id, {"phase": Phase.SUPERSEDED})
        else:
            self._log(first.key, [event for event in group if isinstance(event, EpochLogged)])

    def look_again(self, key: str) -> None:
        """Look the run up again before the next event: it may have been deleted, or made twice.

        Args:
            key: the trial's key.
        """
        self._runs.pop(key, None)
        self._doubtful.add(key)

    def _start(self, event: RunStarted) -> None:
        self._see_that_it_is_ours()
        found = self._known(event.key)
        if not found and event.key in self.sent:
            raise RunMissingError(event.key)
        run = found[0] if found else self._create(event)
        self._runs[event.key] = _kept(run)
        self._drop(found[1:])
        if found:
            set_tags(self._client, run.info.run_id, event.tags)
        if run.info.status != RUNNING:
            self._client.update_run(run.info.run_id, status=RUNNING)
        add_params(self._client, run, event.params)
        name_data(self._client, run, event.tags)
        self.sent.add(event.key)

    def _see_that_it_is_ours(self, within: float = 0.0) -> None:
        if time.monotonic() - self._checked > within:
            self._is_ours()
            self._checked = time.monotonic()

    def _log(self, key: str, events: Sequence[EpochLogged]) -> None:
        self._see_that_it_is_ours(within=_SECONDS_A_CHECK_HOLDS)
        run = self._run(key)
        points = ((name, event.epoch, value) for event in events for name, value in event.metrics.items())
        log_points(self._client, run.id, run.start_ms, points)
        for event in events:
            if event.nonfinite:
                set_tags(self._client, run.id, {NONFINITE: nonfinite_tag(event)})
        self.points[key] += sum(len(event.metrics) for event in events)

    def _end(self, event: RunEnded) -> None:
        self._see_that_it_is_ours(within=_SECONDS_A_CHECK_HOLDS)
        run = self._run(event.key)

        def stored(file: str) -> Path | None:
            return fetch(self._client, run.id, run.artifact_uri, file, Path(downloads))

        def deleted(file: str) -> Path | None:
            return self._fetch_deleted(event.key, file, Path(downloads))

        with tempfile.TemporaryDirectory(prefix="spectune-") as downloads:
            gathered = self._tables.gather(event.key, stored, deleted)
        for path in gathered.paths:
            self._client.log_artifact(run.id, str(path))
        files = {FILES: digests(gathered.paths)} if gathered.paths else {}
        set_tags(self._client, run.id, {**event.tags, **files, POINTS: str(self.points[event.key])})
        self._client.set_terminated(run.id, event.status, event.time_ms)
        if self._through_network or event.key in self._doubtful:
            # A creation whose answer was lost on the way, or that the network delivered twice, made a second run.
            self._drop([other for other in self._find(event.key) if other.info.run_id != run.id])
        self._check_files(event.key, gathered)

    def _fetch_deleted(self, key: str, file: str, folder: Path) -> Path | None:
        """Return a file of a run of ours that lies in MLflow's trash, None where there is none."""
        from mlflow.entities import ViewType

        query = f"tags.trial_key = '{key}' and attributes.start_time = {self._ledger[key].start.time_ms}"
        trash = self._client.search_runs([self._experiment_id], query, run_view_type=ViewType.DELETED_ONLY)
        found = (fetch(self._client, run.info.run_id, run.info.artifact_uri, file, folder) for run in trash)
        return next(filter(None, found), None)

    def _check_files(self, key: str, gathered: Gathered) -> None:
        """See that the tables hold every epoch that was measured; all else is stored.

        Raises:
            ValueError: where some are damaged or gone.
        """
        if gathered.damaged:
            raise ValueError(
                f"the layers of an epoch must be a whole Arrow file, got {len(gathered.damaged)} damaged, "
                f"{gathered.damaged[0]}; restore it, or delete it, for that epoch's spectra are lost"
            )
        measured = self._ledger[key].measured
        if gathered.epochs < measured:
            raise ValueError(
                f"the spectra of every measured epoch must be in the study's folder until they are stored, got "
                f"{gathered.epochs} of {measured} epochs; restore the folder, for the others are lost"
            )

    def _freeze(self, event: ChoiceFrozen) -> None:
        """Mark the chosen run, for a search in MLflow's UI, and leave with it what was chosen and why.

        A cell of a study that grew has chosen before; of its runs one is the chosen one.
        """
        run = self._run(event.key)
        text = json.dumps(event.choice, indent=1, ensure_ascii=False) + "\n"
        self._client.log_text(run.id, text, CHOICE_FILE)
        own_cell = cell_of(self._ledger[event.key].start)
        cell = " and ".join(f"tags.{name} = '{value}'" for name, value in own_cell.items())
        for other in self._client.search_runs([self._experiment_id], f"tags.{CHOSEN} = 'true' and {cell}"):
            if other.info.run_id != run.id:
                set_tags(self._client, other.info.run_id, {CHOSEN: FORMERLY})
        set_tags(self._client, run.id, {CHOSEN: "true"})

    def _run(self, key: str) -> _Run:
        if key not in self._runs:
            found = self._find(key)
            if not found:
                raise RunMissingError(key)
            self._runs[key] = _kept(found[0])
        return self._runs[key]

    def _known(self, key: str) -> list["Run"]:
        """Return the runs of a trial, first the one that it is known by: its tag may have been edited.

        What the store was not seen to have when it was opened, and nobody has tried to make since, is not looked for.
        """
        if key not in self.sent and key not in self._doubtful:
            return []
        found = self._find(key)
        if key in self._runs and not any(run.info.run_id == self._runs[key].id for run in found):
            known = self._client.get_run(self._runs[key].id)
            found = [*([known] if known.info.lifecycle_stage == "active" else []), *found]
        return found

    def _find(self, key: str) -> list["Run"]:
        """Return the runs of a trial; should there be several, the one that has received most comes first."""
        found = self._client.search_runs([self._experiment_id], filter_string=f"tags.trial_key = '{key}'")
        return sorted(found, key=lambda run: (-len(run.data.metrics), run.info.run_id))

    def _create(self, event: RunStarted) -> "Run":
        run: Run = self._client.create_run(
            self._experiment_id,
            start_time=event.time_ms,
            tags={**shortened(event.tags), "mlflow.user": user()},
            run_name=event.name,
        )
        return run

    def _drop(self, runs: Iterable["Run"]) -> None:
        for run in runs:
            self._client.delete_run(run.info.run_id)


def _kept(run: "Run") -> _Run:
    return _Run(id=run.info.run_id, start_ms=run.info.start_time, artifact_uri=run.info.artifact_uri)
