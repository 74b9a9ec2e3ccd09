"""What frames a report: the question at its head, and where its numbers come from at its end."""

from collections.abc import Sequence
from datetime import UTC, datetime

from analysis.findings.compare import Comparison
from analysis.notation import count, listed
from analysis.tables.runs import completed
from analysis.tables.study_tables import Tables
from analysis.words.basis import rested_on
from analysis.words.budgets import RUNS_OF
from tuning.records import Phase
from tuning.store import hide_password


def question(tables: Tables, comparison: Comparison) -> str:
    """Say in words what the study asks, of what, and with how much work.

    Args:
        tables: the study's.
        comparison: computed from them.

    Returns:
        A few sentences.
    """
    runs = tables.runs[tables.runs["phase"].isin([Phase.TUNE, Phase.CONFIRM])]
    cells = comparison.cells.values()
    tuned = _range([cell.tune.runs for cell in cells], "trial")
    seeds = _range([len(cell.seeds) for cell in cells], "seed")
    epochs = _range(completed(runs)["epochs"].tolist(), "epoch")
    optimizers = listed(sorted(set(runs["optimizer"])))
    conditions = listed(list(comparison.conditions))
    opening = (
        f"Which of {len(comparison.conditions)} conditions, {conditions}, reaches the highest test accuracy"
        if len(comparison.conditions) > 1
        else f"Which test accuracy does {conditions} reach"
    )
    return (
        f"{opening} on {listed(sorted(set(runs['dataset'])))} with "
        f"{listed(list(comparison.architectures))}, trained by {optimizers} for {epochs}? "
        f"Each cell, an architecture under a condition, was tuned on validation data with {tuned}; "
        f"its best setting was then trained anew on {seeds}, and test data were read only there."
    )


def _range(values: Sequence[int], noun: str) -> str:
    low, high = min(values), max(values)
    return count(low, noun) if low == high else f"{low} to {count(high, noun)}"


def provenance(tables: Tables) -> dict[str, str]:
    """Tell where the numbers come from.

    Args:
        tables: the study's.

    Returns:
        A value for each heading; a password in the store's address is left out.
    """
    runs = tables.runs
    commits = sorted(set(runs["git_commit"]) - {""})
    ends = runs["end_ms"].dropna()
    return {
        "Study": tables.study,
        "Store": hide_password(tables.tracking_uri),
        "Runs": ", ".join(
            f"{number} {what}" for phase, what in RUNS_OF.items() if (number := (runs["phase"] == phase).sum())
        ),
        "First run began": _date(int(runs["start_ms"].min())),
        "Last run ended": _date(int(ends.max())) if len(ends) else "none has ended",
        **rested_on(runs),
        "Git commit": listed(commits) if commits else "not stored",
    }


def _date(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC).strftime("%Y-%m-%d %H:%M UTC")
