"""What a report says of budgets is what was planned and what the stored runs spent."""

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from analysis.budget import Budget
from analysis.budget_table import markdown, sentences, terminal, texts
from analysis.compare import comparison
from analysis.formats import to_csv
from analysis.report import report
from analysis.summaries import write_summaries
from analysis.table import load
from tests.analysis import synthetic
from tests.analysis.conftest import in_memory
from tuning import records
from tuning.records import EpochRecord, Phase
from tuning.store import StoreReader

ONE = {"architecture": "mlp-small", "condition": "baseline"}
FULL, STOPPED = 0.625 + 0.75 + 0.875 + 1.0, 0.625  # seconds of a synthetic run's epochs, and of its first alone


def with_asha(tables):
    """The tables of a study whose rule stops trials early; the synthetic one has none."""
    rule = {**tables.asked["search"], "early_stopping": {"name": "asha", "grace_epochs": 1, "reduction": 3}}
    return replace(tables, asked={**tables.asked, "search": rule})


def cell(runs):
    return comparison(with_asha(in_memory(runs))).cells["mlp-small", "baseline"]


def measured(run, seconds):
    """The run with so many seconds for each measurement, the state before the first step included."""
    timed = [
        EpochRecord(epoch=one.epoch, metrics={**one.metrics, records.MEASURE_SECONDS: seconds}) for one in run.records
    ]
    return replace(run, records=tuple(timed))


def test_planned_and_spent_epochs_and_seconds_are_those_of_the_runs():
    found = cell([measured(run, 0.25) for run in synthetic.cell(**ONE)])
    assert found.budgets == {
        Phase.TUNE: Budget(
            planned_trials=3,
            planned_epochs=12,
            begun=3,
            as_planned=3,
            epochs=4 + 1 + 4,
            training_seconds=2 * FULL + STOPPED,
            measuring_seconds=0.25 * (5 + 2 + 5),
        ),
        Phase.CONFIRM: Budget(
            planned_trials=3,
            planned_epochs=12,
            begun=3,
            as_planned=3,
            epochs=12,
            training_seconds=3 * FULL,
            measuring_seconds=0.25 * 15,
        ),
    }
    assert texts(found) == ("12 + 12", "9 + 12", "7.12 + 9.75", "3.00 + 3.75", "2/1/0/0/0", "3/0/0/0/0")


def test_what_was_never_timed_is_a_dash():
    assert texts(cell(synthetic.cell(**ONE)))[3] == "— + —"


def test_a_stopped_trial_has_spent_its_budget_only_where_a_rule_stops_trials():
    tables = in_memory(synthetic.cell(**ONE))
    ruled = with_asha(tables)
    unspent = "baseline on mlp-small did not spend its budget to tune: of 3 trials 1 cut off."
    assert [unspent in sentences(comparison(one)) for one in (tables, ruled)] == [True, False]
    assert sentences(comparison(ruled)) == [
        "Every cell was given 12 epochs to tune and 12 epochs to confirm, and every trial ended as planned."
    ]


def test_each_cell_and_phase_whose_budget_was_not_spent_is_told(with_gaps):
    assert sentences(comparison(with_gaps)) == [
        "Every cell was given 12 epochs to tune and 12 epochs to confirm.",
        "The search trained 0 epochs (decay on mlp-small, decay on resnet-small and 1 more) to 4 epochs (spectral on "
        "mlp-small, baseline on resnet-small) a cell, because not every trial trained to its last epoch.",
        "baseline on mlp-small did not spend its budget to tune: of 3 trials 2 not begun.",
        "decay on mlp-small did not spend its budget to tune: of 3 trials 3 not begun.",
        "decay on mlp-small did not spend its budget to confirm: of 3 trials 2 not begun.",
        "spectral on mlp-small did not spend its budget to tune: of 3 trials 1 failed and 1 not begun.",
        "spectral on mlp-small did not spend its budget to confirm: of 3 trials 3 not begun.",
        "baseline on resnet-small did not spend its budget to tune: of 3 trials 2 not begun.",
        "baseline on resnet-small did not spend its budget to confirm: of 3 trials 3 not begun.",
        "decay on resnet-small did not spend its budget to tune: of 3 trials 3 not begun.",
        "decay on resnet-small did not spend its budget to confirm: of 3 trials 3 not begun.",
        "spectral on resnet-small did not spend its budget to tune: of 3 trials 3 not begun.",
        "spectral on resnet-small did not spend its budget to confirm: of 3 trials 3 not begun.",
    ]


