import io
import time

import pytest
from rich.console import Console

from tests.tuning.studies import study
from tuning.engine.history import History, Result
from tuning.engine.progress import Progress
from tuning.records import Phase

ASKED = study(search={"trials": 4})
PLANNED = dict.fromkeys([cell.key for cell in ASKED.cells], 4)


def view(*, terminal):
    history, stream = History(), io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=100, color_system=None, legacy_windows=False)
    progress = Progress(ASKED, history, console)
    return history, progress, stream


def trained(history, cell, index, epochs, *, accuracy=0.5, diverged=False, end=True):
    chosen = ASKED.cells[cell]
    trial = history.start(chosen.settings(Phase.TUNE, index, chosen.draw(index)))
    for epoch in range(epochs + 1):
        trial.results[epoch] = Result(objective=accuracy, loss=1.0, seconds=2.0 * (epoch > 0), diverged=diverged)
    if end:
        trial.end(died=False)
    return trial


def shown(progress, console_width=100):
    stream = io.StringIO()
    Console(file=stream, width=console_width, color_system=None).print(progress._table())
    return [line.split() for line in stream.getvalue().splitlines()]


def test_each_cell_has_a_line_with_what_is_done_running_best_and_left():
    history, progress, _ = view(terminal=True)
    trained(history, 0, 0, 3, accuracy=0.75)
    trained(history, 0, 1, 1, accuracy=0.25)
    trained(history, 0, 2, 2, accuracy=0.5, end=False)
    trained(history, 1, 0, 1, accuracy=0.0, diverged=True)
    progress._phase, progress._planned = Phase.TUNE, PLANNED
    lines = {line[0]: line[1:] for line in shown(progress) if line}
    assert lines["mlp-tiny/baseline"][:5] == ["2/4", "1", "–", "1", "0.7500"]
    assert lines["mlp-tiny/decay"][:5] == ["1/4", "–", "1", "–", "0.0000"]
    assert lines["mlp-deep/decay"][:5] == ["0/4", "–", "–", "–", "–"]
    assert all("?" not in line for line in lines.values())


def test_nothing_is_estimated_before_a_trial_has_ended():
    history, progress, _ = view(terminal=True)
    trained(history, 0, 0, 2, end=False)
    progress._phase, progress._planned = Phase.TUNE, PLANNED
    assert all(left is None for left in progress._seconds_left().values())


def test_what_is_left_is_in_proportion_to_what_is_planned():
    """Cell 0 has run one of four trials of 6 s; cells without any are taken to be like it."""
    history, progress, _ = view(terminal=True)
    progress.begin(Phase.TUNE, PLANNED)
    progress.finish()
    trained(history, 0, 0, 3)
    left = progress._seconds_left()
    assert left["mlp-tiny/decay"] / left["mlp-tiny/baseline"] == 4 / 3


def test_what_is_left_of_the_study_has_the_phases_to_come_in_it(monkeypatch):
    """8 of 16 trials of 6 s have ended in 24 s; the 4 cells have 2 confirmations each, which no rule stops early."""
    history, progress, stream = view(terminal=False)
    monkeypatch.setattr(time, "monotonic", lambda: 0.0)
    progress.begin(Phase.TUNE, PLANNED)
    monkeypatch.setattr(time, "monotonic", lambda: 24.0)
    trials = [trained(history, cell, index, 3) for cell in range(4) for index in range(2)]
    progress.ended(trials[-1])
    assert stream.getvalue().rstrip().endswith("; 24 s left in tune, about 48 s to the end")
    progress._phase = Phase.CONFIRM  # nothing is planned after it
    assert progress._seconds_to_come() == 0


def test_confirmations_to_come_are_reckoned_at_full_length(monkeypatch):
    history, progress, _ = view(terminal=True)
    monkeypatch.setattr(time, "monotonic", lambda: 0.0)
    progress.begin(Phase.TUNE, PLANNED)
    monkeypatch.setattr(time, "monotonic", lambda: 10.0)
    progress.finish()
    for cell in range(4):
        trained(history, cell, 0, 1)  # stopped after one of three epochs
    assert progress._seconds_to_come() == pytest.approx(10 / 8 * 8 * 6)


def test_a_log_gets_the_first_epoch_once_and_a_line_for_each_end():
    history, progress, stream = view(terminal=False)
    progress.begin(Phase.TUNE, PLANNED)
    trial = trained(history, 0, 0, 1, end=False)
    progress.update()
    progress.update()
    trial.end(died=False)
    progress.ended(trial)
    first, second = stream.getvalue().splitlines()
    assert first == "tune: first epoch of mlp-tiny/baseline, val accuracy 0.5000"
    assert second.startswith("tune: mlp-tiny/baseline 1/4 early stopped after 1 epochs, val accuracy 0.5000; ")
