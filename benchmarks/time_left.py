"""What a study says it will still take, against what it took: from its beginning, and from an interruption on."""

import math
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import torch
import yaml

from benchmarks.checkouts import see_that_it_ended_well
from benchmarks.machine import machine
from tuning.study import load

SHARES = (0.1, 0.5, 0.9)
"""Of the time from the first epoch to the last trial's end, at which is looked."""

_STOPPING = {"name": "asha", "grace_epochs": 1, "reduction": 3}
_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0}
_BOUNDS = re.compile(r"(?:([\d.]+)(?: (s|min|h))? to )?([\d.]+) (s|min|h)(?= to the end| left in confirm$)")

Row = dict[str, Any]


def run(*, trials: int) -> dict[str, Any]:
    """Run four cells of the shipped study with a stopping rule, once to the end and once interrupted.

    Args:
        trials: of each cell.

    Returns:
        Machine, and by run what was said and what was true.
    """
    rows = {}
    with tempfile.TemporaryDirectory() as name:
        for which, until in (("from the beginning", None), ("after an interruption", 2 * trials)):
            print(f"{which} …", file=sys.stderr)
            folder = Path(name) / which.replace(" ", "-")
            folder.mkdir()
            whole = load("quickstart").as_data()
            two = {name: whole["conditions"][name] for name in ("baseline", "spectral")}
            search = {"algorithm": "tpe", "trials": trials, "seed": 0, "early_stopping": _STOPPING}
            study_data = whole | {"name": "time-left", "conditions": two, "confirm": {"seeds": 2}, "search": search}
            (folder / "study.yaml").write_text(yaml.safe_dump(study_data))
            if until is not None:
                _driven(folder, until)
            rows[which] = compared(_driven(folder, None))
    return {"machine": machine(torch.device("cpu")), "trials": trials, "rows": rows}


def _driven(folder: Path, until: int | None) -> list[str]:
    """Run the study, to its end or until so many trials have ended, and return what it has said.

    Raises:
        RuntimeError: where the study did not end well.
    """
    command = [sys.executable, "-m", "tuning", "run", "study.yaml", "--tracking-uri", f"sqlite:///{folder}/mlflow.db"]
    log = folder / "results" / "time-left" / "run.log"
    past = len(_lines(log))
    with (folder / "output").open("w") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)
        while process.poll() is None:
            if until is not None and len(list(_said(_lines(log)[past:]))) >= until:
                process.send_signal(signal.SIGINT)
                until = None
            time.sleep(0.2)
    see_that_it_ended_well(process.returncode, folder / "output", well=(0, 130))
    return _lines(log)[past:]


def _lines(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


def compared(lines: list[str]) -> list[Row]:
    """Compare what a run said when its trials ended with what was true.

    Args:
        lines: of the study's log, of one run.

    Returns:
        By share of the time from the first epoch to the last trial's end: the bounds said last before, less the time
        since then, and what was true.
    """
    began = next(_moment(line) for line in lines if ": first epoch of" in line)
    told = list(_said(lines))
    end = told[-1][0]
    rows = []
    for share in SHARES:
        now = began + share * (end - began)
        before = [(at, low, high) for at, low, high in told if at <= now]
        said = {}
        if before:
            at, low, high = before[-1]
            said = {"low": max(0.0, low - (now - at)), "high": max(0.0, high - (now - at))}
        rows.append({"share": share, "true": end - now, **said})
    return rows


def _said(lines: list[str]) -> Iterator[tuple[float, float, float]]:
    """Yield the moment at which each trial ended, and the bounds of what was left to the end, in seconds."""
    for line in lines:
        if found := _BOUNDS.search(line):
            low, of_low, high, of_high = found.groups()
            most = float(high) * _UNITS[of_high]
            yield _moment(line), most if low is None else float(low) * _UNITS[of_low or of_high], most


def _moment(line: str) -> float:
    return datetime.strptime(line[:19], "%Y-%m-%d %H:%M:%S").timestamp()


def markdown(result: dict[str, Any]) -> str:
    """Return the table of a result.

    Args:
        result: as `run` has it.
    """
    lines = [
        "| run | time gone | said to be left, s | was left, s | middle / was |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for which, rows in result["rows"].items():
        lines += [f"| {which} | {100 * row['share']:.0f} % | {_compared(row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _compared(row: Row) -> str:
    if "low" not in row:
        return f"nothing yet | {row['true']:.0f} | "
    middle = math.sqrt(row["low"] * row["high"])
    return f"{row['low']:.0f} to {row['high']:.0f} | {row['true']:.0f} | {middle / row['true']:.2f}"
