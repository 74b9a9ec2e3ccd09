import io

import pytest
from rich.console import Console

from analysis.findings.compare import comparison
from analysis.findings.curves import confirmed, curves
from analysis.page.report import report
from analysis.writing.beside import sheets_beside
from analysis.writing.comparison_sheet import comparison_rows
from tests.analysis.accuracies import asked_for, runs
from tests.analysis.beside import BESIDE, CONFIRMED, STUDY, chosen_alike, distinct
from tests.analysis.conftest import HOSTILE, in_memory
from tests.analysis.page_reader import Page
from tuning import records
from tuning.sheets import csv, latex, markdown, terminal


@pytest.fixture(scope="module")
def written():
    return sheets_beside(STUDY)


def shown(sheet, width=100):
    stream = io.StringIO()
    Console(file=stream, width=width, color_system=None).print(terminal.written(sheet))
    return stream.getvalue()


def test_words_follow_the_interval_of_the_difference(written):
    assert written[1].groups["mlp-small"] == [
        ("nothing", "92.00 ± 4.97", "—", "—", "3"),
        ("initialization", "87.00 ± 4.97", "+5.00 ± 0.00", "lower by the interval alone", "3"),
        ("optimizer", "97.00 ± 4.97", "-5.00 ± 0.00", "higher by the interval alone", "3"),
        ("start", "90.50 ± 6.35", "+0.50 ± 19.06", "no difference seen", "2 of 3"),
        ("layers", "94.00", "-4.00", "—", "1"),
    ]


def test_conditions_stand_at_both_learning_rates(written):
    assert written[0].groups["mlp-small"] == [
        ("baseline", "0.01", "81.00 ± 2.48", "81.00 ± 2.48", "—", "3"),
        ("full", "0.1", "92.00 ± 4.97", "82.00 ± 2.48", "+1.00 ± 0.00", "3"),
    ]


def test_what_the_comparison_says_already_is_one_sentence():
    (sheet,) = sheets_beside(asked_for(in_memory(chosen_alike("resnet-small")), baseline="baseline"))
    said = (
        "On resnet-small full chose the learning rate of baseline (0.01) in the search: the comparison is at one "
        "learning rate already."
    )
    assert (sheet.groups, sheet.notes) == ({}, (said,))
    assert " ".join(shown(sheet).split()) == f"{sheet.title} {said}"
    assert markdown.written(sheet) == f"**{sheet.title}**\n\n{said}\n"
    assert latex.written(sheet) == f"\\textbf{{{sheet.title}}}\n\n{said}\n"


def test_only_the_architectures_that_differ_have_rows():
    both = distinct([*CONFIRMED, *BESIDE[:3], *chosen_alike("resnet-small")])
    tables = asked_for(in_memory(both), baseline="baseline")
    (sheet,) = sheets_beside(tables)
    assert list(sheet.groups) == ["mlp-small"]
    assert sheet.notes[-1].startswith("On resnet-small full chose")
    assert "On resnet-small full chose" in Page(report(tables, comparison(tables)).html).text


def test_a_baseline_alone_is_said_to_be_alone():
    plain = runs("confirm", "baseline", [0.80, 0.81, 0.82], learning_rate=0.01)
    (sheet,) = sheets_beside(asked_for(in_memory(plain), baseline="baseline"))
    assert sheet.notes == ("On mlp-small no other condition was trained at the learning rate of baseline.",)


def test_ordinary_tables_and_pictures_are_those_of_a_study_without_them():
    """What is confirmed at another setting than the chosen one is mixed into nothing."""
    plain = in_memory(CONFIRMED)
    ours, theirs = (comparison_rows(comparison(study)) for study in (STUDY, plain))
    shared = [{name: row[name] for name in theirs[0]} for row in ours]
    assert csv.rows(shared) == csv.rows(theirs)
    assert all(name.startswith(("matched_", "ablate_")) for name in ours[0].keys() - theirs[0].keys())  # own budgets
    assert [(cell.condition, cell.accuracies.tolist()) for cell in confirmed(STUDY)] == [
        (cell.condition, cell.accuracies.tolist()) for cell in confirmed(plain)
    ]
    ours, theirs = (curves(study, [records.TEST_ACCURACY]) for study in (STUDY, plain))
    assert [(curve.condition, curve.band.n.tolist()) for curve in ours] == [("baseline", [3]), ("full", [3])]
    assert [curve.band.mean.tolist() for curve in ours] == [curve.band.mean.tolist() for curve in theirs]


def test_the_page_shows_both_and_says_what_was_switched_off():
    page = Page(report(STUDY, comparison(STUDY)).html)
    assert page.open == []
    for text in (
        "What does each factor of full contribute?",
        "optimizer 97.00 ± 4.97 -5.00 ± 0.00 higher by the interval alone 3",
        "At the learning rate of baseline, does it still differ?",
        "full 0.1 92.00 ± 4.97 82.00 ± 2.48 +1.00 ± 0.00 3",
        "6 of the confirmation, 3 at the baseline's learning rate, 10 without a factor",
        "initialization off: initialization default; "
        "optimizer off: optimizer sgd · momentum 0.9, learning rate 0.1; start off: initialization mup; "
        "layers off: where default",
        "3 seeds a cell, the same for every condition; also at the learning rate of baseline",
    ):
        assert text in page.text


def test_a_terminal_of_100_columns_holds_every_number_whole(written):
    for sheet in written:
        lines = shown(sheet).splitlines()
        assert max(map(len, lines)) <= 100
        for row in sheet.groups["mlp-small"]:
            assert any(line.split() == " ".join(row).split() for line in lines), row


def test_markdown_is_a_table_under_its_question(written):
    lines = markdown.written(written[1]).splitlines()
    assert lines[0] == "**What does each factor of full contribute?**"
    assert lines[5] == "| mlp-small | initialization | 87.00 ± 4.97 | +5.00 ± 0.00 | lower by the interval alone | 3 |"
    assert len({line.count("|") for line in lines[2:9]}) == 1


def test_names_that_are_markup_are_shown_as_text():
    made = [
        *runs("confirm", HOSTILE, [0.9, 0.8], named="a"),
        *runs("ablate", HOSTILE, [0.8, 0.7], ablated=HOSTILE, named="b"),
    ]
    made = [type(run)(**{**vars(run), "named": f"{run.named}{run.index}"}) for run in made]
    tables = asked_for(in_memory(made), factors={HOSTILE: {"initialization": HOSTILE}})
    (sheet,) = sheets_beside(tables)
    assert HOSTILE in shown(sheet, width=300)
    assert "<script>" not in markdown.written(sheet).replace("\\<", "")
    page = Page(report(tables, comparison(tables)).html)
    assert "script" not in page.elements
    assert f"What does each factor of {HOSTILE} contribute?" in page.text


def test_a_study_that_asked_for_neither_has_none(quickstart):
    assert sheets_beside(quickstart) == []
