"""What events become in MLflow, so that sending them twice leaves the same as sending them once.

A run is found by its tag ``trial_key`` before it is made. A point's timestamp is its run's start plus one
second an epoch, so that MLflow recognizes a point it already has. Tags are replaced, parameters added where
missing, and the artifacts of a run written as a whole.
"""

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tuning.records import CHOICE_FILE, Phase
from tuning.store.artifacts import fetch
from tuning.store.journal import ChoiceFrozen, EpochLogged, Event, RunEnded, RunStarted, RunSuperseded
from tuning.store.spectra import Parts, merge

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

T = TypeVar("T")

MAX_PARAM = 6000
"""Characters of a parameter's value; MLflow refuses a longer one."""

_MAX_TAG = 8000
_METRICS_A_CALL = 1000
_NAMES_A_CALL = 100


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


def log_points(client: "MlflowClient", run_id: str, start_ms: int, points: Iterable[tuple[str, int, float]]) -> None:
    """Write points of a run, in as few calls as MLflow allows.

    Args:
        client: of the run's store.
        run_id: the run.
        start_ms: when the run began, from which the points' timestamps follow.
        points: metric, epoch and finite value.
    """
    from mlflow.entities import Metric

    metrics = [Metric(name, value, start_ms + 1000 * epoch, epoch) for name, epoch, value in points]
    for chunk in _chunks(metrics, _METRICS_A_CALL):
        client.log_batch(run_id, metrics=chunk)


