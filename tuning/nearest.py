"""Which known name a misspelt one may have meant: the one hint of all rooms of tuning and analysis.

`models` and `regularizers` are usable without tuning and have one telling each of their own.
"""

import difflib
from collections.abc import Iterable


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is nearest to one that is none; None where no one is near.

    Args:
        name: what was written.
        known: the names there are.

    Example:
        >>> nearest_name("adm", ["sgd", "adam"]), nearest_name("muon", ["sgd", "adam"])
        ('adam', None)
    """
    near = difflib.get_close_matches(name, list(known), n=1)
    return near[0] if near else None


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``" (did you mean 'adam'?)"`` where a known name is near, else the empty string.

    Args:
        name: what was written.
        known: the names there are.
    """
    near = nearest_name(name, known)
    return "" if near is None else f" (did you mean '{near}'?)"
