"""How long something takes, in words: what was measured with its digits, what is only estimated without."""

_UNITS = ((3600, 3600, "h"), (90, 60, "min"), (1, 1, "s"), (0, 1e-3, "ms"))
"""From so many seconds on, a unit of so many seconds, and its name."""

_ROUGH_UNITS = ((5400, 3600, "h", 1), (60, 60, "min", 0), (0, 1, "s", 0))
"""The same with the digits behind the point: nobody waits for a fraction of a minute."""


def duration(seconds: float) -> str:
    """Write a duration with two digits or more, in the largest unit that leaves it above one.

    Args:
        seconds: 0 or more.

    Example:
        >>> duration(0.0123), duration(42), duration(500), duration(9000), duration(1e7)
        ('12 ms', '42 s', '8.3 min', '2.5 h', '2,778 h')
    """
    unit, name = next((unit, name) for least, unit, name in _UNITS if seconds >= least)
    amount = seconds / unit
    return f"{amount:,.0f} {name}" if amount >= 10 else f"{amount:.1f} {name}"


def rough_duration(seconds: float) -> str:
    """Write a duration as one says it while one waits: whole seconds, whole minutes, tenths of hours.

    Args:
        seconds: 0 or more.

    Example:
        >>> rough_duration(42), rough_duration(500), rough_duration(9000)
        ('42 s', '8 min', '2.5 h')
    """
    _, unit, name, digits = next(row for row in _ROUGH_UNITS if seconds >= row[0])
    return f"{seconds / unit:.{digits}f} {name}"
