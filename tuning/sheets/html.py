"""Sheets on an HTML page; every text is escaped."""

from collections.abc import Mapping

from markupsafe import Markup, escape

from tuning.sheets.sheet import Column, Row, Sheet

MANY = 7
"""Columns above which a compact table is set smaller still."""

_NOWHERE: Mapping[str, str] = {}


def table(sheet: Sheet, colours: Mapping[str, str] = _NOWHERE, *, compact: bool = False) -> Markup:
    """Write a sheet's table, with its legend and notes as the caption: below what scrolls, so it is never cut off.

    Args:
        sheet: what to write; its title stands above it, on the page.
        colours: by name of a row, the colour of the dot before it; rows without one have no dot.
        compact: in small type, its numbers unbroken.

    Returns:
        The table; where it has no rows its notes alone, as paragraphs.
    """
    if not sheet.groups:
        return Markup("\n").join(Markup("<p>{}</p>").format(note) for note in sheet.notes)
    caption = escape(" ".join(text for text in (sheet.legend, *sheet.notes) if text))
    lines = [
        '<figure class="table">',
        '<div class="scroll">',
        _opening(sheet, compact=compact),
        f"<thead><tr>\n{_heading_row(sheet)}\n</tr></thead>",
        *(_group(sheet, group, colours, compact=compact) for group in sheet.groups),
        "</table>",
        "</div>",
        *([f"<figcaption>{caption}</figcaption>"] if caption else []),
        "</figure>",
    ]
    return Markup("\n".join(lines))  # every part is escaped


def _opening(sheet: Sheet, *, compact: bool) -> str:
    many = " many" if len(sheet.columns) > MANY else ""
    return f'<table class="sheet{many}">' if compact else "<table>"


def _heading_row(sheet: Sheet) -> str:
    groups = [Markup('  <th class="left">{}</th>').format(sheet.grouped_by)] if sheet.grouped_by else []
    return "\n".join([*groups, *map(_heading, sheet.columns)])


def _heading(column: Column) -> str:
    opening = '<th class="left">' if column.side == "left" else "<th>"
    unit = Markup("<small>{}</small>").format(column.unit) if column.unit else ""
    return f"  {opening}{escape(column.long or column.name)}{unit}</th>"


def _group(sheet: Sheet, group: str, colours: Mapping[str, str], *, compact: bool) -> str:
    lines = ["<tbody>"]
    for place, row in enumerate(sheet.groups[group]):
        mark = sheet.marks.get((group, row[0]))
        lines.append(f'<tr class="{mark}">' if mark else "<tr>")
        if not place and sheet.grouped_by:
            spans = len(sheet.groups[group])
            lines.append(f'  <th class="name" rowspan="{spans}" scope="rowgroup">{escape(group)}</th>')
        lines += [f'  <td class="left name">{_dot(row[0], colours)}{escape(row[0])}</td>', *_cells(sheet, row, compact)]
        lines.append("</tr>")
    return "\n".join([*lines, "</tbody>"])


def _dot(name: str, colours: Mapping[str, str]) -> str:
    return f'<span class="dot" style="background: {escape(colours[name])}"></span>' if name in colours else ""


def _cells(sheet: Sheet, row: Row, compact: bool) -> list[str]:
    cells = []
    for column, text in zip(sheet.columns[1:], row[1:], strict=True):
        whole = [] if sheet.grouped_by else ["name"]  # beside no other names there is room to break no text
        classes = [*(["left"] if column.side == "left" else []), *(["result"] if column.ranked else []), *whole]
        # A number and its interval may part, and nothing within either.
        shown = text.replace(", ", ",\u00a0").replace(" ± ", "\u00a0±\u00a0") if compact else text
        opening = f'<td class="{" ".join(classes)}">' if classes else "<td>"
        cells.append(f"  {opening}{escape(shown)}</td>")
    return cells
