"""What formats of text have in common: the order of a sheet's title, its table, and what there is to say of it."""

from collections.abc import Callable

from tuning.sheets.sheet import Sheet


def paragraphs(
    sheet: Sheet, *, title: str, table: Callable[[Sheet], str], escaped: Callable[[str], str], best: str
) -> str:
    """Write a sheet as paragraphs.

    Args:
        sheet: what to write.
        title: of the sheet, as the format sets it.
        table: writes the rows alone.
        escaped: writes a text so that the format shows it as it is.
        best: what the best row of a group looks like, in a word.

    Returns:
        The text, ending in a line break; what the sheet does not have is left out.
    """
    heading = [title] if sheet.title else []
    rows = [table(sheet)] if sheet.groups else []
    said = [escaped(text) for text in (sheet.explained(best), *sheet.notes) if text]
    return "\n\n".join([*heading, *rows, *said]) + "\n"
