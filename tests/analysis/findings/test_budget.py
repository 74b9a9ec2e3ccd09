"""What a report says of budgets is what was planned and what the stored runs spent."""

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from analysis.findings.budget import Budget
from analysis.findings.compare import comparison
from analysis.page.report import report
from analysis.page.summaries import write_summaries
from analysis.tables.table import load
from analysis.writing.budget_table import markdown, phases, sentences, terminal, texts
from analysis.writing.formats import to_csv
from tests.analysis import synthetic
from tests.analysis.accuracies import asked_for
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
            diverged=(),
            epochs=4 + 1 + 4,
            training_seconds=2 * FULL + STOPPED,
            measuring_seconds=0.25 * (5 + 2 + 5),
        ),
        Phase.CONFIRM: Budget(
            planned_trials=3,
            planned_epochs=12,
            begun=3,
            as_planned=3,
            diverged=(),
            epochs=12,
            training_seconds=3 * FULL,
            measuring_seconds=0.25 * 15,
        ),
    }
    assert texts(found) == ("12 + 12", "9 + 12", "7.12 + 9.75", "3.00 + 3.75", "2/1/0/0", "3/0/0/0")


def test_what_was_never_timed_is_a_dash():
    assert texts(cell(synthetic.cell(**ONE)))[3] == "— + —"


def test_a_stopped_trial_has_spent_its_budget_only_where_a_rule_stops_trials():
    tables = in_memory(synthetic.cell(**ONE))
    ruled = with_asha(tables)
    unspent = "baseline on mlp-small did not spend its budget to tune: of 3 trials 1 cut off."
    assert [unspent in sentences(comparison(one)) for one in (tables, ruled)] == [True, False]
    assert sentences(comparison(ruled)) == [
        "Every cell was given 12 epochs to tune and 12 epochs to confirm, and every trial ended as planned, in the "
        "search some by the rule that stops trials early."
    ]


def test_a_search_whose_trials_diverged_is_not_said_to_have_gone_as_planned():
    """Three of four diverge, as by learning rates without bound; each had its budget, which is spent."""
    lost = [replace(run, reason="diverged") for run in synthetic.cell(**ONE) if run.phase == "tune"][1:]
    kept = [run for run in synthetic.cell(**ONE) if run.phase == "confirm" or run.index == 0]
    assert sentences(comparison(in_memory([*kept, *lost]))) == [
        "Every cell was given 12 epochs to tune and 12 epochs to confirm.",
        "baseline on mlp-small: 2 of 3 trials of the search diverged, so that a loss or a weight was not finite "
        "(tune__mlp-small__baseline__001, tune__mlp-small__baseline__002); they count as the worst there are.",
    ]


