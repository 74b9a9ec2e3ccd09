"""How numbers are written, the same on the terminal, in Markdown and on the page."""

import math
import re
from collections.abc import Sequence

from analysis.stats import Estimate, Interval
from tuning.sheets.written import NOTHING, Written


def percent(interval: Interval, *, bounds: bool = True) -> Written:
    """Write an interval of shares as percentages.

    Args:
        interval: of shares between 0 and 1.
        bounds: write the half-width too.

    Returns:
        Mean and half-width in percent, the mean alone for one value, a dash for none.

    Example:
        >>> percent(Interval(mean=0.9312, low=0.9262, high=0.9362, n=5))
        '93.12 ± 0.50'
        >>> percent(Interval(mean=0.9312, low=math.nan, high=math.nan, n=1))
        '93.12'
    """
    ends = (100 * interval.low, 100 * interval.high) if bounds else None
    if interval.n == 0:
        return Written(NOTHING, math.nan, ends)
    mean = f"{100 * interval.mean:.2f}"
    told = mean if not bounds or math.isnan(interval.half_width) else f"{mean} ± {100 * interval.half_width:.2f}"
    return Written(told, 100 * interval.mean, ends)


def points(interval: Interval) -> Written:
    """Write an interval of differences of shares in percentage points, signed.

    Args:
        interval: of differences between -1 and 1.

    Returns:
        Mean and half-width, the mean alone for one value, a dash for none.

    Example:
        >>> points(Interval(mean=0.0125, low=0.0075, high=0.0175, n=5))
        '+1.25 ± 0.50'
    """
    told = percent(interval)
    return told if interval.n == 0 or interval.mean < 0 else Written(f"+{told}", told.value, told.bounds)


def spanned(value: float, low: float, high: float, *, sign: bool = False, decimals: int | None = None) -> Written:
    """Write a number with the bounds of its interval.

    Args:
        value: any number; NaN is written as a dash.
        low: lower bound; NaN where there is none, and then neither bound is written.
        high: upper bound.
        sign: write a plus before what is positive.
        decimals: of all three; None takes three significant digits each.

    Returns:
        The text.

    Example:
        >>> spanned(0.8, 0.25, 1.0), spanned(12.5, math.nan, math.nan, sign=True)
        ('0.800 [0.250, 1.00]', '+12.5')
        >>> spanned(0.8, -0.004, 1.0, sign=True, decimals=2)
        '+0.80 [0.00, +1.00]'
    """

    def written(quantity: float) -> str:
        if math.isnan(quantity):
            return NOTHING
        # Adding zero takes the minus from a zero that was a rounding.
        shown = quantity if decimals is None else round(quantity, decimals) + 0.0
        text = number(shown) if decimals is None else f"{shown:.{decimals}f}"
        return f"+{text}" if sign and shown > 0 else text

    told = (
        written(value) if math.isnan(low) or math.isnan(high) else f"{written(value)} [{written(low)}, {written(high)}]"
    )
    return Written(told, value, (low, high))


def plus_minus(interval: Interval) -> Written:
    """Write a mean and the half-width of its interval.

    Args:
        interval: of any unit.

    Returns:
        The mean with three significant digits, the half-width with as many decimals; the mean alone where there are no
        bounds.

    Example:
        >>> plus_minus(Interval(mean=12.34, low=12.0, high=12.68, n=5))
        '12.3 ± 0.3'
    """
    mean = number(interval.mean)
    decimals = len(mean.partition(".")[2])
    told = str(mean) if math.isnan(interval.half_width) else f"{mean} ± {interval.half_width:.{decimals}f}"
    return Written(told, interval.mean, (interval.low, interval.high))


def signed(interval: Interval) -> Written:
    """Write a difference with the bounds of its interval, three significant digits each.

    Args:
        interval: of any unit.

    Returns:
        As `spanned` writes it, with its sign.

    Example:
        >>> signed(Interval(mean=0.5, low=-0.25, high=1.25, n=5))
        '+0.500 [-0.250, +1.25]'
    """
    return spanned(interval.mean, interval.low, interval.high, sign=True)


def points_between(interval: Interval | Estimate) -> Written:
    """Write a difference of shares in percentage points, with the bounds of its interval.

    Args:
        interval: of differences between -1 and 1.

    Returns:
        The text with two decimals, the difference alone where there are no bounds, a dash for no value.

    Example:
        >>> points_between(Interval(mean=0.0125, low=-0.0025, high=0.0175, n=5))
        '+1.25 [-0.25, +1.75]'
    """
    value = interval.mean if isinstance(interval, Interval) else interval.value
    return spanned(100 * value, 100 * interval.low, 100 * interval.high, sign=True, decimals=2)


def number(value: float, digits: int = 3) -> Written:
    """Write a number with so many significant digits, without an exponent where it reads well without.

    Args:
        value: any number; NaN is written as a dash.
        digits: significant digits.

    Returns:
        The text.

    Example:
        >>> [number(value) for value in (1234.5, 12.345, 0.00012345, 2.0, math.nan, math.inf)]
        ['1234', '12.3', '0.000123', '2.00', '—', '∞']
    """
    return Written(_rounded(value, digits), value)


def _rounded(value: float, digits: int) -> str:
    if math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if value == 0:
        return "0"
    magnitude = math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}"))))  # of what is shown: 9.996 is 10.0
    if not -5 < magnitude < 6:
        return f"{value:.{digits - 1}e}"
    return f"{value:.{max(digits - 1 - magnitude, 0)}f}"


def setting(value: object) -> str:
    """Write the value of a setting: a number that three digits say exactly as a person would, others rounded to them.

    Args:
        value: as stored.

    Returns:
        The text.

    Example:
        >>> setting(0.1), setting(3.0), setting(0.001234567), setting(1e-5), setting(128), setting("cosine")
        ('0.1', '3', '0.00123', '1e-5', '128', 'cosine')
    """
    if not isinstance(value, float):
        return str(value)
    if not math.isfinite(value) or not math.isclose(float(f"{value:.3g}"), value, rel_tol=1e-12):
        return number(value)
    return Written(re.sub(r"e\+?(-?)0*", r"e\1", f"{value:g}"), value)


def listed(names: list[str]) -> str:
    """Join names as a sentence does.

    Args:
        names: at least one.

    Returns:
        The text.

    Example:
        >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
        ('a', 'a and b', 'a, b and c')
    """
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def several(names: Sequence[str], most: int = 5) -> str:
    """Join the first of many names, and say how many more there are.

    Args:
        names: at least one.
        most: so many are named.

    Returns:
        The text.

    Example:
        >>> several("abc"), several("abcdefg", most=2)
        ('a, b, c', 'a, b and 5 more')
    """
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def count(n: int, noun: str) -> str:
    """Write how many of a thing, in the singular where it is one.

    Args:
        n: how many.
        noun: the thing, its plural made with s.

    Returns:
        The text.

    Example:
        >>> count(1, "seed"), count(5, "seed")
        ('1 seed', '5 seeds')
    """
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def size(amount: float) -> str:
    """Write how large something is, in powers of ten.

    Args:
        amount: bytes.

    Returns:
        The text, in MB below a thousand of them and in GB above.

    Example:
        >>> size(2_811_000_000), size(190_000_000), size(12_345)
        ('2.8 GB', '190 MB', '0.012 MB')
    """
    return f"{number(amount / 1e9, 2)} GB" if amount >= 1e9 else f"{number(amount / 1e6, 2)} MB"
