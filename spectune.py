"""The command ``spectune``: all of ``python -m tuning``, and all of ``python -m analysis`` below ``analysis``.

It stands above the packages because it knows two of them that may not know each other, and bears the name that people
type. What a command works with is imported when it runs, so that ``spectune --help`` answers at once.
"""

import runpy
from pathlib import Path
from typing import Any

# Before the next import of ours: a folder `models` of the user's own is not to be taken for ours.
runpy.run_path(str(Path(__file__).resolve().parent / "tuning" / "own_packages.py"))

from typer.core import TyperGroup  # ruff: ignore[module-import-not-at-top-of-file]
from typer.main import get_group  # ruff: ignore[module-import-not-at-top-of-file]

import tuning.__main__  # ruff: ignore[module-import-not-at-top-of-file]

_HELP = "Tune ways of holding weights with the same budget, confirm the winners on fresh seeds, and compare them."


class AnalysisGroup(TyperGroup):
    """The commands of analysis, imported when one of them is called: pandas takes a second to come."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Return the context of the real group, which takes this one's place.

        Args:
            info_name: as it was typed.
            args: what follows it.
            parent: the context of ``spectune`` itself.
            **extra: as typer has it.

        Returns:
            The context in which the command is run.
        """
        import analysis.__main__

        return get_group(analysis.__main__.app).make_context(info_name, args, parent, **extra)


def command() -> TyperGroup:
    """Return the command with all that it offers."""
    group = get_group(tuning.__main__.app)
    group.help = _HELP
    group.commands["analysis"] = AnalysisGroup(name="analysis", help="From stored results to answers.")
    return group


def main() -> None:
    """Run the command that the process's arguments name."""
    command()(prog_name="spectune")


if __name__ == "__main__":
    main()
