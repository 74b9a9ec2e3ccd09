"""The small tables that stand beside the comparison, where the study has runs for them."""

from analysis.findings.ablation import ablations
from analysis.findings.matched import matched
from analysis.tables.study_tables import Tables
from analysis.writing.ablation_sheet import ablation_sheet
from analysis.writing.matched_sheet import matched_sheet
from tuning.sheets.sheet import Sheet


def sheets_beside(tables: Tables) -> list[Sheet]:
    """Set out the tables for which the study has runs.

    Args:
        tables: the study's.

    Returns:
        At most two: conditions at the baseline's learning rate, and a condition without each of its factors.
    """
    at_rate, apart = matched(tables), ablations(tables)
    return [*([matched_sheet(at_rate)] if at_rate else []), *([ablation_sheet(apart)] if apart else [])]