class Sender:
    """Writes events into one experiment. Every method may be repeated, after success and after failure.

    Args:
        client: of the store.
        experiment_id: where the runs go.
        parts: the layers of epochs, from which the artifacts are made.
        starts: the first start of every run in the journal, from which a run that the store has lost is
            made anew.
    """

    def __init__(
        self, client: "MlflowClient", experiment_id: str, parts: Parts, starts: Mapping[str, RunStarted]
    ) -> None:
        self._client = client
        self._experiment_id = experiment_id
        self._parts = parts
        self._starts = starts
        self._runs: dict[str, _Run] = {}

    def send(self, group: Sequence[Event]) -> None:
        """Write one group of events.

        Args:
            group: as `grouped` yields it.
        """
        first = group[0]
        if isinstance(first, RunStarted):
            self._start(first)
        elif isinstance(first, RunEnded):
            self._end(first)
        elif isinstance(first, ChoiceFrozen):
            self._freeze(first)
        elif isinstance(first, RunSuperseded):
            self._tag(self._run(first.key).id, {"phase": Phase.SUPERSEDED})
        else:
            self._log(first.key, [event for event in group if isinstance(event, EpochLogged)])

    def forget(self, key: str) -> None:
        """Look the run up again before the next event: it may have been deleted, or made twice.

        Args:
            key: the trial's key.
        """
        self._runs.pop(key, None)

    def _start(self, event: RunStarted) -> None:
        found = self._find(event.key)
        run = found[0] if found else self._create(event)
        self._runs[event.key] = _kept(run)
        self._drop(found[1:])
        if found:
            self._tag(run.info.run_id, event.tags)
        if run.info.status != "RUNNING":
            self._client.update_run(run.info.run_id, status="RUNNING")
        self._add_params(run, event.params)

    def _log(self, key: str, events: Sequence[EpochLogged]) -> None:
        run = self._run(key)
        points = ((name, event.epoch, value) for event in events for name, value in event.metrics.items())
        log_points(self._client, run.id, run.start_ms, points)
        for event in events:
            if event.nonfinite:
                self._tag(run.id, {"nonfinite": f"epoch {event.epoch}: {' '.join(event.nonfinite)}"})

    def _end(self, event: RunEnded) -> None:
        run = self._run(event.key)
        self._tag(run.id, event.tags)
        there = self._parts.of(event.key)
        damaged = self._parts.damaged(there)
        parts = [path for path in there if path not in damaged]
        if parts:
            self._upload(parts, run)
        self._client.set_terminated(run.id, event.status, event.time_ms)
        # A creation whose answer was lost on the way, or that the network delivered twice, made a second run.
        self._drop([other for other in self._find(event.key) if other.info.run_id != run.id])
        self._parts.drop(parts)
        if damaged:  # all else is stored
            raise ValueError(
                f"the layers of an epoch must be a whole Arrow file, got {len(damaged)} damaged, {damaged[0]}; restore "
                "it, or delete it, for that epoch's spectra are lost"
            )

    def _freeze(self, event: ChoiceFrozen) -> None:
        """Mark the chosen run, for a search in MLflow's UI, and leave with it what was chosen and why.

        A cell of a study that grew has chosen before; of its runs one is the chosen one.
        """
        run = self._run(event.key)
        text = json.dumps(event.choice, indent=1, ensure_ascii=False) + "\n"
        self._client.log_text(run.id, text, CHOICE_FILE)
        tags = self._starts[event.key].tags
        cell = " and ".join(f"tags.{name} = '{tags[name]}'" for name in ("architecture", "condition"))
        for other in self._client.search_runs([self._experiment_id], f"tags.chosen = 'true' and {cell}"):
            if other.info.run_id != run.id:
                self._tag(other.info.run_id, {"chosen": "formerly"})
        self._tag(run.id, {"chosen": "true"})

    def _upload(self, parts: Sequence[Path], run: _Run) -> None:
        with tempfile.TemporaryDirectory(prefix="spectune-") as name:
            folder = Path(name)

            def stored(file: str) -> Path | None:
                return fetch(self._client, run.id, run.artifact_uri, file, folder / "stored")

            for path in merge(parts, folder, stored):
                self._client.log_artifact(run.id, str(path))

    def _run(self, key: str) -> _Run:
        if key not in self._runs:
            found = self._find(key)
            if found:
                self._runs[key] = _kept(found[0])
            else:
                self._start(self._starts[key])
        return self._runs[key]

    def _find(self, key: str) -> list["Run"]:
        """Return the runs of a trial; should there be several, the one that has received most comes first."""
        found = self._client.search_runs([self._experiment_id], filter_string=f"tags.trial_key = '{key}'")
        return sorted(found, key=lambda run: (-len(run.data.metrics), run.info.run_id))

    def _create(self, event: RunStarted) -> "Run":
        run: Run = self._client.create_run(
            self._experiment_id, start_time=event.time_ms, tags=_shortened(event.tags), run_name=event.name
        )
        return run

    def _drop(self, runs: Iterable["Run"]) -> None:
        for run in runs:
            self._client.delete_run(run.info.run_id)

    def _tag(self, run_id: str, tags: Mapping[str, str]) -> None:
        from mlflow.entities import RunTag

        for chunk in _chunks([RunTag(*item) for item in _shortened(tags).items()], _NAMES_A_CALL):
            self._client.log_batch(run_id, tags=chunk)

    def _add_params(self, run: "Run", params: Mapping[str, str]) -> None:
        """Add what is missing. MLflow keeps a parameter's first value; a tag names those changed since."""
        from mlflow.entities import Param

        there = run.data.params
        fresh = [Param(name, value) for name, value in params.items() if name not in there]
        for chunk in _chunks(fresh, _NAMES_A_CALL):
            self._client.log_batch(run.info.run_id, params=chunk)
        changed = {name: value for name, value in params.items() if there.get(name, value) != value}
        if changed:
            now = ", ".join(f"{name}: {there[name]} -> {value}" for name, value in changed.items())
            self._tag(run.info.run_id, {"changed_params": now})


def _kept(run: "Run") -> _Run:
    return _Run(id=run.info.run_id, start_ms=run.info.start_time, artifact_uri=run.info.artifact_uri)


def _shortened(tags: Mapping[str, str]) -> dict[str, str]:
    return {name: value if len(value) <= _MAX_TAG else value[: _MAX_TAG - 1] + "…" for name, value in tags.items()}


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
