"""Points, tags and parameters of a run, in as few calls as MLflow allows and as many as it needs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

T = TypeVar("T")

MAX_PARAM = 6000
"""Characters of a parameter's value; MLflow refuses a longer one."""

_MAX_TAG = 8000
_METRICS_A_CALL = 1000
_NAMES_A_CALL = 100


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


def set_tags(client: "MlflowClient", run_id: str, tags: Mapping[str, str]) -> None:
    """Set or replace tags of a run.

    Args:
        client: of the run's store.
        run_id: the run.
        tags: of any length.
    """
    from mlflow.entities import RunTag

    for chunk in _chunks([RunTag(*item) for item in shortened(tags).items()], _NAMES_A_CALL):
        client.log_batch(run_id, tags=chunk)


def add_params(client: "MlflowClient", run: "Run", params: Mapping[str, str]) -> None:
    """Add the parameters that a run lacks. MLflow keeps a parameter's first value; a tag names those changed since.

    Args:
        client: of the run's store.
        run: as it is stored.
        params: names and values.
    """
    from mlflow.entities import Param

    there = run.data.params
    fresh = [Param(name, value) for name, value in params.items() if name not in there]
    for chunk in _chunks(fresh, _NAMES_A_CALL):
        client.log_batch(run.info.run_id, params=chunk)
    changed = {name: value for name, value in params.items() if there.get(name, value) != value}
    if changed:
        now = ", ".join(f"{name}: {there[name]} -> {value}" for name, value in changed.items())
        set_tags(client, run.info.run_id, {"changed_params": now})


def shortened(tags: Mapping[str, str]) -> dict[str, str]:
    """Return tags as MLflow takes them.

    Args:
        tags: of any length.
    """
    return {name: value if len(value) <= _MAX_TAG else value[: _MAX_TAG - 1] + "…" for name, value in tags.items()}


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
