import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from analysis.findings.compare import comparison
from analysis.page.report import report
from analysis.words.budgets import budget_sentences, phases
from analysis.writing.budget_sheet import budget_sheet
from analysis.writing.comparison_sheet import comparison_rows
from analysis.writing.printed import on_terminal
from tests.analysis import synthetic
from tests.analysis.budgeted import ONE, further, measured, with_asha, written
from tests.analysis.conftest import in_memory
from tuning.records import Phase
from tuning.sheets import markdown


def shown(compared, columns):
    """What a terminal of so many columns shows of the budgets."""
    console = Console(width=columns, file=io.StringIO())
    console.print(on_terminal(compared, [], console))
    return console.file.getvalue().partition("\nBudget\n")[2]


def test_planned_and_spent_epochs_and_seconds_stand_by_phase():
    compared = comparison(with_asha(in_memory([measured(run, 0.25) for run in synthetic.cell(**ONE)])))
    assert written(compared) == {"baseline": ["12 + 12", "9 + 12", "7.12 + 9.75", "3.00 + 3.75", "2/1/0/0", "3/0/0/0"]}


def test_what_was_never_timed_is_a_dash():
    assert written(comparison(in_memory(synthetic.cell(**ONE))))["baseline"][3] == "— + —"


def test_what_else_is_confirmed_has_a_number_in_every_column():
    compared = comparison(further())
    assert phases(compared) == (Phase.TUNE, Phase.CONFIRM, Phase.MATCHED, Phase.ABLATE)
    assert written(compared)["full"][:3] == ["12 + 12 + 12 + 24", "9 + 12 + 12 + 24", "7.12 + 9.75 + 9.75 + 19.5"]
    assert written(compared)["baseline"][:2] == ["12 + 12 + 0 + 0", "9 + 12 + 0 + 0"]
    words = "of the search + of the confirmation + at the baseline's learning rate + without a factor"
    assert f"Epochs and seconds: {words}; evaluation" in budget_sheet(compared).legend
    assert "full 12 + 12 + 12 + 24" in " ".join(re.sub(r"<[^>]*>", " ", report(further(), compared).html).split())


def test_a_study_stored_without_its_question_has_no_plan():
    tables = replace(in_memory(synthetic.cell(**ONE)), study_data={})
    compared = comparison(tables)
    assert written(compared)["baseline"][:2] == ["— + —", "9 + 12"]
    assert budget_sentences(compared) == []


def test_the_page_shows_each_cells_budgets_and_says_whether_they_were_spent(quickstart):
    tables = with_asha(quickstart)
    text = " ".join(re.sub(r"<[^>]*>", " ", report(tables, comparison(tables)).html).split())
    assert "decay 12 + 12 9 + 12 7.12 + 9.75 — + — 2/1/0/0 3/0/0/0" in text
    assert "12 epochs to confirm, and every trial ended as planned, in the search some by the rule that stops" in text


@pytest.mark.parametrize(("columns", "left_out"), [(120, None), (80, None), (68, "seeds"), (60, "measuring s, seeds")])
def test_a_narrow_terminal_leaves_columns_out_and_cuts_no_number(quickstart, columns, left_out):
    text = shown(comparison(quickstart), columns)
    assert "…" not in text
    assert re.search(r"decay +12 \+ 12 +9 \+ 12 +7\.12 \+ 9\.75 ", text)
    assert ("left out" in text) == (left_out is not None)
    assert left_out is None or f"left out: {left_out};" in text


@pytest.mark.parametrize(
    ("columns", "explained"),
    [
        (120, {"seconds", "evaluation", "Trials of the search and seeds of the confirmation", "completed"}),
        (66, {"seconds", "evaluation", "Trials of the search:", "completed"}),
        (34, set()),
    ],
)
def test_what_a_narrow_terminal_leaves_out_is_not_explained(quickstart, columns, explained):
    words = {
        *("seconds", "evaluation", "Trials of the search:", "Trials of the search and seeds of the confirmation"),
        "completed",
    }
    text = " ".join(shown(comparison(quickstart), columns).split())
    assert {word for word in words if word in text} == explained


def test_what_has_not_ended_is_told_in_words(quickstart):
    """A run that goes on, and one that has not begun, are in no number of the table."""
    runs = synthetic.cell(**ONE)
    going = [replace(run, reason="running") if run.key == runs[2].key else run for run in runs if run != runs[0]]
    compared = comparison(with_asha(in_memory(going)))
    assert written(compared)["baseline"][4] == "0/1/0/0"
    assert (
        "baseline on mlp-small did not spend its budget to tune: of 3 trials 1 unfinished and 1 not begun."
        in budget_sentences(compared)
    )


def test_markdown_is_one_table_with_its_words(quickstart):
    lines = markdown.written(budget_sheet(comparison(quickstart))).splitlines()
    assert lines[2] == "| mlp-small | baseline | 12 + 12 | 9 + 12 | 7.12 + 9.75 | — + — | 2/1/0/0 | 3/0/0/0 |"
    assert len({line.count("|") for line in lines[:8]}) == 1
    assert any(line.startswith("Every cell was given 12 epochs") for line in lines)


@pytest.mark.parametrize("name", ["tune_planned_epochs", "confirm_measuring_seconds", "confirm_training_seconds"])
def test_budgets_stand_in_the_csv(quickstart, name):
    assert name in comparison_rows(comparison(quickstart))[0]
