import pytest

from tuning.sheets.sheet import Sheet, folding, without


def test_a_column_is_asked_for_by_its_heading_in_one_line(sheet):
    assert sheet.headings == ("architecture", "condition", "test accuracy", "seeds")
    assert sheet.sides == ("left", "left", "right", "right")


def test_a_sheet_without_columns_has_the_texts_of_the_others(sheet):
    left = without(sheet, ["test accuracy"])
    assert left.headings == ("architecture", "condition", "seeds")
    assert left.groups == {"a_b": [("x|y", "3"), ("<i>", "1")], "c": [("", "—")]}


def test_a_row_that_lacks_a_text_is_our_own_mistake():
    with pytest.raises(AssertionError, match="short"):
        Sheet(name="short", columns=folding("a", "b"), groups={"": [("x",)]})
