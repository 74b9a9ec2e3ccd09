"""The templates of pages, which escape what they are given."""

from pathlib import Path

import jinja2

from analysis.notation import number, percent

_HERE = Path(__file__).parent


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
