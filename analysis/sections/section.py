"""One section of the report: a question, what the numbers allow to be said, one picture, one small table."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from analysis.plots.picture import Picture
from tuning.sheets.sheet import Sheet

STATED = (
    "Intervals of differences: bootstrap-t over paired seeds, 95%; where that is unbounded, below four pairs or with "
    "many equal ones, Student's."
)
"""Which interval stands behind a paired difference, the same in every section."""


MARKED = "Bold: the interval leaves out zero. Filled: the sign-flip test agrees after Holm's rule."
"""How a picture of paired differences is read, the same in every section."""


@dataclass(frozen=True, kw_only=True)
class Section:
    """A question and its answer.

    Attributes:
        question: its heading.
        said: sentences, each of an architecture or of the study.
        picture: None where there are too few numbers for one.
        caption: what a reader of the picture must know.
        terms: what the picture's names mean, where they need saying.
        sheet: the numbers with their intervals; None as ``picture``.
    """

    question: str
    said: tuple[str, ...]
    picture: Picture | None = None
    caption: str = ""
    terms: Mapping[str, str] = field(default_factory=dict)
    sheet: Sheet | None = None
