"""Which condition the others are compared with: the one rule of search, confirmation and report."""

from collections.abc import Mapping

UNREGULARIZED = "none"
"""The regularizer that holds nothing."""


def candidates(named: str | None, regularizers: Mapping[str, str]) -> list[str]:
    """Return the conditions that may be meant as the baseline.

    Args:
        named: the one that the study names, if it names one.
        regularizers: by condition, those that are compared.

    Returns:
        The named one where it is compared; else all without a regularizer, in the order of the study.
    """
    if named is not None and named in regularizers:
        return [named]
    return [name for name, regularizer in regularizers.items() if regularizer == UNREGULARIZED]


def reference(named: str | None, regularizers: Mapping[str, str]) -> str:
    """Return the condition that others are measured against.

    Args:
        named: the one that the study names, if it names one.
        regularizers: by condition, those that are compared; at least one.

    Returns:
        The first of the `candidates`; without any, the first condition.

    Example:
        >>> held = {"decay": "weight_decay", "plain": "none", "bare": "none"}
        >>> reference(None, held), reference("decay", held), reference(None, {"decay": "weight_decay"})
        ('plain', 'decay', 'decay')
    """
    return [*candidates(named, regularizers), *regularizers][0]
