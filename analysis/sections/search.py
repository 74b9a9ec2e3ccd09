"""What the search says of itself: its budget, its settings, and its two objectives where it had two."""

from analysis.findings.compare import Comparison
from analysis.sections.front import front
from analysis.sections.search_size import budget
from analysis.sections.section import Section
from analysis.sections.settings import settings
from analysis.tables.study_tables import Tables


def searches(tables: Tables, comparison: Comparison) -> tuple[Section, ...]:
    """Show what the search tells: what one of another size would find, which settings mattered, its Pareto fronts.

    Args:
        tables: the study's.
        comparison: computed from them.

    Returns:
        Sections for which it has trials, at most three.
    """
    made = (budget(tables), settings(tables, comparison), front(tables))
    return tuple(section for section in made if section is not None)
