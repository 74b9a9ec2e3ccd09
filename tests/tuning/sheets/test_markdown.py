from dataclasses import replace

from tuning.sheets import markdown


def test_a_sheet_is_its_title_its_table_and_what_is_said_of_it(sheet):
    assert markdown.written(sheet) == (
        "**Which \\<b>?**\n"
        "\n"
        "| architecture | condition | test accuracy | seeds |\n"
        "| --- | --- | ---: | ---: |\n"
        "| a\\_b | x\\|y | **50.0 ± 1.0** | 3 |\n"
        "| a\\_b | \\<i> | 40.0 | 1 |\n"
        "| c |  | — | — |\n"
        "\n"
        "bold: the highest.\n"
        "\n"
        "A note\\_d.\n"
    )


def test_a_sheet_without_rows_is_its_words(sheet):
    assert markdown.written(replace(sheet, groups={}, legend="")) == "**Which \\<b>?**\n\nA note\\_d.\n"
