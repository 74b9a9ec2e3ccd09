"""The sections that answer a study's questions: a question a file."""

from analysis.sections.answers import Answers, answers
from analysis.sections.section import Section

__all__ = ["Answers", "Section", "answers"]
