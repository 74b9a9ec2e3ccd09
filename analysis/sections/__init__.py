"""The sections that answer a study's questions: a question a file."""

from analysis.sections.all_sections import AllSections, all_sections
from analysis.sections.section import Section

__all__ = ["AllSections", "Section", "all_sections"]
