"""Names a user may write: checked once, with the nearest known name in the complaint."""

import difflib
from collections.abc import Collection


def check_name(kind: str, name: object, known: Collection[str]) -> None:
    """Refuse a name that is not among the known ones.

    Args:
        kind: what is named, for the message: ``"role"``.
        name: what came.
        known: the names there are.

    Raises:
        ValueError: the name is unknown.

    Example:
        >>> check_name("role", "hiden", ("hidden", "head"))
        Traceback (most recent call last):
        ValueError: role must be one of hidden, head; got 'hiden'; did you mean 'hidden'?
    """
    if isinstance(name, str) and name in known:
        return
    near = difflib.get_close_matches(str(name), known, n=1)
    cure = f"did you mean {near[0]!r}?" if near else "choose one of these"
    raise ValueError(f"{kind} must be one of {', '.join(known)}; got {name!r}; {cure}")
