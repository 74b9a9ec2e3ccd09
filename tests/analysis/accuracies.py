"""Runs whose test accuracies are given, for tests of what is compared seed by seed."""

from dataclasses import replace

from analysis.tables.study_tables import Tables
from tests.analysis.synthetic import EPOCHS, Run
from tuning import records
from tuning.records import EpochRecord


def runs(phase: str, condition: str, accuracies: list[float | None], **names: object) -> list[Run]:
    """One run a seed; a seed without an accuracy has diverged."""
    made = []
    for index, accuracy in enumerate(accuracies):
        run = Run(**{"architecture": "mlp-small", **names, "phase": phase, "condition": condition, "index": index})
        last = {} if accuracy is None else {records.TEST_ACCURACY: accuracy}
        record = EpochRecord(epoch=EPOCHS, metrics=last, diverged=accuracy is None)
        made.append(replace(run, records=(record,), reason="diverged" if accuracy is None else "completed"))
    return made


def asked_for(tables: Tables, baseline: str | None = None, factors: dict[str, object] | None = None) -> Tables:
    """The tables of a study that asked for these confirmations too."""
    study_data = dict(tables.study_data)
    if baseline:
        study_data["confirm"] = {"seeds": 3, "learning_rate": "matched", "baseline": baseline}
    if factors:
        study_data["ablate"] = {"condition": "full", "factors": factors}
    return replace(tables, study_data=study_data)
