"""A figure written out: a file that a page holds in itself."""

import base64
import io
from dataclasses import dataclass

from matplotlib.figure import Figure

from analysis.plots.style import style


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


def picture(name: str, title: str, figure: Figure) -> Picture:
    """Write a figure as a picture of the page.

    Args:
        name: of its file.
        title: what is shown.
        figure: drawn inside `analysis.plots.style.style`.

    Returns:
        The picture.
    """
    return Picture(name=name, title=title, svg=svg(figure))


def svg(figure: Figure) -> bytes:
    """Write a picture as an SVG file that needs nothing beside itself.

    Args:
        figure: drawn inside `style`.

    Returns:
        The file's bytes, equal for equal pictures.
    """
    buffer = io.BytesIO()
    with style():
        figure.savefig(buffer, format="svg", dpi=144, metadata={"Date": None})
    return buffer.getvalue()
