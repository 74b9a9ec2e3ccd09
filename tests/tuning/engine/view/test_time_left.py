"""The time that is left, in a world of its own: a clock that only its trials move, whose true times are known."""

from dataclasses import dataclass, field

import pytest

from tests.tuning.studies import study
from tuning.engine.state.history import History, Result
from tuning.engine.view.lengths import Lengths, stopping_rates
from tuning.engine.view.pace import Pace
from tuning.engine.view.time_left import TimeLeft
from tuning.records import Phase, StopReason

STARTUP, START, GAP = 12.0, 0.5, 0.1
"""Seconds until the first workers have begun, between two trials in one place, and between two reports."""


@dataclass
class World:
    """Trials on so many places at a time, each cell at its own pace; as stopping rules do, it lets the first pass."""

    study: object
    history: History = field(default_factory=History)
    places: int = 2
    now: float = 0.0

    def remaining(self):
        return TimeLeft(self.study, self.history, lambda: self.now)

    def run(self, remaining, until=None):
        """Run the search, and yield the moment and what is told at each end of a trial."""
        cells = self.study.cells
        order = [(cell, index) for index in range(self.study.search.trials) for cell in range(len(cells))]
        left = [trial for trial in order if not self._ended(*trial)]
        remaining.begin(Phase.TUNE, {cell.key: self.study.search.trials for cell in cells})
        reports = []
        for _ in range(self.places):
            self._begin(remaining, reports, left, self.now + STARTUP)
        while reports:
            reports.sort(key=lambda report: (report[0], report[1].settings.key))
            self.now, trial, epoch, last = reports.pop(0)
            self._report(remaining, trial, epoch)
            if epoch < last:
                seconds = self.pace(trial) + GAP
                reports.append((self.now + seconds, trial, epoch + 1, last))
                continue
            trial.end(died=False)
            remaining.pace.ended(trial.settings.key)
            yield self.now, remaining.outlook()
            if until is not None and sum(trial.ended for trial in self.history.trials.values()) == until:
                for running in self.history.running():
                    running.lose()  # its session was interrupted
                return
            if left:
                self._begin(remaining, reports, left, self.now + START)

    def pace(self, trial):
        return (0.3, 1.5, 0.4, 2.0)[[cell.key for cell in self.study.cells].index(trial.settings.cell)]

    def _ended(self, cell, index):
        trials = self.history.of(self.study.cells[cell].key, Phase.TUNE)
        return any(trial.settings.index == index and trial.ended for trial in trials)

    def _begin(self, remaining, reports, left, at):
        cell, index = left.pop(0)
        chosen = self.study.cells[cell]
        trial = self.history.start(chosen.settings(Phase.TUNE, index, chosen.draw(index)))
        last = 9 if index == 0 or index % 3 == 1 else 3 if index % 3 == 2 else 1
        remaining.pace.started(trial.settings.key)
        reports.append((at, trial, trial.last_epoch, last))

    def _report(self, remaining, trial, epoch):
        seconds = self.pace(trial) if epoch else 0.0
        trial.results[epoch] = Result(objective=0.5, loss=1.0, seconds=seconds, diverged=False)
        remaining.pace.reported(trial.settings.key, seconds)


def a_study(trials=8):
    stopping = {"name": "asha", "grace_epochs": 1, "reduction": 3}
    training = {"optimizer": "adam", "epochs": 9, "batch_size": 256}
    return study(search={"trials": trials, "early_stopping": stopping}, training=training)


@pytest.fixture
def world():
    return World(a_study())


