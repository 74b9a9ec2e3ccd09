"""What an interval and its test allow to be said: words follow the numbers, the same in every section.

A difference is claimed where the interval leaves out zero and the test, where there is one, agrees after Holm's rule.
Where it does not, or with so few seeds cannot, the sentence names the interval and what the test allows.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from analysis.notation import count, listed, number, signed
from analysis.stats import Difference, Estimate, FamilyTest, Interval


class Claim(StrEnum):
    """What is said of the sign of a difference, or of a correlation."""

    HIGHER = "higher"
    LOWER = "lower"
    HIGHER_ALONE = "higher by the interval alone"
    LOWER_ALONE = "lower by the interval alone"
    SAME = "no difference seen"
    TEST_ALONE = "different by the test alone"
    OPEN = "too few values for an interval"


@dataclass(frozen=True, kw_only=True)
class Verbs:
    """The words with which a sentence on numbers begins, by what their intervals and tests claim.

    Attributes:
        higher: the interval lies above zero; where no test agrees, "by the interval alone" stands before it.
        lower: it lies below; likewise.
        same: it holds zero.
        test: it holds zero, and the test speaks all the same.
        open: it has no bounds, or none that can be believed.
    """

    higher: str = "higher with"
    lower: str = "lower with"
    same: str = "no difference seen with"
    test: str = "the interval holds zero, and the test sees a difference with"
    open: str = "too few seeds for an interval with"


@dataclass(frozen=True, kw_only=True)
class Named:
    """A number with its interval and test, of which a sentence is to be made.

    Attributes:
        name: of what differs: the name of a condition or an architecture.
        bounds: its interval.
        text: the number and its interval, written out.
        tested: the test of the same difference; None for a number that has none.
    """

    name: str
    bounds: Interval | Estimate
    text: str
    tested: FamilyTest | None = None

    @property
    def claim(self) -> Claim:
        """What interval and test allow to be said of the number."""
        return claimed(self.bounds, self.tested)


def with_sign(name: str, difference: Difference, tested: FamilyTest) -> Named:
    """Name a difference that is written as a signed number with its interval.

    Args:
        name: what differs.
        difference: by how much.
        tested: the test of the same.
    """
    return Named(name=name, bounds=difference.stated, text=signed(difference.stated), tested=tested)


def claimed(bounds: Interval | Estimate, tested: FamilyTest | None = None) -> Claim:
    """Say on which side of zero a number lies, as far as its interval and its test let it.

    Two seeds that differ by exactly the same, as counts of right images on a small test part do by chance, give an
    interval of no length that covers far less often than it says: it is read as none.

    Args:
        bounds: of a difference.
        tested: the test of the same; None where there is none.

    Example:
        >>> claimed(Interval(mean=0.5, low=-0.1, high=1.1, n=5)).value
        'no difference seen'
    """
    if math.isnan(bounds.low) or math.isnan(bounds.high):
        return Claim.OPEN
    if isinstance(bounds, Interval) and bounds.n == 2 and bounds.mean != 0 and math.isclose(bounds.low, bounds.high):
        return Claim.OPEN
    agrees = tested is None or tested.agrees
    if bounds.low > 0:
        return Claim.HIGHER if agrees else Claim.HIGHER_ALONE
    if bounds.high < 0:
        return Claim.LOWER if agrees else Claim.LOWER_ALONE
    return Claim.TEST_ALONE if tested is not None and agrees else Claim.SAME


MOST = 3
"""Up to so many that show no difference are told with their numbers; of more the table tells."""


def told(numbers: Sequence[Named], verbs: Verbs) -> str:
    """Put several numbers into one sentence, grouped by what their intervals say.

    Args:
        numbers: at least one; of more than `MOST` that show no difference the names alone are told.
        verbs: how a group begins.

    Returns:
        The sentence, beginning in lower case and without its full stop.

    Example:
        >>> up, flat = (Interval(mean=1.0, low=low, high=2.0, n=5) for low in (0.5, -0.5))
        >>> told([Named(name="a", bounds=up, text="+1"), Named(name="b", bounds=flat, text="+1")], Verbs())
        'higher with a (+1); no difference seen with b (+1)'
    """
    groups = {
        Claim.HIGHER: verbs.higher,
        Claim.LOWER: verbs.lower,
        Claim.HIGHER_ALONE: f"by the interval alone {verbs.higher}",
        Claim.LOWER_ALONE: f"by the interval alone {verbs.lower}",
        Claim.TEST_ALONE: verbs.test,
        Claim.SAME: verbs.same,
        Claim.OPEN: verbs.open,
    }
    said = []
    for which, verb in groups.items():
        claimed = [named for named in numbers if named.claim is which]
        bare = which is Claim.SAME and len(claimed) > MOST
        if claimed:
            said.append(
                f"{verb} {listed([named.name if bare else f'{named.name} ({_text(named)})' for named in claimed])}"
            )
            said[-1] += _allowed(claimed)
    return "; ".join(said)


_PARTED = (Claim.HIGHER_ALONE, Claim.LOWER_ALONE, Claim.TEST_ALONE)
"""Where interval and test say two things, and both are told."""


def _text(named: Named) -> str:
    """Write a number with its interval, and with its test where that says something else."""
    if named.tested is None or named.claim not in _PARTED:
        return named.text
    by_itself = f"{named.text}, sign-flip p {number(named.tested.test.p)}"
    return (
        f"{by_itself}, by Holm's rule {number(named.tested.adjusted_p)}" if named.tested.comparisons > 1 else by_itself
    )


def _allowed(parted: Sequence[Named]) -> str:
    """Say what the test could have seen of differences of which it has seen none."""
    tests = [named.tested for named in parted if named.tested is not None and named.claim in _PARTED[:2]]
    allowed = [allowance(named) for named in tests]
    return f", where {listed(list(dict.fromkeys(allowed)))}" if allowed else ""


def allowance(tested: FamilyTest) -> str:
    """Say which p so many seeds allow, after Holm's rule over so many comparisons.

    Args:
        tested: a test that does not agree.

    Returns:
        "5 seeds allow no p below 0.0625, by Holm's rule over 4 comparisons none below 0.250", or that the test could
        have agreed.
    """
    if tested.could:
        return "the test could agree and does not"
    said = f"{count(tested.test.n, 'seed')} {'allows' if tested.test.n == 1 else 'allow'} no p below "
    said += number(tested.test.smallest)
    several = tested.comparisons > 1
    by_holm = f", by Holm's rule over {count(tested.comparisons, 'comparison')} none below {number(tested.least)}"
    return said + by_holm if several else said
