"""What so many trials can be expected to find: expected best validation score against budget."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from analysis.stats.arrays import BoolArray, FloatArray, IntArray, vector
from analysis.stats.bootstrap import DRAWS, resamples, widened
from analysis.stats.interval import Band


@dataclass(frozen=True, kw_only=True)
class ExpectedBest:
    """A tuning curve: the best score that a search of so many trials is expected to find.

    Attributes:
        budgets: numbers of trials, ascending, shape ``(budgets,)``.
        band: expected best score of so many trials. Bounds are NaN above a quarter of the trials, where measured
            intervals cover too seldom.
    """

    budgets: IntArray
    band: Band


def expected_best(
    scores: Sequence[float] | FloatArray,
    budgets: Sequence[int] | IntArray | None = None,
    *,
    exchangeable: bool,
    full_budget: Sequence[bool] | BoolArray,
    confidence: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> ExpectedBest:
    r"""Estimate the expected best score of n trials from N of them, without bias.

    .. math:: \hat v_n = \sum_{i=n}^{N} \frac{\binom{i-1}{n-1}}{\binom{N}{n}}\; v_{(i)}

    is the mean best of all subsets of n trials (Tang et al. 2020, arXiv:2004.13705). The estimator of Dodge et al.
    2019 (arXiv:1909.03004) draws subsets with replacement and is biased low, by most where N is small; at N = 16
    and n ≤ 8 the deviation from the truth was as large or larger. The interval is Student's t around the standard
    error of a bootstrap over the trials.

    Args:
        scores: of all trials, higher is better, shape ``(trials,)``. A trial that diverged counts with the worst
            score: the curve tells what the next search would find, and it would diverge as often.
        budgets: whole numbers from 1 to the number of trials; None takes 1 … half of the trials.
        exchangeable: whether every trial was proposed without regard to the others' scores (random, Sobol, grid
            in random order).
        full_budget: for each trial, whether it was given all its epochs (one that diverged was).
        confidence: the probability of covering, between 0 and 1. Measured at 95 % and n ≤ N/4, with 8 … 32
            trials: 88 … 96 %, the least for normal scores at n = N/4 and for exponential ones (a long tail of bad
            trials) at 8 trials.
        draws: how many resamples.
        seed: of the resamples.

    Returns:
        The curve in the unit of the scores.

    Raises:
        ValueError: if the estimate may not be used (trials that learned from one another or were stopped early), if
            a budget exceeds the number of trials, or a score is missing.

    Example:
        >>> found = expected_best([3.0, 1.0, 2.0], [1, 2, 3], exchangeable=True, full_budget=[True] * 3)
        >>> found.band.mean.round(4).tolist()  # of two: 3, 3 and 2
        [2.0, 2.6667, 3.0]
    """
    values = np.sort(vector("scores", scores))
    trials = len(values)
    _allowed(trials, exchangeable, np.asarray(full_budget, dtype=np.bool_))
    if np.isnan(values).any():
        missing = int(np.isnan(values).sum())
        raise ValueError(f"every trial needs a score, {missing} of {trials} have none; give the worst to what diverged")
    wanted = np.arange(1, max(trials // 2, 1) + 1) if budgets is None else np.asarray(budgets, dtype=np.int64)
    if wanted.ndim != 1 or (wanted < 1).any() or (wanted > trials).any():
        raise ValueError(f"budgets must be whole numbers from 1 to {trials} trials, got {list(wanted)}")
    weights = _weights(trials, wanted)
    mean = values @ weights
    deviation = (np.sort(values[resamples(trials, draws, seed)], axis=1) @ weights).std(axis=0, ddof=1)
    half = deviation * widened(1.0, n=trials, freedom=trials - 1, confidence=confidence)
    half = np.where(4 * wanted <= trials, half, np.nan)
    n = np.full(len(wanted), trials)
    return ExpectedBest(budgets=wanted, band=Band(mean=mean, low=mean - half, high=mean + half, n=n))


def _allowed(trials: int, exchangeable: bool, full_budget: BoolArray) -> None:
    """Refuse trials of which the estimate would be wrong.

    Raises:
        ValueError: with the reason.
    """
    if trials == 0:
        raise ValueError("an expected best score needs a trial, got none; run the search first")
    if full_budget.shape != (trials,):
        raise ValueError(f"full_budget must say yes or no of each of {trials} trials, got shape {full_budget.shape}")
    if not exchangeable:
        raise ValueError(
            "an expected best score needs exchangeable trials, got those of a search that learns from its own "
            "results; search with sobol, random or grid"
        )
    if not full_budget.all():
        raise ValueError(
            f"an expected best score needs trials of the full budget, got {int((~full_budget).sum())} of {trials} that "
            "were stopped early; search with early_stopping: none"
        )


def _weights(trials: int, budgets: IntArray) -> FloatArray:
    """Return how often the i-th smallest is the best of a subset: shape ``(trials, budgets)``, columns sum to 1."""
    i, n = np.arange(1, trials + 1)[:, None], budgets[None, :]
    rest = np.maximum(i - n, 0)  # keeps the logarithm finite where the subset is larger than i
    logarithm = gammaln(i) - gammaln(n) - gammaln(rest + 1)
    logarithm -= gammaln(trials + 1) - gammaln(n + 1) - gammaln(trials - n + 1)
    weights: FloatArray = np.where(i >= n, np.exp(logarithm), 0.0)
    return weights
