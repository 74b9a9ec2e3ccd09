"""What a report says of budgets is what was planned and what the stored runs spent."""

from dataclasses import replace

from analysis.findings.compare import comparison
from analysis.words.budgets import budget_sentences
from tests.analysis import synthetic
from tests.analysis.budgeted import ONE, further, with_asha
from tests.analysis.conftest import in_memory
from tuning.records import Phase


def test_a_stopped_trial_has_spent_its_budget_only_where_a_rule_stops_trials():
    tables = in_memory(synthetic.cell(**ONE))
    ruled = with_asha(tables)
    unspent = "baseline on mlp-small did not spend its budget to tune: of 3 trials 1 cut off."
    assert [unspent in budget_sentences(comparison(study_tables)) for study_tables in (tables, ruled)] == [True, False]
    assert budget_sentences(comparison(ruled)) == [
        "Every cell was given 12 epochs to tune and 12 epochs to confirm, and every trial ended as planned, in the "
        "search some by the rule that stops trials early."
    ]


def test_a_search_whose_trials_diverged_is_not_said_to_have_gone_as_planned():
    """Three of four diverge, as by learning rates without bound; each had its budget, which is spent."""
    lost = [replace(run, reason="diverged") for run in synthetic.cell(**ONE) if run.phase == "tune"][1:]
    kept = [run for run in synthetic.cell(**ONE) if run.phase == "confirm" or run.index == 0]
    assert budget_sentences(comparison(in_memory([*kept, *lost]))) == [
        "Every cell was given 12 epochs to tune and 12 epochs to confirm.",
        "baseline on mlp-small: 2 of 3 trials of the search diverged, so that a loss or a weight was not finite "
        "(tune__mlp-small__baseline__001, tune__mlp-small__baseline__002); they count as the worst there are.",
    ]


def test_each_cell_and_phase_whose_budget_was_not_spent_is_told(with_gaps):
    assert budget_sentences(comparison(with_gaps)) == [
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


def test_cells_with_another_plan_than_most_are_told():
    compared = comparison(in_memory([run for name in ("a", "b", "c") for run in synthetic.cell("net", name)]))
    odd = compared.cells["net", "b"]
    smaller = {**odd.budgets, Phase.TUNE: replace(odd.budgets[Phase.TUNE], planned_epochs=8)}
    uneven = replace(compared, cells={**compared.cells, ("net", "b"): replace(odd, budgets=smaller)})
    assert "The planned budgets are not equal: b on net got another than most." in budget_sentences(uneven)


def test_what_else_was_to_be_confirmed_and_was_not_is_told():
    assert budget_sentences(comparison(further(matched=0, ablated=2)))[1:] == [
        "full on mlp-small did not spend its budget at the baseline's learning rate: of 3 trials 3 not begun.",
        "full on mlp-small did not spend its budget without a factor: of 6 trials 2 not begun.",
    ]
    tables = further()
    lost = tables.runs["ablated"] == "rule"
    tables.runs.loc[lost, "stop_reason"] = "error"
    (said,) = budget_sentences(comparison(tables))[1:]
    assert said.endswith("without a factor: of 6 trials 3 failed or unfinished.")
