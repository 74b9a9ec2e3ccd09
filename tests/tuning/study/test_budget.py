"""What is planned for each cell, and which cells were planned less or more than the others."""

from tests.tuning.studies import study
from tuning.records import CONFIRMATIONS, Phase
from tuning.study import planned_epochs, planned_trials, uneven, uneven_budgets


def test_epochs_are_planned_for_both_phases():
    the_study = study()
    cell = the_study.cells[0]
    assert [planned_trials(the_study, cell, phase) for phase in (Phase.TUNE, Phase.CONFIRM)] == [5, 2]
    assert [planned_epochs(the_study, cell, phase) for phase in (Phase.TUNE, Phase.CONFIRM)] == [15, 6]


def test_what_else_is_confirmed_is_planned_for_the_cells_that_it_is_asked_of_and_is_no_unequal_budget():
    factors = {"start": {"initialization": "mup"}, "rule": {"regularizer": "none"}}
    the_study = study(
        confirm={"seeds": 2, "learning_rate": "matched"}, ablate={"condition": "decay", "factors": factors}
    )
    planned = {phase: [planned_epochs(the_study, cell, phase) for cell in the_study.cells] for phase in CONFIRMATIONS}
    assert planned == {Phase.CONFIRM: [6] * 4, Phase.MATCHED: [0, 6, 0, 6], Phase.ABLATE: [0, 12, 0, 12]}
    assert uneven_budgets(the_study) == []


def test_cells_with_another_planned_budget_than_most_are_named():
    planned = {"mlp-tiny/baseline": 15, "mlp-tiny/decay": 12, "mlp-deep/baseline": 15, "mlp-deep/decay": 15}
    assert uneven(planned, Phase.TUNE) == {"mlp-tiny/decay": "12 epochs to tune where others have 15"}


def test_of_two_budgets_that_equally_many_cells_have_the_larger_is_that_of_the_others():
    assert uneven({"a": 3, "b": 4}, Phase.CONFIRM) == {"a": "3 epochs to confirm where others have 4"}
