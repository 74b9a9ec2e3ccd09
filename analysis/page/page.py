"""What every page is made with: pictures that it holds in itself, and templates that escape what they are given."""

import base64
from dataclasses import dataclass
from pathlib import Path

import jinja2

from analysis.notation import number, percent

_HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture of a page.

    Attributes:
        name: of its file, without the ending.
        title: a sentence that says what is shown; it stands in the picture and is read aloud in its place.
        svg: the file.
    """

    name: str
    title: str
    svg: bytes

    @property
    def source(self) -> str:
        """The picture as a data URI, which the page holds in itself."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.svg).decode()


def environment() -> jinja2.Environment:
    """Return where templates are found, in this folder or by their path below `analysis`, and how they are filled."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader([_HERE, _HERE.parent]),
        autoescape=True,  # names come from a file that anyone may have written
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"percent": percent, "number": number}
    return made