def test_a_study_stored_without_its_question_has_no_plan():
    tables = replace(in_memory(synthetic.cell(**ONE)), asked={})
    compared = comparison(tables)
    assert texts(compared.cells["mlp-small", "baseline"])[:2] == ("— + —", "9 + 12")
    assert sentences(compared) == []


def test_cells_with_another_plan_than_most_are_told():
    compared = comparison(in_memory([run for name in ("a", "b", "c") for run in synthetic.cell("net", name)]))
    odd = compared.cells["net", "b"]
    smaller = {**odd.budgets, Phase.TUNE: replace(odd.budgets[Phase.TUNE], planned_epochs=8)}
    uneven = replace(compared, cells={**compared.cells, ("net", "b"): replace(odd, budgets=smaller)})
    assert "The planned budgets are not equal: b on net got another than most." in sentences(uneven)


def test_a_summary_run_holds_its_cells_budgets(store):
    tables = load(synthetic.STUDY, store)
    write_summaries(tables, {name: [] for name in synthetic.ARCHITECTURES})
    (run,) = [
        run
        for run in StoreReader(synthetic.STUDY, store).runs()
        if run.tags["trial_key"] == "summary__resnet-small__decay"
    ]
    assert {name: value for name, value in run.metrics.items() if name.startswith("budget/")} == {
        "budget/tune_planned_epochs": 12,
        "budget/tune_epochs": 9,
        "budget/tune_training_seconds": 2 * FULL + STOPPED,
        "budget/confirm_planned_epochs": 12,
        "budget/confirm_epochs": 12,
        "budget/confirm_training_seconds": 3 * FULL,
    }


def test_the_page_shows_each_cells_budgets_and_says_whether_they_were_spent(quickstart):
    tables = with_asha(quickstart)
    text = " ".join(re.sub(r"<[^>]*>", " ", report(tables, comparison(tables)).html).split())
    assert "decay 12 + 12 9 + 12 7.12 + 9.75 — + — 2/1/0/0/0 3/0/0/0/0" in text
    assert "Every cell was given 12 epochs to tune and 12 epochs to confirm, and every trial ended as planned." in text


@pytest.mark.parametrize(("columns", "left_out"), [(120, None), (80, None), (70, "seeds"), (60, "measuring s, seeds")])
def test_a_narrow_terminal_leaves_columns_out_and_cuts_no_number(quickstart, columns, left_out):
    console = Console(width=columns, file=io.StringIO())
    console.print(terminal(comparison(quickstart), console))
    shown = console.file.getvalue()
    assert "…" not in shown
    assert re.search(r"decay +12 \+ 12 +9 \+ 12 +7\.12 \+ 9\.75 ", shown)
    assert ("left out" in shown) == (left_out is not None)
    assert left_out is None or f"left out: {left_out};" in shown


def test_markdown_is_one_table_with_its_words(quickstart):
    lines = markdown(comparison(quickstart)).splitlines()
    assert lines[2] == "| mlp-small | baseline | 12 + 12 | 9 + 12 | 7.12 + 9.75 | — + — | 2/1/0/0/0 | 3/0/0/0/0 |"
    assert len({line.count("|") for line in lines[:8]}) == 1
    assert any(line.startswith("Every cell was given 12 epochs") for line in lines)


@pytest.mark.parametrize("name", ["tune_planned_epochs", "confirm_measuring_seconds", "confirm_training_seconds"])
def test_budgets_stand_in_the_csv(quickstart, name):
    assert name in to_csv(comparison(quickstart)).splitlines()[0].split(",")
