"""What a study says it will still take, against what it took: from its beginning, and from an interruption on."""

import math
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import yaml

from benchmarks.machine import machine
from tuning.engine.history import History, Result
from tuning.engine.remaining import Outlook, Remaining
from tuning.records import Phase, StopReason
from tuning.store import EpochLogged, Event, Journal, RunEnded, RunStarted
from tuning.study import Study, from_params, load

SHARES = (0.1, 0.5, 0.9)
"""Of the time from the first trial's start, at which is looked."""

_SECONDS = 0.05
_STOPPING = {"name": "asha", "grace_epochs": 1, "reduction": 3}


@dataclass
class Session:
    """What was seen of one run of the study's driver.

    Attributes:
        began: when Tune did.
        moments: what was journaled, each with the moment at which it was seen there.
    """

    began: float = math.inf
    moments: list[tuple[float, Event]] = field(default_factory=list)


def run(*, trials: int) -> dict[str, Any]:
    """Run four cells of the shipped study with a stopping rule, once to the end and once interrupted, and look at both.

    Args:
        trials: of each cell.

    Returns:
        Machine, and by run what was said and what was true.
    """
    rows = {}
    with tempfile.TemporaryDirectory() as name:
        for which, until in (("from the beginning", None), ("after an interruption", 0.5)):
            print(f"{which} …", file=sys.stderr)
            folder = Path(name) / which.replace(" ", "-")
            folder.mkdir()
            whole = load("quickstart").as_data()
            two = {name: whole["conditions"][name] for name in ("baseline", "spectral")}
            asked = whole | {"name": "time-left", "conditions": two, "confirm": {"seeds": 2}}
            search = {"algorithm": "tpe", "trials": trials, "seed": 0, "early_stopping": _STOPPING}
            (folder / "study.yaml").write_text(yaml.safe_dump(asked | {"search": search}))
            rows[which] = _looked_at(folder, until)
    return {"machine": machine(torch.device("cpu")), "trials": trials, "rows": rows}


def _looked_at(folder: Path, until: float | None) -> list[dict[str, Any]]:
    study = load(str(folder / "study.yaml"))
    earlier = Session()
    if until is not None:
        earlier = _driven(folder, int(until * study.search.trials * len(study.cells)))
    return compared(study, earlier, _driven(folder, None))


def _driven(folder: Path, until: int | None) -> Session:
    """Run the study, to its end or until so many trials have ended, and return what was seen.

    Raises:
        RuntimeError: where the study did not end well.
    """
    command = [sys.executable, "-m", "tuning", "run", "study.yaml", "--tracking-uri", f"sqlite:///{folder}/mlflow.db"]
    journal = Journal(folder / "results" / "time-left")
    past = len(list(journal.read())) if journal.path.exists() else 0
    seen = Session()
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        over = False
        while not over:
            over = process.poll() is not None  # asked first, so that nothing is journaled after the last look
            now = time.monotonic()
            if (journal.path.parent / "ray").exists():
                seen.began = min(seen.began, now)
            events = list(journal.read())[past + len(seen.moments) :] if journal.path.exists() else []
            seen.moments += [(now, event) for event, _ in events]
            if until is not None and sum(isinstance(event, RunEnded) for _, event in seen.moments) >= until:
                process.send_signal(signal.SIGINT)
                until = None
            time.sleep(_SECONDS)
    if process.returncode not in {0, 130}:
        raise RuntimeError(f"the study must end well, got {process.returncode}: {(folder / 'log').read_text()[-2000:]}")
    return seen


def compared(study: Study, earlier: Session, session: Session) -> list[dict[str, Any]]:
    """Let the estimate see what a run's driver saw, and compare what it says with what was true.

    Args:
        study: that was run.
        earlier: what was seen before this run of it.
        session: what was seen in it.

    Returns:
        By share of the time from Tune's beginning to the last trial's end: what was said, and what was true.
    """
    driver = _Driver(study)
    for at, event in earlier.moments:
        driver.take(at, event)
    end = max(at for at, event in session.moments if isinstance(event, RunEnded))
    looks = [(session.began + share * (end - session.began), share) for share in SHARES]
    rows = []
    driver.begin(Phase.TUNE, session.began)
    for at, event in session.moments:
        while looks and looks[0][0] < at:
            driver.now, share = looks.pop(0)
            rows.append(_row(share, driver.remaining.outlook(), end - driver.now))
        driver.take(at, event)
    return rows


class _Driver:
    """A study's driver, as far as the estimate is concerned, at moments that are given."""

    def __init__(self, study: Study) -> None:
        self.now, self._phase = 0.0, Phase.TUNE
        self._study, self._history = study, History()
        self.remaining = Remaining(study, self._history, lambda: self.now)

    def begin(self, phase: Phase, at: float) -> None:
        """Begin a phase."""
        self.now, self._phase = at, phase
        count = self._study.search.trials if phase is Phase.TUNE else self._study.confirm.seeds
        self.remaining.begin(phase, {cell.key: count for cell in self._study.cells})

    def take(self, at: float, event: Event) -> None:
        """Take what was journaled."""
        self.now = at
        if isinstance(event, RunStarted):
            trial = self._history.start(from_params(event.params))
            if trial.settings.phase is not self._phase:
                self.begin(trial.settings.phase, at)
            self.remaining.pace.started(event.key)
        elif isinstance(event, EpochLogged):
            result = Result.of(event.metrics, event.diverged)
            self._history.trials[event.key].results[event.epoch] = result
            self.remaining.pace.reported(event.key, result.seconds if event.epoch else 0.0)
        elif isinstance(event, RunEnded):
            reason = StopReason(event.tags["stop_reason"])
            self._history.trials[event.key].reason = StopReason.RUNNING if reason is StopReason.INTERRUPTED else reason
            self.remaining.pace.ended(event.key)


def _row(share: float, outlook: Outlook | None, true: float) -> dict[str, Any]:
    left = None if outlook is None else outlook.study
    said = {} if left is None else {"said": left.seconds, "low": left.low, "high": left.high}
    return {"share": share, "true": true, **said}


def markdown(result: dict[str, Any]) -> str:
    """Return the table of a result.

    Args:
        result: as `run` has it.
    """
    lines = [
        "| run | time gone | said to be left, s | bounds, s | was left, s | said / was |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for which, rows in result["rows"].items():
        lines += [f"| {which} | {100 * row['share']:.0f} % | {_said(row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _said(row: dict[str, Any]) -> str:
    if "said" not in row:
        return f"nothing yet | | {row['true']:.0f} | "
    bounds = f"{row['low']:.0f} to {row['high']:.0f}"
    return f"{row['said']:.0f} | {bounds} | {row['true']:.0f} | {row['said'] / row['true']:.2f}"
