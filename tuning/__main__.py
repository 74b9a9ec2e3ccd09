"""``python -m tuning``: list, plan and run studies."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tuning.store import hide_password
from tuning.study import load, shipped

T = TypeVar("T")

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Tune every condition on every architecture with the same budget, and confirm the winners on fresh seeds.",
)
StudyArgument = Annotated[
    str, typer.Argument(metavar="STUDY", help="A shipped study's name, or a path to a YAML file.")
]


@app.command("list")
def list_studies() -> None:
    """Show the studies that ship."""
    table = Table("study", "what it asks", box=None, pad_edge=False, header_style="bold")
    for name in shipped():
        table.add_row(name, load(name).description)
    Console().print(table)


@app.command()
def plan(study: StudyArgument) -> None:
    """Check a study and show what it would run, without running it."""
    asked = _or_exit(lambda: load(study))
    epochs, search, seeds = asked.training.epochs, asked.search, asked.confirm.seeds
    table = Table("cell", "searched", box=None, pad_edge=False, header_style="bold")
    for cell in asked.cells:
        table.add_row(cell.key, ", ".join(name.split(".")[-1] for name in cell.space) or "nothing")
    console = Console()
    console.print(table)
    trials = len(asked.cells) * (search.trials + seeds)
    stopping = (
        "" if search.early_stopping.name == "none" else f" at most ({search.early_stopping.name} stops some early)"
    )
    console.print(
        f"\n{len(asked.cells)} cells × ({search.trials} trials to tune + {seeds} seeds to confirm) × {epochs} epochs "
        f"= {trials} trainings, {trials * epochs} epochs{stopping}",
        highlight=False,
    )


@app.command()
def run(
    study: StudyArgument,
    tracking_uri: Annotated[
        str | None,
        typer.Option(help="MLflow's store; by default MLFLOW_TRACKING_URI, else sqlite:///mlflow.db."),
    ] = None,
    storage: Annotated[Path, typer.Option(help="Folder of the journal and checkpoints; shared, on a cluster.")] = Path(
        "results"
    ),
    address: Annotated[
        str | None, typer.Option(envvar="RAY_ADDRESS", help="A Ray cluster's address; by default a local Ray.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin anew; what is stored so far is kept under another name.")
    ] = False,
) -> None:
    """Run a study, or go on with one that was interrupted."""
    # Ray is imported with the engine, and `list` and `plan` need none of it.
    from tuning.engine import run as run_study

    asked = _or_exit(lambda: load(study))
    console = Console()
    outcome = _or_exit(
        lambda: run_study(
            asked, tracking_uri=tracking_uri, storage=storage, address=address, fresh=fresh, console=console
        )
    )
    errors = Console(stderr=True)
    if outcome.interrupted:
        errors.print("Interrupted. The same command goes on where this one stopped.", highlight=False)
        sys.exit(130)
    for problem in outcome.problems:
        errors.print(f"[red]problem:[/] {escape(problem)}", highlight=False, soft_wrap=True)
    console.print(
        f"\nResults: python -m analysis report {asked.name}{_store_option(tracking_uri)}",
        highlight=False,
        soft_wrap=True,
    )
    sys.exit(1 if outcome.problems else 0)


def _store_option(tracking_uri: str | None) -> str:
    return "" if tracking_uri is None else escape(f" --tracking-uri {hide_password(tracking_uri)}")


def _or_exit(step: Callable[[], T]) -> T:
    """Return what the step returns; a mistake of the user's ends in its one line, with exit code 2."""
    try:
        return step()
    except ValueError as error:
        Console(stderr=True).print(f"[red]error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(2)


if __name__ == "__main__":
    app()
