"""What a study will cost, counted and estimated before anything of it runs."""

from tuning.cost.cell import CellCost, Seconds, Work
from tuning.cost.evidence import Evidence, evidence
from tuning.cost.fitting import check_weights
from tuning.cost.study import StudyCost, study_cost

__all__ = ["CellCost", "Evidence", "Seconds", "StudyCost", "Work", "check_weights", "evidence", "study_cost"]
