"""Statistics of plain arrays: numpy in, frozen numbers out; nothing here knows of runs or tables.

Whatever is drawn is drawn from a seed. Each routine's docstring says how often its 95 % interval was measured to cover.
"""

from analysis.stats.arrays import BoolArray, FloatArray, IntArray
from analysis.stats.bootstrap import bootstrap_t
from analysis.stats.effect_size import paired_effect_size
from analysis.stats.expected_best import ExpectedBest, expected_best
from analysis.stats.family import LEVEL, FamilyTest, family_tests
from analysis.stats.granulated import Agreement, Granulated, granulated_tau, granulated_taus
from analysis.stats.holm import holm
from analysis.stats.improvement import probability_of_improvement
from analysis.stats.interaction import Interaction, interaction
from analysis.stats.interquartile import interquartile_mean
from analysis.stats.interval import Band, Estimate, Interval, mean_band, mean_interval
from analysis.stats.kendall import kendall_tau, kendall_taus
from analysis.stats.paired import Difference, difference, paired_difference
from analysis.stats.pareto import Direction, pareto_front
from analysis.stats.sign_flip import SignFlip, sign_flip_test
from tuning.paired_power import detectable_difference, smallest_p

__all__ = [
    "LEVEL",
    "Agreement",
    "Band",
    "BoolArray",
    "Difference",
    "Direction",
    "Estimate",
    "ExpectedBest",
    "FamilyTest",
    "FloatArray",
    "Granulated",
    "IntArray",
    "Interaction",
    "Interval",
    "SignFlip",
    "bootstrap_t",
    "detectable_difference",
    "difference",
    "expected_best",
    "family_tests",
    "granulated_tau",
    "granulated_taus",
    "holm",
    "interaction",
    "interquartile_mean",
    "kendall_tau",
    "kendall_taus",
    "mean_band",
    "mean_interval",
    "paired_difference",
    "paired_effect_size",
    "pareto_front",
    "probability_of_improvement",
    "sign_flip_test",
    "smallest_p",
]
