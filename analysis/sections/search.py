"""What the search says of itself: its budget, its settings, and its two objectives where it had two."""

from analysis.findings.compare import Comparison
from analysis.sections.front import front
from analysis.sections.search_size import budget
from analysis.sections.section import Section
from analysis.sections.settings import settings
from analysis.tables.table import Tables


def searches(tables: Tables, comparison: Comparison) -> tuple[Section, ...]:
    """Show what the search tells: its settings, its Pareto fronts, and what a search of another size would find.

    Args:
        tables: the study's.
        comparison: computed from them.

    Returns:
        Sections for which it has trials, at most three.
    """
    made = (budget(tables), settings(tables, comparison), front(tables))
    return tuple(section for section in made if section is not None)
