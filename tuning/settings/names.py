"""Names that people write: which are allowed, and which are known."""

import re
from collections.abc import Iterable

from tuning.nearest import nearest

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]|_(?!_)){0,47}")


def check_name(what: str, name: str) -> str:
    """Return the name, which becomes part of file names, tags and run keys (where two underscores separate names).

    Args:
        what: the thing named, for the message.
        name: what the user wrote.

    Returns:
        The name itself.

    Raises:
        ValueError: for a name that could leave its folder, clash with a separator or not be read in a table.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"the name of this {what} must be up to 48 letters, digits, '.', '-' or single '_', the first a letter "
            f"or digit, got {name!r}; rename it"
        )
    return name


def check_known(what: str, name: str, known: Iterable[str]) -> str:
    """Return the name if it is a known one.

    Args:
        what: the thing named, for the message.
        name: what the user wrote.
        known: the names there are.

    Returns:
        The name itself.

    Raises:
        ValueError: for any other name, with the nearest known one.
    """
    names = list(known)
    if name not in names:
        # The nearest comes before the list, which may be long and cut short on its way to the reader.
        raise ValueError(
            f"{what} must be one of the known names, got {name!r}{nearest(str(name), names)}: {', '.join(names)}"
        )
    return name
