"""What each cell confirms: chosen by validation at full budget, once, and kept before anything rests on it."""

import json
from pathlib import Path

import pytest

from tests.tuning.store.cases import SECONDS
from tests.tuning.studies import study
from tuning.engine.runner import _is_finished
from tuning.engine.state.choice import freeze, frozen_trials, undecided
from tuning.engine.state.history import History, Result
from tuning.engine.state.problems import problems
from tuning.records import CHOICE_FILE, VAL_ACCURACY, EpochRecord, Phase, StopReason
from tuning.settings import to_params
from tuning.store import ChoiceFrozen, Journal, RunStarted, StoreReader, StoreWriter

TRIALS, EPOCHS, SEEDS = 2, 3, 2
ASKED = study(
    architectures=[{"name": "mlp-tiny", "family": "mlp", "depth": 2, "width": 16}],
    search={"trials": TRIALS, "concurrency": 1, "early_stopping": {"name": "asha"}},
    confirm={"seeds": SEEDS, "learning_rate": "matched"},
    ablate={"condition": "decay", "factors": {"start": {"initialization": "mup"}}},
)
BASELINE, DECAY = ASKED.cells


class Session:
    """One run of the study as far as choosing goes: a history, and a store that keeps what is reported."""

    def __init__(self, folder: Path, uri: str) -> None:
        self.journal = Journal(folder / "tiny")
        self.writer = StoreWriter("tiny", uri, folder / "tiny")
        self.history = History()
        self.history.recall(self.journal)

    def trained(self, settings, accuracy, epochs=EPOCHS, *, error="", diverged=False):
        tags = {**settings.tags, "stop_reason": "running", "git_commit": "unknown"}
        self.writer.start(settings.key, settings.key, tags, to_params(settings))
        self.history.trials.pop(settings.key, None)  # one that failed is tried again
        trial = self.history.start(settings)
        trial.error = error
        if not error:
            record = EpochRecord(epoch=epochs, metrics={VAL_ACCURACY: accuracy}, diverged=diverged)
            self.writer.epoch(settings.key, record)
            trial.results[epochs] = Result.of(record.metrics, record.diverged)
        trial.end(died=False)
        self.writer.end(settings.key, "FINISHED", {"stop_reason": str(trial.reason)})

    def tuned(self, cell, *accuracies, first=0, **how):
        for index, accuracy in enumerate(accuracies, first):
            self.trained(cell.settings(Phase.TUNE, index, cell.draw(index)), accuracy, **how)

    def confirmed(self):
        """Every frozen trial, trained."""
        trials = frozen_trials(ASKED, self.history)
        for trial in (trial for cells in trials.values() for of_cell in cells.values() for trial in of_cell):
            self.trained(trial, 0.5)

    def close(self):
        report = self.writer.close(SECONDS)
        assert report.complete, str(report)


@pytest.fixture
def opened(folder, uri):
    sessions = []

    def begin():
        if sessions:
            sessions[-1].close()
        sessions.append(Session(folder, uri))
        return sessions[-1]

    yield begin
    sessions[-1].close()


def chosen(session):
    return {cell: trial.settings.key for cell, trial in session.history.chosen.items()}


def test_the_choice_is_the_best_at_full_budget_and_never_one_that_was_stopped_or_diverged(opened):
    session = opened()
    session.tuned(BASELINE, 0.6, 0.7)
    session.tuned(BASELINE, 0.99, first=2, epochs=1)
    session.tuned(BASELINE, 1.0, first=3, diverged=True)
    session.tuned(DECAY, 0.8, 0.4)
    freeze(ASKED, session.history, session.writer)
    assert chosen(session) == {
        "mlp-tiny/baseline": "tune__mlp-tiny__baseline__001",
        "mlp-tiny/decay": "tune__mlp-tiny__decay__000",
    }


def test_a_choice_is_in_journal_and_store_before_any_confirmation(opened, uri):
    session = opened()
    session.tuned(BASELINE, 0.6, 0.7)
    session.tuned(DECAY, 0.8, 0.4)
    freeze(ASKED, session.history, session.writer)
    session.confirmed()
    session.close()
    events = [event for event, _ in session.journal.read()]
    frozen = [place for place, event in enumerate(events) if isinstance(event, ChoiceFrozen)]
    begun = [place for place, event in enumerate(events) if isinstance(event, RunStarted) and "tune" not in event.key]
    assert len(frozen) == len(ASKED.cells)
    assert max(frozen) < min(begun)
    reader = StoreReader("tiny", uri)
    marked = {run.tags["trial_key"]: run for run in reader.runs() if run.tags.get("chosen") == "true"}
    assert set(marked) == set(chosen(session).values())
    kept = json.loads(reader.artifact(marked["tune__mlp-tiny__decay__000"], CHOICE_FILE).read_text())
    assert kept["values"] == DECAY.draw(0)
    assert (kept["val_accuracy"], kept["completed_trials"]) == (0.8, 2)
    assert all(reader.artifact(run, CHOICE_FILE) is None for run in reader.runs() if run.tags.get("chosen") is None)
    opened()


