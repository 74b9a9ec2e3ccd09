"""What an interval allows to be said: words follow the numbers, and zero inside of one is no difference seen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from analysis.notation import listed
from analysis.stats import Estimate, Interval


class Reading(StrEnum):
    """What an interval of a difference, or of a correlation, says of its sign."""

    HIGHER = "higher"
    LOWER = "lower"
    SAME = "no difference seen"
    OPEN = "too few values for an interval"


@dataclass(frozen=True, kw_only=True)
class Verbs:
    """How each reading begins.

    Attributes:
        higher: the interval lies above zero.
        lower: it lies below.
        same: it holds zero.
        open: it has no bounds, or none that can be believed.
    """

    higher: str = "higher with"
    lower: str = "lower with"
    same: str = "no difference seen with"
    open: str = "too few seeds for an interval with"


@dataclass(frozen=True, kw_only=True)
class Named:
    """One number of which something is to be said.

    Attributes:
        name: of what it is, a condition's.
        bounds: its interval.
        text: the number and its interval, written out.
    """

    name: str
    bounds: Interval | Estimate
    text: str


def reading(bounds: Interval | Estimate) -> Reading:
    """Say on which side of zero an interval lies.

    Two seeds that differ by exactly the same, as counts of right images on a small test part do by chance, give an
    interval of no length that covers far less often than it says: it is read as none.

    Args:
        bounds: of a difference.

    Example:
        >>> reading(Interval(mean=0.5, low=-0.1, high=1.1, n=5)).value
        'no difference seen'
    """
    if math.isnan(bounds.low) or math.isnan(bounds.high):
        return Reading.OPEN
    if isinstance(bounds, Interval) and bounds.n == 2 and bounds.mean != 0 and math.isclose(bounds.low, bounds.high):
        return Reading.OPEN
    if bounds.low > 0:
        return Reading.HIGHER
    return Reading.LOWER if bounds.high < 0 else Reading.SAME


MOST = 3
"""Up to so many that show no difference are told with their numbers; of more the table tells."""


def told(each: Sequence[Named], verbs: Verbs) -> str:
    """Put several numbers into one sentence, grouped by what their intervals say.

    Args:
        each: at least one; of more than `MOST` that show no difference the names alone are told.
        verbs: how a group begins.

    Returns:
        The sentence, beginning in lower case and without its full stop.

    Example:
        >>> up, flat = (Interval(mean=1.0, low=low, high=2.0, n=5) for low in (0.5, -0.5))
        >>> told([Named(name="a", bounds=up, text="+1"), Named(name="b", bounds=flat, text="+1")], Verbs())
        'higher with a (+1); no difference seen with b (+1)'
    """
    groups = {Reading.HIGHER: verbs.higher, Reading.LOWER: verbs.lower, Reading.SAME: verbs.same}
    said = []
    for which, verb in {**groups, Reading.OPEN: verbs.open}.items():
        mine = [one for one in each if reading(one.bounds) is which]
        bare = which is Reading.SAME and len(mine) > MOST
        if mine:
            said.append(f"{verb} {listed([one.name if bare else f'{one.name} ({one.text})' for one in mine])}")
    return "; ".join(said)