def within(told, end, factor):
    """See that nothing said is off by more than a factor, while a quarter of the trials is left: then chance rules."""
    ratios = [outlook.phase.seconds / (end - now) for now, outlook in told[: len(told) * 3 // 4]]
    assert all(1 / factor <= ratio <= factor for ratio in ratios), [round(ratio, 2) for ratio in ratios]


def test_after_the_third_trial_the_estimate_is_within_a_factor_of_one_and_a_half(world):
    told = list(world.run(world.remaining()))
    within(told[2:], world.now, 1.5)


def test_that_holds_after_a_resume_too(world):
    list(world.run(world.remaining(), until=10))
    world.now += 1000.0
    told = list(world.run(world.remaining()))
    within(told[2:], world.now, 1.5)


def test_the_start_of_the_first_workers_is_left_out(world):
    told = list(world.run(world.remaining(), until=3))
    remaining = world.remaining()
    assert remaining.outlook() is None
    assert told[2][0] > STARTUP
    assert told[2][1].phase.seconds < 3 * told[2][0] + 100


def test_cells_add_up_to_their_phase_and_bounds_hold_the_estimate(world):
    for _, outlook in world.run(world.remaining()):
        assert sum(outlook.cells.values()) == pytest.approx(outlook.phase.seconds)
        assert outlook.phase.low <= outlook.phase.seconds <= outlook.phase.high
        assert outlook.study.seconds > outlook.phase.seconds


def test_the_bounds_draw_near_as_trials_end(world):
    told = [outlook.phase for _, outlook in world.run(world.remaining())]
    widths = [left.high / left.low for left in told if left.seconds]
    assert widths[2] > 1.3 * widths[20]


def test_confirmations_to_come_are_reckoned_at_full_length_with_the_start_of_their_workers(world):
    """Of the 4 cells each confirms 2 of 9 epochs, on two places: 8 trials in four rows, the last of the slowest."""
    told = list(world.run(world.remaining()))
    to_come = told[-1][1].study.seconds - told[-1][1].phase.seconds
    whole = [START + 9 * (seconds + GAP) for seconds in (0.3, 1.5, 0.4, 2.0) * 2]
    assert STARTUP + sum(whole) / 2 <= to_come <= STARTUP + sum(whole) / 2 + max(whole)


def ended(history, cell, index, epochs, reason=None):
    chosen = a_study().cells[cell]
    trial = history.start(chosen.settings(Phase.TUNE, index, chosen.draw(index)))
    for epoch in range(epochs + 1):
        trial.results[epoch] = Result(objective=0.5, loss=1.0, seconds=1.0, diverged=False)
    if reason is not None:
        trial.end_as(reason)
    return trial


def test_a_length_is_the_kaplan_meier_mean_where_nothing_is_known_of_the_rule(monkeypatch):
    """Of four trials of at most 4 epochs one stops after 1, one after 3, one runs in its third and one has run all."""
    monkeypatch.setattr("tuning.engine.view.lengths._WEIGHT", 0.0)
    history = History()
    trials = [
        ended(history, 0, 0, 1, StopReason.EARLY_STOPPED),
        ended(history, 0, 1, 3, StopReason.EARLY_STOPPED),
        ended(history, 0, 2, 2),
        ended(history, 0, 3, 4, StopReason.COMPLETED),
    ]
    mean, variance = Lengths(trials, 4, {}).left(0)
    assert mean == pytest.approx(1 + 3 / 4 + 3 / 4 + 3 / 4 * 1 / 2)
    square = 1 + 3 * 3 / 4 + 5 * 3 / 4 + 7 * 3 / 8
    assert variance == pytest.approx(square - mean**2)
    assert Lengths(trials, 4, {}).left(3) == (1.0, 0.0)


def test_a_driver_that_was_stopped_for_an_hour_does_not_change_the_pace():
    now = [0.0]
    pace = Pace(lambda: now[0])
    for epoch in range(12):
        now[0] += 3600.0 if epoch == 5 else 1.2
        if epoch == 0:
            pace.started("trial")
        else:
            pace.reported("trial", 1.0)
    assert pace.now().gap == pytest.approx(0.2)


def test_a_rule_is_known_before_any_trial_has_ended():
    """Of 9 trials 3 pass the rung at epoch 1, and one that at 3: 9·1 + 3·2 + 1·6 epochs."""
    assert stopping_rates(a_study()) == {1: pytest.approx(2 / 3), 3: pytest.approx(2 / 3)}
    assert Lengths([], 9, stopping_rates(a_study())).left(0)[0] == pytest.approx((9 + 6 + 6) / 9)


def test_trials_that_end_by_the_dozen_a_second_are_not_all_looked_at_for_each(world):
    remaining = world.remaining()
    outlook = next(iter(world.run(remaining)))[1]
    world.now += 0.1
    assert remaining.outlook() is outlook
    world.now += 0.2
    assert remaining.outlook() is not outlook
