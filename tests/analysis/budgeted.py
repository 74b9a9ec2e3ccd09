"""Studies whose budgets are known by heart."""

from dataclasses import replace

from analysis.findings.compare import comparison
from analysis.writing.budget_sheet import budget_sheet
from tests.analysis import synthetic
from tests.analysis.accuracies import asked_for
from tests.analysis.conftest import in_memory
from tuning import records
from tuning.records import EpochRecord

ONE = {"architecture": "mlp-small", "condition": "baseline"}


FULL, STOPPED = 0.625 + 0.75 + 0.875 + 1.0, 0.625  # seconds of a synthetic run's epochs, and of its first alone


def with_asha(tables):
    """The tables of a study whose rule stops trials early; the synthetic one has none."""
    rule = {**tables.study_data["search"], "early_stopping": {"name": "asha", "grace_epochs": 1, "reduction": 3}}
    return replace(tables, study_data={**tables.study_data, "search": rule})


def cell(runs):
    return comparison(with_asha(in_memory(runs))).cells["mlp-small", "baseline"]


def measured(run, seconds):
    """The run with so many seconds for each measurement, the state before the first step included."""
    timed = [
        EpochRecord(epoch=record.epoch, metrics={**record.metrics, records.MEASURE_SECONDS: seconds})
        for record in run.records
    ]
    return replace(run, records=tuple(timed))


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


def written(compared):
    """By condition of the small MLP, the texts of its row in the table of budgets."""
    return {name: texts for name, *texts in budget_sheet(compared).groups["mlp-small"]}
