"""What images a study was trained on, in a few plain values, and in words how two studies' images differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_CONTENT = "content"
_DIGITS = 12
"""Of a digest, for people: two that differ do so here."""

_SOME = 5
"""Names that a message has room for."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """The images that a data set had when it was opened.

    Attributes:
        key: a digest of all images and classes of both parts, equal for equal ones anywhere.
        classes: their names, class 0 first.
        shape: channels, height and width of an image.
        training_images: how many there are, those that will be held out for validation among them.
    """

    key: str
    classes: tuple[str, ...]
    shape: tuple[int, int, int]
    training_images: int

    def as_data(self) -> dict[str, Any]:
        """Return the same as plain data, which goes through JSON unchanged."""
        return {
            _CONTENT: self.key,
            "classes": list(self.classes),
            "shape": list(self.shape),
            "training_images": self.training_images,
        }


def content_key(kept: Any) -> Any:
    """Return the digest in plain data of a study's content, None where they hold none.

    Args:
        kept: as `Content.as_data` gives it, or what a file may hold in its place.
    """
    return kept.get(_CONTENT) if isinstance(kept, Mapping) else None


def content_change(kept: Any, found: Any) -> str:
    """Say how two studies' images differ.

    Args:
        kept: those of the one, as `Content.as_data` gives it, or what a file may hold in its place.
        found: those of the other.

    Returns:
        The differences that can be told in words, else the digests; empty where the images are the same.

    Example:
        >>> cats = Content(key="a" * 64, classes=("cat", "dog"), shape=(1, 8, 8), training_images=20)
        >>> cows = Content(key="b" * 64, classes=("cow", "dog"), shape=(1, 8, 8), training_images=21)
        >>> content_change(cats.as_data(), cows.as_data())
        'training images 20 -> 21; classes that are gone: cat; new classes: cow'
    """
    if content_key(kept) == content_key(found) is not None:
        return ""
    before, after = (images if isinstance(images, Mapping) else {_CONTENT: images} for images in (kept, found))
    told = [
        f"{words} {_spoken(before.get(name))} -> {_spoken(after.get(name))}"
        for name, words in (("training_images", "training images"), ("shape", "an image's shape"))
        if before.get(name) != after.get(name)
    ]
    told += _classes(before.get("classes"), after.get("classes"))
    digests = " -> ".join(
        str(images[_CONTENT])[:_DIGITS] if _CONTENT in images else "none" for images in (before, after)
    )
    return "; ".join(told) or f"other files or other content in as many images of the same classes ({digests})"


def _classes(before: Any, after: Any) -> list[str]:
    """Say which classes are gone, which are new, or that their order is another one."""
    if before == after:
        return []
    if not (isinstance(before, list) and isinstance(after, list)):
        return [f"classes {_spoken(before)} -> {_spoken(after)}"]
    gone, new = [name for name in before if name not in after], [name for name in after if name not in before]
    told = [
        f"{what}: {_spoken(names)}" for what, names in (("classes that are gone", gone), ("new classes", new)) if names
    ]
    return told or ["the order of the classes"]


def _spoken(value: Any) -> str:
    """Write a number, a shape or some names."""
    if value is None:
        return "none"
    if not isinstance(value, list):
        return str(value)
    if all(isinstance(number, int) for number in value):
        return "×".join(map(str, value))
    return ", ".join(map(str, value[:_SOME])) + (f" and {len(value) - _SOME} more" if len(value) > _SOME else "")
