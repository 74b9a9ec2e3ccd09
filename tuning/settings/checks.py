"""How a setting is refused: the rule, what came, the cure, in one line."""

MOST = 1_000_000
"""Above it a count is a slip of the hand."""


def check(rule: str, holds: bool, got: object, cure: str) -> None:
    """Refuse a setting that breaks its rule.

    Args:
        rule: what must hold.
        holds: whether it does.
        got: what came.
        cure: what to write instead.

    Raises:
        ValueError: the rule does not hold.

    Example:
        >>> check("epochs must be at least 1", False, 0, "choose e.g. 10")
        Traceback (most recent call last):
        ValueError: epochs must be at least 1, got 0; choose e.g. 10
    """
    if not holds:
        raise ValueError(f"{rule}, got {got}; {cure}")
