"""On what a study's results rest beside its own settings: the images, and the versions they were computed with.

Both stand beside the study in its record. Other images make another study. Other versions make the same one, of which
it is said that equal seeds may no longer have given equal bits.
"""

from collections.abc import Mapping
from typing import Any

from tuning.content import Content, content_change
from tuning.engine.state.provenance import versions
from tuning.records import DATA, VERSIONS

BESIDE = (DATA, VERSIONS)
"""The keys that are kept with a study and are none of its file's."""


def basis(kept: Mapping[str, Any], content: Content) -> dict[str, Any]:
    """Return what the results will rest on when this run adds to them.

    Args:
        kept: the study as it was begun, empty where it begins now; what an older version has not kept is taken up.
        content: of the images as they are.

    Returns:
        The images, and every set of versions that a run has had, the latest last.
    """
    before = _kept_versions(kept)
    now = versions()
    return {DATA: content.as_data(), VERSIONS: before if before[-1:] == [now] else [*before, now]}


def other_images(kept: Mapping[str, Any], content: Content) -> str:
    """Say how the images differ from those that a study was begun on.

    Args:
        kept: the study as it was begun.
        content: of the images as they are.

    Returns:
        The differences; empty where there are none, or an older version has kept nothing of them.
    """
    return content_change(kept[DATA], content.as_data()) if DATA in kept else ""


def other_versions(kept: Mapping[str, Any]) -> str:
    """Say which versions have changed since a study was last run.

    Args:
        kept: the study as it was begun.

    Returns:
        A line; empty where none have, or an older version has kept nothing of them.
    """
    before = _kept_versions(kept)
    if not before:
        return ""
    last, now = before[-1], versions()
    changed = [name for name in now if name in last and last[name] != now[name]]  # others an older version kept none of
    if not changed:
        return ""
    then, today = (", ".join(f"{name} {of[name]}" for name in changed) for of in (last, now))
    when = "begun" if len(before) == 1 else "last run"
    return f"this study was {when} with {then} and goes on with {today}: bits may differ"


def _kept_versions(kept: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the sets of versions, the latest last, without what is none of them: nothing is refused for these."""
    found = kept.get(VERSIONS)
    return [packages for packages in found if isinstance(packages, Mapping)] if isinstance(found, list) else []
