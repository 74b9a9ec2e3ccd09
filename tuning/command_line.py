"""How every command line here speaks and ends: a mistake in one line with exit code 2, a closed pipe in silence."""

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console, RenderableType
from rich.text import Text
from typer.core import TyperGroup

from tuning.lasting_output import lead_nowhere


class OneLineGroup(TyperGroup):
    """Commands whose misspelt options and missing arguments are told as every other mistake is.

    Typer by itself answers with a usage, a hint and a box: three things to read, and two to search a log for.
    """

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command that the arguments name, and end the process.

        Args:
            args: by default those of the process.
            prog_name: in messages; by default as the process was called.
            complete_var: as typer has it.
            standalone_mode: where false the process goes on, and mistakes are raised.
            windows_expand_args: as typer has it.
            **extra: as typer has it.

        Returns:
            The command's exit code, if it returns at all.

        Raises:
            TyperException: a mistake in the arguments, where the process is to go on.
        """
        try:
            code = super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
        except typer.TyperException as mistake:
            if not standalone_mode:
                raise
            _say_of_usage(mistake)
            code = mistake.exit_code
        if not standalone_mode:
            return code
        sys.exit(code)


@contextmanager
def one_line_errors() -> Generator[None]:
    """End with exit code 2 and one line where the user's input or surroundings are at fault.

    Raises:
        typer.Exit: in place of a ValueError.
    """
    try:
        yield
    except ValueError as error:
        say_error(str(error))
        raise typer.Exit(2) from None


def say_error(message: str) -> None:
    """Print one line on standard error, whatever is in the message: line breaks, markup, control characters.

    Args:
        message: the rule, what came, the cure.
    """
    line = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in " ".join(message.split()))
    Console(stderr=True).print(Text.assemble(("error:", "red"), " ", line), soft_wrap=True)


def show(*what: RenderableType, console: Console) -> None:
    """Print on standard output what rich can render, as `put` prints a text.

    Args:
        *what: one after the other.
        console: for whose width and colours.

    Raises:
        typer.Exit: it cannot be written, which one line has said.
    """
    with _written_or_told():
        with console.capture() as captured:  # rich would end the process where a pipe is closed
            console.print(*what)
        print(captured.get(), end="", flush=True)  # ruff: ignore[print]  # commands print through this file


def put(text: str) -> None:
    """Print a text on standard output, to the last letter.

    Where the reader has left, as ``head`` does, the rest is dropped and the command goes on with what else it does.

    Args:
        text: with its line breaks.

    Raises:
        typer.Exit: it cannot be written, which one line has said.
    """
    with _written_or_told():
        print(text, end="", flush=True)  # ruff: ignore[print]


@contextmanager
def _written_or_told() -> Generator[None]:
    """Within, standard output is written to and nothing else is done.

    Raises:
        typer.Exit: it cannot be written, which one line has said.
    """
    try:
        yield
        return
    except BrokenPipeError:
        lead_nowhere(sys.stdout)
        return
    except UnicodeEncodeError as error:
        letter = ascii(error.object[error.start])
        problem = f"be written in UTF-8, got {error.encoding}, which has no {letter}; set PYTHONIOENCODING=utf-8"
    except OSError as error:
        lead_nowhere(sys.stdout)
        problem = f"be written somewhere, got {error.strerror!r}; print to another place"
    say_error(f"what is printed must {problem}")
    raise typer.Exit(2)


def _say_of_usage(mistake: typer.TyperException) -> None:
    message = mistake.format_message().replace("Value error, ", "").rstrip(".")
    if not message:  # no command at all: typer has printed the help
        return
    context = getattr(mistake, "ctx", None)
    hint = f"{context.command_path} --help says what there is" if context else ""
    joint = "" if not hint else " " if message.endswith("?") else "; "
    say_error(message[0].lower() + message[1:] + joint + hint)
