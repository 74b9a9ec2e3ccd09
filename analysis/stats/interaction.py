"""Whether a condition helps one family of architectures more than another."""

from dataclasses import dataclass

from analysis.stats.arrays import FloatArray, matrix, subtract
from analysis.stats.bootstrap import DRAWS
from analysis.stats.paired import Difference, difference


@dataclass(frozen=True, kw_only=True)
class Interaction:
    """A difference of differences between two families.

    Attributes:
        families: mean effect in the first family minus that in the second.
        pairs: the same for one architecture of each: ``pairs[i][j]`` is the first family's architecture i against
            the second's j.
    """

    families: Difference
    pairs: tuple[tuple[Difference, ...], ...]


def interaction(
    first: FloatArray, second: FloatArray, *, confidence: float = 0.95, draws: int = DRAWS, seed: int = 0
) -> Interaction:
    r"""Compare a condition's effect in one family with its effect in another.

    With effects :math:`e_{sa}` (condition − baseline on seed s and architecture a) there is one difference of
    differences a seed, :math:`D_s = |F|^{-1}\sum_{a\in F} e_{sa} - |G|^{-1}\sum_{a\in G} e_{sa}`: architectures
    weigh alike within their family, however many each has. What is shared by all runs of a seed, such as the
    split, cancels. The architectures are chosen and not drawn, so the intervals speak of these and other seeds.
    Flipping the sign of :math:`D_s` is exchanging the families' names on a seed: the test is exact where the
    effects of the two are exchangeable, or symmetric around one value.

    Args:
        first: effects in the first family, shape ``(seeds, architectures)``; NaN where one is missing.
        second: effects in the second family on the same seeds; it may have other numbers of architectures.
        confidence: the probability of covering that each interval aims at.
        draws: resamples of the bootstrap.
        seed: of the resamples.

    Returns:
        Differences of differences in the unit of the effects. A seed that an architecture lacks is left out of
        whatever that architecture enters: leaving out the architecture alone would change what is compared.

    Raises:
        ValueError: if the effects are no matrices, have no architecture, or have different numbers of seeds.

    Example:
        >>> import numpy as np
        >>> found = interaction(np.array([[3.0], [4.0]]), np.array([[1.0, 2.0], [1.0, 0.0]]))
        >>> found.families.mean, found.pairs[0][1].mean  # (1.5 + 3.5) / 2, (1 + 4) / 2
        (2.5, 2.5)
    """
    ours = matrix("first", first, "(seeds, architectures)")
    other = matrix("second", second, "(seeds, architectures)")
    if len(ours) != len(other):
        raise ValueError(
            f"first and second must have equally many seeds, got {len(ours)} and {len(other)}; "
            "give NaN where a seed is missing"
        )
    if not (ours.shape[1] and other.shape[1]):
        raise ValueError(
            f"each family needs an architecture, got {ours.shape[1]} and {other.shape[1]}; compare families that ran"
        )

    def described(differences: FloatArray) -> Difference:
        return difference(differences, confidence=confidence, draws=draws, seed=seed)

    return Interaction(
        families=described(subtract(ours.mean(axis=1), other.mean(axis=1))),
        pairs=tuple(
            tuple(described(subtract(first_effects, second_effects)) for second_effects in other.T)
            for first_effects in ours.T
        ),
    )