def test_each_cell_and_phase_whose_budget_was_not_spent_is_told(with_gaps):
    assert sentences(comparison(with_gaps)) == [
        "Every cell was given 12 epochs to tune and 12 epochs to confirm.",
        "The search trained 0 epochs (decay on mlp-small, decay on resnet-small and 1 more) to 4 epochs (spectral on "
        "mlp-small, baseline on resnet-small) a cell, because not every trial trained to its last epoch.",
        "baseline on mlp-small: 1 of 3 trials of the search diverged, so that a loss or a weight was not finite "
        "(tune__mlp-small__baseline__000); they count as the worst there are.",
        "baseline on mlp-small: 1 of 3 trials of the confirmation diverged, so that a loss or a weight was not finite "
        "(confirm__mlp-small__baseline__002); they count as the worst there are.",
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
    write_summaries(tables, [])
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
    assert "decay 12 + 12 9 + 12 7.12 + 9.75 — + — 2/1/0/0 3/0/0/0" in text
    assert "12 epochs to confirm, and every trial ended as planned, in the search some by the rule that stops" in text


@pytest.mark.parametrize(("columns", "left_out"), [(120, None), (80, None), (68, "seeds"), (60, "measuring s, seeds")])
def test_a_narrow_terminal_leaves_columns_out_and_cuts_no_number(quickstart, columns, left_out):
    console = Console(width=columns, file=io.StringIO())
    console.print(terminal(comparison(quickstart), console))
    shown = console.file.getvalue()
    assert "…" not in shown
    assert re.search(r"decay +12 \+ 12 +9 \+ 12 +7\.12 \+ 9\.75 ", shown)
    assert ("left out" in shown) == (left_out is not None)
    assert left_out is None or f"left out: {left_out};" in shown


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
    console = Console(width=columns, file=io.StringIO())
    console.print(terminal(comparison(quickstart), console))
    shown = " ".join(console.file.getvalue().split())
    assert {word for word in words if word in shown} == explained


def test_what_has_not_ended_is_told_in_words(quickstart):
    """A run that goes on, and one that has not begun, are in no number of the table."""
    runs = synthetic.cell(**ONE)
    going = [replace(run, reason="running") if run.key == runs[2].key else run for run in runs if run != runs[0]]
    compared = comparison(with_asha(in_memory(going)))
    assert texts(compared.cells["mlp-small", "baseline"])[4] == "0/1/0/0"
    assert (
        "baseline on mlp-small did not spend its budget to tune: of 3 trials 1 unfinished and 1 not begun."
        in sentences(compared)
    )


def test_markdown_is_one_table_with_its_words(quickstart):
    lines = markdown(comparison(quickstart)).splitlines()
    assert lines[2] == "| mlp-small | baseline | 12 + 12 | 9 + 12 | 7.12 + 9.75 | — + — | 2/1/0/0 | 3/0/0/0 |"
    assert len({line.count("|") for line in lines[:8]}) == 1
    assert any(line.startswith("Every cell was given 12 epochs") for line in lines)


def further(*, matched=3, ablated=3):
    """Two cells, of which ``full`` is confirmed at the baseline's learning rate too, and without two factors."""
    names = {"architecture": "mlp-small", "condition": "full"}
    full = [replace(run, learning_rate=0.1) if run.phase == "confirm" else run for run in synthetic.cell(**names)]
    more = [synthetic.Run(phase="matched", index=index, **names) for index in range(matched)]
    for factor in ("rule", "start"):
        keys = {index: f"ablate__mlp-small__full__{factor}__00{index}" for index in range(ablated)}
        more += [
            synthetic.Run(phase="ablate", index=index, ablated=factor, named=key, **names)
            for index, key in keys.items()
        ]
    runs = [*synthetic.cell(**ONE), *full, *map(synthetic.with_records, more)]
    factors = {"rule": {"regularizer": "none"}, "start": {"initialization": "mup"}}
    return with_asha(asked_for(in_memory(runs), baseline="baseline", factors=factors))


def test_what_else_is_confirmed_is_counted_where_it_is_planned():
    compared = comparison(further())
    plain, full = compared.of("mlp-small")
    assert phases(compared) == (Phase.TUNE, Phase.CONFIRM, Phase.MATCHED, Phase.ABLATE)
    assert list(plain.budgets) == [Phase.TUNE, Phase.CONFIRM]
    found = {phase: (one.planned_trials, one.begun, one.epochs) for phase, one in full.budgets.items()}
    assert (found[Phase.MATCHED], found[Phase.ABLATE]) == ((3, 3, 12), (6, 6, 24))
    assert full.budgets[Phase.ABLATE].training_seconds == 6 * FULL
    assert texts(full, phases(compared))[:3] == ("12 + 12 + 12 + 24", "9 + 12 + 12 + 24", "7.12 + 9.75 + 9.75 + 19.5")
    assert texts(plain, phases(compared))[:2] == ("12 + 12 + 0 + 0", "9 + 12 + 0 + 0")
    assert sentences(compared) == [
        "Every cell was given 12 epochs to tune and 12 epochs to confirm, and every trial ended as planned, in the "
        "search some by the rule that stops trials early."
    ]
    words = "of the search + of the confirmation + at the baseline's learning rate + without a factor"
    assert f"Epochs and seconds: {words}; evaluation" in markdown(compared)
    assert "full 12 + 12 + 12 + 24" in " ".join(re.sub(r"<[^>]*>", " ", report(further(), compared).html).split())


def test_what_else_was_to_be_confirmed_and_was_not_is_told():
    assert sentences(comparison(further(matched=0, ablated=2)))[1:] == [
        "full on mlp-small did not spend its budget at the baseline's learning rate: of 3 trials 3 not begun.",
        "full on mlp-small did not spend its budget without a factor: of 6 trials 2 not begun.",
    ]
    tables = further()
    lost = tables.runs["ablated"] == "rule"
    tables.runs.loc[lost, "stop_reason"] = "error"
    (said,) = sentences(comparison(tables))[1:]
    assert said.endswith("without a factor: of 6 trials 3 failed or unfinished.")


@pytest.mark.parametrize("change", ["its own is the baseline's", "another optimizer", "a fixed learning rate"])
def test_a_cell_that_is_not_trained_at_the_baselines_learning_rate_plans_nothing_there(change):
    tables = further(matched=0)
    full = tables.runs["condition"] == "full"
    if change == "its own is the baseline's":
        tables.runs.loc[full, "param/training.learning_rate"] = 0.001
    elif change == "another optimizer":
        tables.asked["conditions"]["full"]["optimizer"] = {"name": "muon"}
    else:
        tables.asked["conditions"]["full"]["learning_rate"] = 0.1
    assert Phase.MATCHED not in comparison(tables).cells["mlp-small", "full"].budgets


@pytest.mark.parametrize("name", ["tune_planned_epochs", "confirm_measuring_seconds", "confirm_training_seconds"])
def test_budgets_stand_in_the_csv(quickstart, name):
    assert name in to_csv(comparison(quickstart)).splitlines()[0].split(",")
