"""Pictures of computed tuples, one kind a file; no arithmetic beyond what axes need."""

from analysis.plots.accuracy import accuracy_figure
from analysis.plots.by_epoch import (
    GENERALIZING,
    HOLDING,
    LEARNING,
    MOVING,
    NETWORK,
    Column,
    columns_with,
    curves_figure,
)
from analysis.plots.correlations import When, correlations_figure
from analysis.plots.decay_profiles import decay_profiles_figure
from analysis.plots.distributions import distributions_figure
from analysis.plots.fronts import fronts_figure
from analysis.plots.intervals import Mark, Panel, intervals_figure
from analysis.plots.panels import TITLE_CHARACTERS
from analysis.plots.settings import settings_figure
from analysis.plots.tuning_curves import tuning_curves_figure

__all__ = [
    "GENERALIZING",
    "HOLDING",
    "LEARNING",
    "MOVING",
    "NETWORK",
    "TITLE_CHARACTERS",
    "Column",
    "Mark",
    "Panel",
    "When",
    "accuracy_figure",
    "columns_with",
    "correlations_figure",
    "curves_figure",
    "decay_profiles_figure",
    "distributions_figure",
    "fronts_figure",
    "intervals_figure",
    "settings_figure",
    "tuning_curves_figure",
]