def test_what_was_chosen_stays_chosen_though_a_later_trial_is_better(opened):
    first = opened()
    first.tuned(BASELINE, 0.6, 0.7)
    first.tuned(DECAY, 0.8, 0.4)
    freeze(ASKED, first.history, first.writer)
    again = opened()
    again.tuned(DECAY, 0.99, first=2)
    freeze(ASKED, again.history, again.writer)
    assert chosen(again) == chosen(first)
    assert frozen_trials(ASKED, again.history) == frozen_trials(ASKED, first.history)
    assert sum(isinstance(event, ChoiceFrozen) for event, _ in again.journal.read()) == 2
    third = opened()
    assert chosen(third) == chosen(first)


def test_a_cell_without_a_completed_trial_is_named_and_the_others_go_on(opened):
    session = opened()
    session.tuned(BASELINE, 0.6, 0.7)
    session.tuned(DECAY, 0.8, 0.9, epochs=1)
    freeze(ASKED, session.history, session.writer)
    session.confirmed()
    assert list(chosen(session)) == ["mlp-tiny/baseline"]
    assert list(problems(ASKED, session.history)) == [
        "mlp-tiny/decay: no trial was completed at full budget (2 early stopped), so there is nothing to confirm, and "
        "nothing to ablate; begin anew (--fresh) with other ranges"
    ]
    assert _is_finished(ASKED, session.history)


def test_without_the_baselines_choice_there_is_no_learning_rate_for_the_others(opened):
    session = opened()
    session.tuned(BASELINE, 0.6, 0.7, epochs=1)
    session.tuned(DECAY, 0.8, 0.9)
    freeze(ASKED, session.history, session.writer)
    session.confirmed()
    (problem,) = problems(ASKED, session.history)
    assert problem.startswith("mlp-tiny/baseline: no trial was completed")
    assert "nothing to confirm, and no learning rate for the others; " in problem
    assert {key.split("__")[0] for key in session.history.trials} == {"tune", "confirm", "ablate"}


def test_a_cell_that_had_nothing_to_choose_chooses_when_a_failed_trial_of_it_is_completed(opened):
    first = opened()
    first.tuned(BASELINE, 0.6, 0.7)
    first.tuned(DECAY, 0.0, 0.0, error="OSError: no space")
    freeze(ASKED, first.history, first.writer)
    assert not first.history.chosen.get("mlp-tiny/decay")
    *_, problem = problems(ASKED, first.history)
    assert "(2 failed), so there is nothing to confirm" in problem
    assert problem.endswith("; run again, the failed are tried anew")
    again = opened()
    again.tuned(DECAY, 0.3, 0.2)
    assert undecided(ASKED, again.history) == ["mlp-tiny/decay"]
    assert not _is_finished(ASKED, again.history)
    freeze(ASKED, again.history, again.writer)
    assert chosen(again) == {**chosen(first), "mlp-tiny/decay": "tune__mlp-tiny__decay__000"}


@pytest.mark.parametrize("phase", ["confirm", "matched", "ablate"])
def test_a_study_is_finished_when_every_trial_of_every_phase_has_ended(opened, phase):
    session = opened()
    session.tuned(BASELINE, 0.6, 0.7)
    session.tuned(DECAY, 0.8, 0.4)
    assert not _is_finished(ASKED, session.history)
    freeze(ASKED, session.history, session.writer)
    session.confirmed()
    assert _is_finished(ASKED, session.history)
    assert list(problems(ASKED, session.history)) == []
    lost = next(key for key in session.history.trials if key.startswith(f"{phase}__mlp-tiny__decay"))
    trial = session.history.trials.pop(lost)
    assert not _is_finished(ASKED, session.history)
    unspent = f"mlp-tiny/decay: the planned budget was not spent: 1 of 2 {phase} trials ended as planned"
    assert list(problems(ASKED, session.history)) == [f"{unspent} (1 not begun), 3 of 6 epochs; run again, it goes on"]
    trial.error, trial.reason, trial.results = "OSError: no space", StopReason.ERROR, {}
    session.history.trials[lost] = trial
    assert list(problems(ASKED, session.history)) == [
        f"{lost} failed: OSError: no space; run again, it is tried anew",
        f"{unspent} (1 failed), 3 of 6 epochs; run again, it goes on",
    ]
