"""A table as a value: what stands in it and what must be said of it, whatever format it will be written in."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

SIGN = "{sign}"
"""Stands in a legend where a format names the sign by which it shows a row that is `Mark.BEST`."""

Row = tuple[str, ...]
"""The texts of one row, the name first; numbers among them are `tuning.sheets.written.Written`."""


class Mark(StrEnum):
    """What makes a row stand out."""

    BEST = "best"
    """It has the highest number of its group, in the column that is `Column.ranked`."""
    ABSENT = "absent"
    """It has no numbers to show."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """What stands above the texts of one column, and how they are set.

    Attributes:
        heading: of the column; a line break in it is where a terminal breaks it, elsewhere it is a space.
        long: the heading on a page, which has more room; empty where it is the same.
        unit: what a page sets below the long heading; empty for nothing.
        side: to which side the texts are set.
        folds: whether a terminal may break the texts where room is scarce; else a narrow terminal leaves the column
            out, or cuts its texts off where it may not be left out.
        ranked: whether this is the column that decides which row of a group is the best.
    """

    heading: str
    long: str = ""
    unit: str = ""
    side: Literal["left", "right"] = "right"
    folds: bool = False
    ranked: bool = False

    @property
    def name(self) -> str:
        """The heading in one line, by which a column is asked for."""
        return " ".join(self.heading.split())


def folding(names: str, *numbers: str) -> tuple[Column, ...]:
    """Make the columns of a small table, which a terminal breaks before it leaves one out.

    Args:
        names: heading of the first column, which names the rows.
        *numbers: headings of the others.

    Returns:
        The columns, the first set to the left.

    Example:
        >>> [(column.name, column.side) for column in folding("condition", "seeds")]
        [('condition', 'left'), ('seeds', 'right')]
    """
    first = Column(heading=names, side="left", folds=True)
    return (first, *(Column(heading=heading, folds=True) for heading in numbers))


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A table.

    Attributes:
        columns: the first of the rows' names.
        groups: rows by the name of their group, each row with a text for each column. A row without a name of its own
            stands for its whole group. No groups where the notes say it all.
        name: of its file.
        title: the question that it answers, or nothing.
        grouped_by: what a group is; nothing where all rows are one group without a name.
        marks: rows that stand out, by the names of their group and their own.
        legend: what the columns hold, with `SIGN` where a mark is explained.
        notes: what else a reader must know.
        leaving: names of the columns that a narrow terminal leaves out, the first to go first.
        ruled: whether a rule stands below the headings; else it is a list, whose rows are indented.
    """

    columns: tuple[Column, ...]
    groups: Mapping[str, Sequence[Row]]
    name: str = ""
    title: str = ""
    grouped_by: str = "architecture"
    marks: Mapping[tuple[str, str], Mark] = field(default_factory=dict)
    legend: str = ""
    notes: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()
    ruled: bool = True

    def __post_init__(self) -> None:
        """See that every row has a text for every column."""
        assert all(len(row) == len(self.columns) for _, row in self.rows), self.name

    @property
    def rows(self) -> Iterator[tuple[str, Row]]:
        """Every row behind the name of its group."""
        return ((group, row) for group, rows in self.groups.items() for row in rows)

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings in one line each, before them that of the groups where there are some."""
        return (*([self.grouped_by] if self.grouped_by else []), *(column.name for column in self.columns))

    @property
    def sides(self) -> tuple[Literal["left", "right"], ...]:
        """To which side each of the columns under `headings` is set."""
        return (*(("left",) if self.grouped_by else ()), *(column.side for column in self.columns))

    def texts(self, group: str, row: Row) -> Row:
        """Return the texts of a row under `headings`.

        Args:
            group: the name of its group.
            row: one of the group's.
        """
        return (group, *row) if self.grouped_by else row

    def explained(self, sign: str) -> str:
        """Return the legend with a format's sign for the best row.

        Args:
            sign: what it looks like, in a word or a mark.
        """
        return self.legend.replace(SIGN, sign)


def without(sheet: Sheet, names: Collection[str]) -> Sheet:
    """Leave columns out of a sheet.

    Args:
        sheet: as it is.
        names: of the columns.

    Returns:
        The same with the other columns; its legend is what it was.
    """
    places = [place for place, column in enumerate(sheet.columns) if column.name not in names]
    kept = {group: [tuple(row[place] for place in places) for row in rows] for group, rows in sheet.groups.items()}
    return replace(sheet, columns=tuple(sheet.columns[place] for place in places), groups=kept)
