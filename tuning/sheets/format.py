"""The formats in which a command can print its tables."""

from enum import StrEnum


class Format(StrEnum):
    """How a table is printed. A command that lacks one does not pass the type checker."""

    TABLE = "table"
    MARKDOWN = "markdown"
    LATEX = "latex"
    CSV = "csv"
