import io
from functools import partial

import pytest
from rich.console import Console

from tuning.sheets import terminal
from tuning.sheets.sheet import without


def shown(what, width=60):
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(what)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_a_group_has_a_line_of_its_own_and_a_row_that_stands_for_it_has_its_numbers_there(sheet):
    assert shown(terminal.table(sheet)) == [
        "",
        "                   test",
        " condition     accuracy  seeds",
        " ─────────────────────────────",
        " a_b",
        "   x|y      *50.0 ± 1.0      3",
        "   <i>             40.0      1",
        " c                    —      —",
        "",
    ]


def test_a_sheet_stands_under_its_title_and_above_its_notes(sheet):
    lines = shown(terminal.written(sheet))
    assert lines[:2] == ["", "Which <b>?"]
    assert lines[-1] == "A note_d."


@pytest.mark.parametrize(("width", "left_out"), [(60, []), (25, ["seeds"]), (5, ["seeds"])])
def test_a_narrow_terminal_leaves_out_what_may_leave_and_says_so(sheet, width, left_out):
    fitted, gone = terminal.fitted(partial(without, sheet), Console(width=width, file=io.StringIO()))
    assert gone == left_out
    assert ("seeds" in fitted.headings) == (not left_out)
    assert bool(terminal.want_of_room(gone)) == bool(left_out)
