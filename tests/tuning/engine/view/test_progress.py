import io

import pytest
from rich.console import Console

from tests.tuning.studies import study
from tuning.engine.state.history import History, Result
from tuning.engine.view.progress import Progress, _between
from tuning.engine.view.remaining import Left, Outlook
from tuning.records import Phase

ASKED = study(search={"trials": 4})
PLANNED = dict.fromkeys([cell.key for cell in ASKED.cells], 4)


def view(*, terminal, outlook=lambda: None):
    history, stream = History(), io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=100, color_system=None, legacy_windows=False)
    progress = Progress(ASKED, history, console, outlook=outlook)
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
    left = Left(seconds=60.0, low=50.0, high=70.0)
    cells = dict.fromkeys(PLANNED, 15.0)
    history, progress, _ = view(terminal=True, outlook=lambda: Outlook(cells=cells, phase=left, study=left))
    trained(history, 0, 0, 3, accuracy=0.75)
    trained(history, 0, 1, 1, accuracy=0.25)
    trained(history, 0, 2, 2, accuracy=0.5, end=False)
    trained(history, 1, 0, 1, accuracy=0.0, diverged=True)
    progress.begin(Phase.TUNE, PLANNED)
    progress.finish()
    progress._finished = False
    lines = {line[0]: line[1:] for line in shown(progress) if line}
    assert lines["mlp-tiny/baseline"][:5] == ["2/4", "1", "–", "1", "0.7500"]
    assert lines["mlp-tiny/decay"][:5] == ["1/4", "–", "1", "–", "0.0000"]
    assert lines["mlp-deep/decay"][:5] == ["0/4", "–", "–", "–", "–"]
    assert all(line[-2:] == ["15", "s"] for cell, line in lines.items() if cell in PLANNED)


def test_the_best_value_is_that_of_any_epoch_and_does_not_fall():
    history, progress, _ = view(terminal=True)
    progress.begin(Phase.TUNE, PLANNED)
    progress.finish()
    trial = trained(history, 0, 0, 2, accuracy=0.9650, end=False)
    trial.results[3] = Result(objective=0.9161, loss=1.0, seconds=2.0, diverged=False)
    for ended in (False, True):
        if ended:
            trial.end(died=False)
        (line,) = [line for line in shown(progress) if line[:1] == ["mlp-tiny/baseline"]]
        assert line[5] == "0.9650"


def test_what_a_network_says_before_it_is_trained_is_no_best_value():
    history, progress, _ = view(terminal=True)
    progress.begin(Phase.TUNE, PLANNED)
    progress.finish()
    trained(history, 0, 0, 0, accuracy=0.2, end=False)
    (line,) = [line for line in shown(progress) if line[:1] == ["mlp-tiny/baseline"]]
    assert line[5] == "–"


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (24.0, 38.0, "24 to 38 s"),
        (42.0, 70.0, "42 s to 1 min"),
        (170.0, 310.0, "3 to 5 min"),
        (230.0, 250.0, "4 min"),
        (4000.0, 9000.0, "67 min to 2.5 h"),
        (9000.0, 18000.0, "2.5 to 5.0 h"),
    ],
)
def test_bounds_are_said_in_few_words(low, high, said):
    assert _between(Left(seconds=(low + high) / 2, low=low, high=high)) == said


def test_a_log_gets_the_first_epoch_once_and_a_line_for_each_end():
    history, progress, stream = view(terminal=False)
    progress.begin(Phase.TUNE, PLANNED)
    trial = trained(history, 0, 0, 1, end=False)
    progress.reported(trial)
    progress.reported(trial)
    trial.end(died=False)
    progress.ended(trial)
    first, second = stream.getvalue().splitlines()
    assert first == "tune: first epoch of mlp-tiny/baseline, val accuracy 0.5000"
    assert second.startswith("tune: mlp-tiny/baseline 1/4 early stopped after 1 epochs, val accuracy 0.5000; ")
