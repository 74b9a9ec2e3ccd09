"""What can happen to the runs of a study, and how each event is written as a line."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from tuning.records import Phase, StopReason

STATUSES = ("FINISHED", "FAILED", "KILLED")
"""How a run can end, in MLflow's words."""

_REASON = "stop_reason"
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,191}")  # four names of 48 characters fit, and files' names of 255


def _check_key(key: str) -> None:
    assert _KEY.fullmatch(key), f"a run's key names a folder and is quoted in searches, got {key!r}"


@dataclass(frozen=True, kw_only=True)
class RunStarted:
    """A trial begins, or goes on after an interruption.

    Attributes:
        key: the trial's key, the same after every restart.
        name: what people see in MLflow's list of runs.
        tags: for grouping and filtering; changed tags replace the old ones.
        params: the flat settings.
        time_ms: when the trial began first, in milliseconds of the Unix epoch.
    """

    key: str
    name: str
    tags: Mapping[str, str]
    params: Mapping[str, str]
    time_ms: int

    def __post_init__(self) -> None:
        _check_key(self.key)


@dataclass(frozen=True, kw_only=True)
class EpochLogged:
    """A trial has reported one epoch.

    Attributes:
        key: the trial's key.
        epoch: counted from 1; 0 is the state before the first step.
        metrics: finite numbers by name.
        diverged: the training has ended because a number was not finite.
        nonfinite: names of the metrics that were left out because they were not finite.
        measured: layers came with it, and lie beside the journal until the run ends.
    """

    key: str
    epoch: int
    metrics: Mapping[str, float]
    diverged: bool = False
    nonfinite: tuple[str, ...] = field(default=())
    measured: bool = False

    def __post_init__(self) -> None:
        _check_key(self.key)
        assert self.epoch >= 0, f"epochs are counted from 0, got {self.epoch}"
        poison = {name: value for name, value in self.metrics.items() if not math.isfinite(value)}
        assert not poison, f"only finite metrics are journaled, got {poison}"


@dataclass(frozen=True, kw_only=True)
class RunEnded:
    """A trial is over.

    Attributes:
        key: the trial's key.
        status: one of `STATUSES`.
        tags: what is known only now, ``stop_reason`` first of all.
        time_ms: when it ended, in milliseconds of the Unix epoch.
    """

    key: str
    status: str
    tags: Mapping[str, str]
    time_ms: int

    def __post_init__(self) -> None:
        _check_key(self.key)
        assert self.status in STATUSES, f"a run ends as one of {STATUSES}, got {self.status!r}"

    @classmethod
    def interrupted(cls, key: str, time_ms: int) -> Self:
        """Return the end of a run whose trial may go on: its session was interrupted."""
        return cls(key=key, status="KILLED", tags={_REASON: str(StopReason.INTERRUPTED)}, time_ms=time_ms)

    @property
    def is_interruption(self) -> bool:
        """Whether this is the end of a session and not of the trial, which may go on."""
        return self.tags.get(_REASON) == StopReason.INTERRUPTED


@dataclass(frozen=True, kw_only=True)
class ChoiceFrozen:
    """A trial is chosen for good: what is confirmed from here on has its settings.

    Attributes:
        key: the trial's key.
        choice: what was chosen and by what, plain data.
    """

    key: str
    choice: Mapping[str, Any]

    def __post_init__(self) -> None:
        _check_key(self.key)


@dataclass(frozen=True, kw_only=True)
class RunSuperseded:
    """A trial's run is no result any more, because its study grew and another one stands in its place.

    Attributes:
        key: the trial's key, which no later trial has.
    """

    PHASE: ClassVar[str] = str(Phase.SUPERSEDED)

    key: str

    def __post_init__(self) -> None:
        _check_key(self.key)


Event = RunStarted | EpochLogged | RunEnded | ChoiceFrozen | RunSuperseded
_EVENTS: dict[str, type[Event]] = {
    kind.__name__: kind for kind in (RunStarted, EpochLogged, RunEnded, ChoiceFrozen, RunSuperseded)
}


def encode(event: Event) -> bytes:
    """Return an event as one line of JSON, its newline included.

    Args:
        event: any.
    """
    fields = {"event": type(event).__name__, **vars(event)}
    return json.dumps(fields, ensure_ascii=False, allow_nan=False, default=dict).encode() + b"\n"


def decode(line: bytes) -> Event:
    """Return the event of a line; one that holds none raises what reads it.

    Args:
        line: as `encode` writes it.
    """
    fields = json.loads(line)
    kind = _EVENTS[fields.pop("event")]
    if "nonfinite" in fields:
        fields["nonfinite"] = tuple(fields["nonfinite"])
    return kind(**fields)
