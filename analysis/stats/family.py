"""What an exact test says within its family of comparisons, and what so many pairs allow it to say at all."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.stats.holm import holm
from analysis.stats.sign_flip import SignFlip

LEVEL = 0.05
"""At which a test is said to speak."""


@dataclass(frozen=True, kw_only=True)
class FamilyTest:
    """One sign-flip test beside those of its family.

    Attributes:
        test: by itself.
        adjusted_p: its p after Holm's rule over the family.
        least: the smallest that this could be, were all differences of every comparison of one sign.
        comparisons: of the family that have a pair.
    """

    test: SignFlip
    adjusted_p: float
    least: float
    comparisons: int

    @property
    def agrees(self) -> bool:
        """Whether it sees a difference after Holm's rule."""
        return self.adjusted_p <= LEVEL

    @property
    def could(self) -> bool:
        """Whether so many pairs and comparisons let it see any difference, however large."""
        return self.least <= LEVEL


def family_tests(family: Sequence[SignFlip]) -> tuple[FamilyTest, ...]:
    """Apply Holm's rule to a family of tests.

    Args:
        family: one a comparison; those without a pair do not count.

    Returns:
        One a test, in their order.

    Example:
        >>> from analysis.stats.sign_flip import sign_flip_test
        >>> one, other = family_tests([sign_flip_test(each) for each in ([1, 2, 3, 4, 5], [1, -1, 1, 1, 1])])
        >>> one.test.p, one.adjusted_p, one.least, one.could
        (0.0625, 0.125, 0.125, False)
    """
    adjusted = holm([test.p for test in family])
    least = holm([test.smallest for test in family])  # whose p is larger has the larger factor: no other order has less
    comparisons = sum(test.n > 0 for test in family)
    return tuple(
        FamilyTest(test=test, adjusted_p=float(p), least=float(bound), comparisons=comparisons)
        for test, p, bound in zip(family, adjusted, least, strict=True)
    )
