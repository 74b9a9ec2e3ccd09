import pytest

from analysis.findings.budget import Budget
from analysis.findings.compare import comparison
from tests.analysis import synthetic
from tests.analysis.budgeted import FULL, ONE, STOPPED, cell, further, measured
from tuning.records import Phase


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


def test_what_else_is_confirmed_is_counted_where_it_is_planned():
    compared = comparison(further())
    plain, full = compared.of("mlp-small")
    assert list(plain.budgets) == [Phase.TUNE, Phase.CONFIRM]
    found = {phase: (budget.planned_trials, budget.begun, budget.epochs) for phase, budget in full.budgets.items()}
    assert (found[Phase.MATCHED], found[Phase.ABLATE]) == ((3, 3, 12), (6, 6, 24))
    assert full.budgets[Phase.ABLATE].training_seconds == 6 * FULL


@pytest.mark.parametrize("change", ["its own is the baseline's", "another optimizer", "a fixed learning rate"])
def test_a_cell_that_is_not_trained_at_the_baselines_learning_rate_plans_nothing_there(change):
    tables = further(matched=0)
    full = tables.runs["condition"] == "full"
    if change == "its own is the baseline's":
        tables.runs.loc[full, "param/training.learning_rate"] = 0.001
    elif change == "another optimizer":
        tables.study_data["conditions"]["full"]["optimizer"] = {"name": "muon"}
    else:
        tables.study_data["conditions"]["full"]["learning_rate"] = 0.1
    assert Phase.MATCHED not in comparison(tables).cells["mlp-small", "full"].budgets
