"""Which files are images: those that Pillow opens, whatever it is built with."""

from functools import cache

from PIL import Image, ImageFile

_NO_PIXELS = ("EPS", "MPEG")
"""What Pillow knows by name and cannot decode by itself: a drawing and a film."""


@cache
def suffixes() -> frozenset[str]:
    """Return the suffixes of still images, in lower case and with their dots."""
    Image.init()
    return frozenset(suffix for suffix, name in Image.registered_extensions().items() if _has_pixels(name))


def _has_pixels(name: str) -> bool:
    """Return whether Pillow decodes a format; of some it writes them alone, or leaves reading to other libraries."""
    if name not in Image.OPEN or name in _NO_PIXELS:
        return False
    opened = Image.OPEN[name][0]
    return not (isinstance(opened, type) and issubclass(opened, ImageFile.StubImageFile))
