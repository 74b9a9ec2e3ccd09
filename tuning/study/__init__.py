"""What is compared, and how: studies, their cells, and how many trials each cell gets."""

from tuning.study.ablation import ablated_cells, ablations
from tuning.study.answers import answers
from tuning.study.budget import planned_epochs, planned_trials, uneven, uneven_budgets
from tuning.study.cell import Cell, Values
from tuning.study.condition import Condition
from tuning.study.confirm import baseline
from tuning.study.confirmations import Trials, confirmation_trials, confirmations_planned
from tuning.study.matched import unmatched
from tuning.study.reading import load, parse_study, shipped
from tuning.study.startup import startup
from tuning.study.study import Study

__all__ = [
    "Cell",
    "Condition",
    "Study",
    "Trials",
    "Values",
    "ablated_cells",
    "ablations",
    "answers",
    "baseline",
    "confirmation_trials",
    "confirmations_planned",
    "load",
    "parse_study",
    "planned_epochs",
    "planned_trials",
    "shipped",
    "startup",
    "uneven",
    "uneven_budgets",
    "unmatched",
]
