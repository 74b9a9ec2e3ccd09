from analysis.page.summaries import write_summaries
from analysis.tables.study_tables import load
from tests.analysis import synthetic
from tests.analysis.budgeted import FULL, STOPPED
from tuning.store import StoreReader


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
