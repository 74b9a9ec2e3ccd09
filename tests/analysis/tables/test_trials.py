from analysis.tables.trials import FULL_BUDGET, SCORE, trials
from tests.analysis import planted

RATES = [0.001] * 5


def test_a_diverged_trial_scores_the_worst_there_is_and_had_its_budget():
    runs = planted.searched("mlp-small", "decay", [0.5, 0.9, 0.7], rates=RATES, reasons={1: "diverged"})
    found = trials(planted.tables(runs), "mlp-small", "decay")
    assert found[SCORE].tolist() == [0.5, 0.0, 0.7]
    assert found[FULL_BUDGET].tolist() == [True, True, True]


def test_a_trial_that_was_stopped_early_had_not():
    runs = planted.searched("mlp-small", "decay", [0.5, 0.9], rates=RATES, reasons={0: "early_stopped"})
    assert trials(planted.tables(runs), "mlp-small", "decay")[FULL_BUDGET].tolist() == [False, True]


def test_what_failed_or_goes_on_says_nothing():
    reasons = {0: "error", 2: "running"}
    runs = planted.searched("mlp-small", "decay", [0.5, 0.9, 0.7], rates=RATES, reasons=reasons)
    assert trials(planted.tables(runs), "mlp-small", "decay")["seed"].tolist() == [1]


def test_confirmation_runs_and_other_cells_are_no_trials_of_a_search():
    runs = planted.searched("mlp-small", "decay", [0.5], rates=RATES) + planted.confirmed({}, seeds=2)
    assert len(trials(planted.tables(runs), "mlp-small", "decay")) == 1
    assert len(trials(planted.tables(runs), "mlp-small", "baseline")) == 0
