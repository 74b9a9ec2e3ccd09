"""Both command lines as they describe themselves, and as one: every command, argument and option."""

from typer import Context
from typer.cli import get_docs_for_click
from typer.core import TyperGroup
from typer.main import get_group

import analysis.__main__
import tuning.__main__

FORMS: dict[str, tuple[str, TyperGroup]] = {
    "spectune": ("python -m tuning", get_group(tuning.__main__.app)),
    "spectune analysis": ("python -m analysis", get_group(analysis.__main__.app)),
}
"""What is typed -> the same without an installed command, and what it offers."""


def commands() -> str:
    """Return what ``--help`` says of every command, one after the other."""
    parts = []
    for typed, (plainly, group) in FORMS.items():
        told = get_docs_for_click(obj=group, ctx=Context(group, info_name=typed), indent=1, name=typed)
        parts.append(
            told.replace(f"## `{typed}`\n", f"## `{typed}` {{#{typed.replace(' ', '-')}}}\n\nAlso `{plainly}`.\n", 1)
        )
    return "\n".join(parts)
