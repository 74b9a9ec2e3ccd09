"""What an image's header says: its size as people see it, its mode, its bits, its frames."""

from dataclasses import dataclass
from typing import Any

from PIL import ExifTags, Image

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns an image upright, by its EXIF orientation."""

_ON_ITS_SIDE = (5, 6, 7, 8)

_TURNED = ("TIFF",)
"""Formats that Pillow turns itself, and whose size it states upright."""

_ONE_PICTURE = ("MPO", "PSD")
"""Formats whose first frame is the picture: behind it are views for two eyes, a phone's depth map, layers."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """What is known of an image before it is decoded.

    Attributes:
        size: width and height, upright.
        mode: Pillow's.
        bits: a channel in the file, of which Pillow keeps 8 without a word where the image has colours.
        frames: how many pictures there are.
    """

    size: tuple[int, int]
    mode: str
    bits: int
    frames: int


def read_header(image: Image.Image) -> Header:
    """Return what an image's header says.

    Args:
        image: opened, and not decoded.
    """
    width, height = image.size
    bits = _bits(image)  # before EXIF is asked for, with which a PNG is decoded, and its decoder's orders are gone
    on_its_side = image.format not in _TURNED and _orientation(image) in _ON_ITS_SIDE
    still = image.format in _ONE_PICTURE or not getattr(image, "is_animated", False)
    return Header(
        size=(height, width) if on_its_side else (width, height),
        mode=image.mode,
        bits=bits,
        frames=1 if still else image.n_frames,  # type: ignore[attr-defined]  # of formats that have frames
    )


def upright(image: Image.Image) -> Image.Image:
    """Return an image turned as its EXIF says.

    Args:
        image: opened.
    """
    image.load()  # with which those of _TURNED lose their orientation
    turn = _TURNS.get(_orientation(image))
    return image if turn is None else image.transpose(turn)


def _orientation(image: Image.Image) -> int:
    try:
        orientation: int = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # damaged EXIF, of which Pillow raises errors of many classes, turns no image
        return 1
    return orientation


def _bits(image: Image.Image) -> int:
    """Return the bits a channel, from what the decoder is told to read."""
    if image.format == "JPEG2000":
        return _bits_of_jpeg2000(image)
    for tile in getattr(image, "tile", ()):
        given: tuple[Any, ...] = tile.args if isinstance(tile.args, tuple) else (tile.args,)
        if tile.codec_name == "SGI16" or (tile.codec_name == "sgi_rle" and given[2] == 2):
            return 16
        if tile.codec_name in {"ppm", "ppm_plain"}:
            return int(given[-1]).bit_length()
        if any(isinstance(argument, str) and argument.endswith((";16B", ";16L", ";16N")) for argument in given):
            return 16
    return 8


def _bits_of_jpeg2000(image: Image.Image) -> int:
    """Return the most bits of a component: those of each stand in the segment SIZ, with which a codestream begins."""
    file = image.fp  # type: ignore[attr-defined]
    place = file.tell()
    file.seek(0)
    _, found, siz = file.read(1 << 16).partition(b"\xff\x4f\xff\x51")
    file.seek(place)
    components = int.from_bytes(siz[36:38], "big")
    return max((1 + (component & 0x7F) for component in siz[38 : 38 + 3 * components : 3]), default=8) if found else 8
