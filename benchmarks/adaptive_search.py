"""What samplers learn where trials are stopped early or fail, with this code and with another checkout of it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import planted_search
from benchmarks.checkouts import NAMES, checkouts
from tuning.records import SAMPLED

Result = dict[str, Any]


def run(*, seeds: int, beside: Path | None) -> Result:
    """Search planted cells with every sampler and stopping rule, with failures and without.

    Args:
        seeds: searches of each kind.
        beside: the other checkout; None for this one alone.

    Returns:
        What was counted, by kind of search and seed.
    """
    cases = list(_cases(seeds))
    counted = {which: _counted(tree, cases) for which, tree in checkouts(beside).items()}
    return {"optuna": version("optuna"), "cases": cases, "code": counted}


def _cases(seeds: int) -> Iterator[dict[str, Any]]:
    for algorithm in SAMPLED:
        for rule in planted_search.RULES:
            if algorithm == "nsga2" and rule != "none":
                continue  # refused: two objectives, of which early stopping would know one
            for failing in (False, True):
                for seed in range(seeds):
                    yield {"algorithm": algorithm, "rule": rule, "failing": failing, "seed": seed}


def _counted(tree: Path, cases: Sequence[dict[str, Any]]) -> list[dict[str, int]]:
    done = subprocess.run(
        [sys.executable, planted_search.__file__],
        input=json.dumps(cases),
        env=os.environ | {"PYTHONPATH": str(tree)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    counts: list[dict[str, int]] = json.loads(done.stdout)
    return counts


def markdown(result: Result) -> str:
    """Return the table of a result.

    Args:
        result: as `run` has it.
    """
    code = [which for which in reversed(NAMES) if which in result["code"]]
    heads = [f"{what}, {NAMES[which]}" for what in ("learned", "failed of the last 20") for which in code]
    lines = ["| sampler | early stopping | failures | " + " | ".join(heads) + " |"]
    lines.append("| --- | --- | --- |" + " ---: |" * len(heads))
    kinds = list(dict.fromkeys((case["algorithm"], case["rule"], case["failing"]) for case in result["cases"]))
    for kind in kinds:
        algorithm, rule, failing = kind
        cells = [
            _span([count[what] for count in _of(result, which, kind)])
            for what in ("learned", "failed")
            for which in code
        ]
        lines.append(f"| {algorithm} | {rule} | {'large batches' if failing else 'none'} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _of(result: Result, which: str, kind: tuple[str, str, bool]) -> list[dict[str, int]]:
    pairs = zip(result["cases"], result["code"][which], strict=True)
    return [count for case, count in pairs if (case["algorithm"], case["rule"], case["failing"]) == kind]


def _span(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low}" if low == high else f"{low} – {high}"
