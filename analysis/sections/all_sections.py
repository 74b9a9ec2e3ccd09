"""All sections of a report that answer a question of the study."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.findings.compare import Comparison
from analysis.findings.kept_spectra import Kept
from analysis.plots.picture import Picture
from analysis.sections.decay_profiles import distributed
from analysis.sections.families import families
from analysis.sections.norms import norms
from analysis.sections.performance import performance
from analysis.sections.prediction import prediction
from analysis.sections.ranks import ranks
from analysis.sections.search import searches
from analysis.sections.section import Section
from analysis.tables.study_tables import Tables
from tuning.sheets.sheet import Sheet


@dataclass(frozen=True, kw_only=True)
class AllSections:
    """The sections of a report that answer a question each, in the order of the page.

    Attributes:
        performance: what each condition does to test accuracy.
        norms: how spectral norms change over time.
        ranks: what each condition does to rank.
        decay_profiles: how distributions of singular values differ between architectures.
        families: whether one family of architectures benefits more.
        prediction: whether spectra predict performance.
        search: what the search says of its budget, its settings, and its objectives where it had two.
    """

    performance: Section
    norms: Section
    ranks: Section
    decay_profiles: Section
    families: Section
    prediction: Section
    search: tuple[Section, ...]

    @property
    def in_order(self) -> tuple[Section, ...]:
        """All sections, in the order of the page."""
        one_each = (self.performance, self.norms, self.ranks, self.decay_profiles, self.families, self.prediction)
        return (*one_each, *self.search)

    @property
    def sheets(self) -> list[Sheet]:
        """The tables of all sections that have one."""
        return [section.sheet for section in self.in_order if section.sheet is not None]


def all_sections(tables: Tables, comparison: Comparison, known: Sequence[Kept], norms_by_epoch: Picture) -> AllSections:
    """Answer what a study asked, as far as its numbers allow.

    Args:
        tables: the study's.
        comparison: computed from them.
        known: which epochs kept whole vectors of singular values.
        norms_by_epoch: the picture of spectral norms by epoch.

    Returns:
        A section for each question.
    """
    return AllSections(
        performance=performance(comparison.effects),
        norms=norms(tables, norms_by_epoch),
        ranks=ranks(tables),
        decay_profiles=distributed(tables, known),
        families=families(comparison.effects),
        prediction=prediction(tables),
        search=searches(tables, comparison),
    )
