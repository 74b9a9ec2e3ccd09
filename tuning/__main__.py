"""``python -m tuning``: list, plan and run studies here or on a cluster, and check how activations depend on width."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import tuning.own_packages  # ruff: ignore[unused-import]  # before the next import of ours
from tuning import job_commands
from tuning.command_line import OneLineGroup, one_line_errors, put, show
from tuning.lasting_output import outlive_readers
from tuning.logs import kept_in, say
from tuning.options import NameOption, StorageOption, StudyArgument, TrackingOption
from tuning.sheets.format import Format
from tuning.surroundings import IN_A_JOB, check_current_folder, check_home

# A command imports what it works with when it runs: torch, Ray and MLflow take seconds to come, `--help` needs none.

T = TypeVar("T")

app = typer.Typer(
    cls=OneLineGroup,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Tune every condition on every architecture with the same budget, and confirm the winners on fresh seeds.",
)


_INTERRUPTED = "Interrupted. The same command goes on where this one stopped."


@app.command("list")
def list_studies() -> None:
    """Show the studies that ship."""
    from tuning.study import load, shipped

    table = Table("study", "what it asks", box=None, pad_edge=False, header_style="bold")
    for name in shipped():
        table.add_row(name, load(name).description)
    show(table, console=Console())


@app.command()
def plan(
    study: StudyArgument,
    timed: Annotated[
        bool, typer.Option("--time", help="Time some training steps of every cell here, to estimate hours.")
    ] = False,
    tflops: Annotated[
        float | None, typer.Option(help="Estimate hours from what a trial sustains, in 10¹² operations a second.")
    ] = None,
    cpus: Annotated[int | None, typer.Option(min=1, help="Cores there will be; by default this machine's.")] = None,
    gpus: Annotated[float | None, typer.Option(min=0, help="GPUs there will be; by default this machine's.")] = None,
    how: Annotated[Format, typer.Option("--format", help="How the plan is printed.")] = Format.TABLE,
    tracking_uri: TrackingOption = None,
) -> None:
    """Check a study and show what it would run, cost and be able to show, without running it.

    Of the data only `run` asks for more; of the store the spread of an earlier study of that name is read.
    """
    from tuning.cost import check_weights, evidence, printed, study_cost
    from tuning.study import load
    from tuning.trial import this_machine

    loaded = _or_exit(lambda: load(study))
    _or_exit(lambda: check_weights(loaded))
    _or_exit(lambda: _check_speed(timed, tflops))
    given = {"CPU": cpus, "GPU": gpus}
    available = this_machine() | {name: float(amount) for name, amount in given.items() if amount is not None}
    with Console(stderr=True).status("counting") as status:
        cost = _or_exit(
            lambda: study_cost(
                loaded,
                available=available,
                tflops=tflops,
                timed=timed,
                shown=evidence(loaded, tracking_uri),
                say=lambda what: status.update(f"timing {escape(what)}"),
            )
        )
    if how is Format.TABLE:
        show(printed.on_terminal(cost), console=Console(highlight=False))
    else:
        put(printed.as_text(cost, how))


@app.command()
def run(
    study: StudyArgument,
    tracking_uri: TrackingOption = None,
    storage: StorageOption = Path("results"),
    address: Annotated[
        str | None, typer.Option(envvar="RAY_ADDRESS", help="A Ray cluster's address; by default a local Ray.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin anew; what is stored so far is kept under another name.")
    ] = False,
    name: NameOption = None,
) -> None:
    """Run a study, or go on with one that was interrupted."""
    outlive_readers()
    _or_exit(check_home)
    _or_exit(check_current_folder)
    from tuning.engine.cluster.termination import ending_in_order, ignore_signals
    from tuning.engine.runner import run as run_study
    from tuning.study import load

    loaded = _or_exit(lambda: load(study, name))
    console = Console()
    errors = Console(stderr=True)
    folder = storage.absolute() / loaded.name
    try:
        with ending_in_order():
            outcome = _or_exit(
                lambda: run_study(
                    loaded, tracking_uri=tracking_uri, storage=storage, address=address, fresh=fresh, console=console
                )
            )
    except KeyboardInterrupt:
        ignore_signals()
        with kept_in(folder):
            say(_INTERRUPTED)
        errors.print(_INTERRUPTED, highlight=False)
        sys.exit(130)
    results = f"Results: python -m analysis report {loaded.name}{_store_option(tracking_uri)}"
    every_run = None if outcome.page is None else f"Every run: {outcome.page}"
    with kept_in(folder):
        for problem in outcome.problems:
            say(f"problem: {problem}")
            errors.print(f"[red]problem:[/] {escape(problem)}", highlight=False, soft_wrap=True)
        for line in (outcome.stored, every_run, results):
            if line is not None:
                say(line)
                console.print(escape(line), highlight=False, soft_wrap=True)
    sys.exit(1 if outcome.problems else 0)


@app.command()
def replay(
    study: StudyArgument,
    tracking_uri: TrackingOption = None,
    storage: StorageOption = Path("results"),
) -> None:
    """Send to the store what it has missed, without running anything."""
    from tuning.engine.state.folder import StudyFolder
    from tuning.store import replay as replay_journal
    from tuning.study import load

    # A study that has run is known by its name, though its file may be gone or be on another machine.
    name = _or_exit(lambda: load(study)).name if "/" in study or study.endswith((".yaml", ".yml")) else study
    folder = StudyFolder(storage.absolute() / name)
    with Console(stderr=True).status("sending"):
        report, news = _or_exit(lambda: replay_journal(name, tracking_uri, folder.path, folder.stored()))
    put("".join(f"{line}\n" for line in news))
    put(f"{report}\n")
    sys.exit(0 if report.complete else 1)


for command in job_commands.COMMANDS:
    app.command()(command)


@app.command("coordinate-check")
def check_coordinates(
    condition: Annotated[
        str,
        typer.Option(
            help="A condition of the study by name, or one as a study file holds it: "
            "'{regularizer: none, optimizer: muon, initialization: mup, learning_rate: 0.05}'."
        ),
    ],
    study: Annotated[str, typer.Option(help="Gives data set, batch size and ranges: a shipped name or a file.")] = (
        "quickstart"
    ),
    family: Annotated[str, typer.Option(help="mlp or resnet: the study's first of them, its width changed.")] = "mlp",
    widths: Annotated[
        str | None, typer.Option(help="By default 64,128,256,512,1024, and 8,16,32,64 for a resnet.")
    ] = None,
    steps: Annotated[int, typer.Option(min=1, help="Taken on one batch, at a constant learning rate.")] = 5,
    seeds: Annotated[int, typer.Option(min=1, help="Of initialization and batch.")] = 3,
    learning_rate: Annotated[
        float | None, typer.Option(help="Instead of the condition's; a too large one shows most.")
    ] = None,
    picture: Annotated[Path, typer.Option(help="Where it is drawn: .png, .svg or .pdf.")] = Path(
        "coordinate-check.png"
    ),
) -> None:
    """Train a few steps at several widths, and show whether activations stay the same size in all of them."""
    from tuning.study import load
    from tuning.study.widths import at_widths, read_condition_text, read_widths
    from tuning.trial.coordinate_check import coordinate_check
    from tuning.trial.coordinate_view import as_table, draw, sentence

    trials = _or_exit(
        lambda: at_widths(
            load(study),
            read_condition_text(condition),
            family=family,
            widths=read_widths(widths),
            seeds=seeds,
            learning_rate=learning_rate,
        )
    )
    coordinates = _or_exit(lambda: coordinate_check(trials, steps))
    first = next(iter(trials.values()))[0]
    title = f"{family}, {first.optimizer.name}, learning rate {first.training.learning_rate:.3g}, condition {condition}"
    console = Console()
    show(as_table(coordinates), console=console)
    console.print(f"\n{title}\n{sentence(coordinates)}", highlight=False, soft_wrap=True, markup=False)
    _or_exit(lambda: draw(coordinates, picture, title))
    console.print(f"Picture: {picture}", highlight=False, soft_wrap=True, markup=False)


def _check_speed(timed: bool, tflops: float | None) -> None:
    """See that hours are estimated in one way.

    Raises:
        ValueError: where a speed is stated and timed, or is none.
    """
    if timed and tflops is not None:
        raise ValueError("hours are estimated from --time or from --tflops, got both; leave one out")
    if tflops is not None and not (0 < tflops < float("inf")):
        raise ValueError(f"--tflops must be above 0, got {tflops}; e.g. 30 for a GPU that sustains 30·10¹² a second")


def _store_option(tracking_uri: str | None) -> str:
    """Return the option that names the store, where it is not the reader's own: a job's environment is not theirs."""
    if tracking_uri is None and not os.environ.get(IN_A_JOB):
        return ""
    from tuning.store import hide_password, resolve_tracking_uri

    return f" --tracking-uri {hide_password(resolve_tracking_uri(tracking_uri))}"


def _or_exit(step: Callable[[], T]) -> T:
    """Return what the step returns; a mistake of the user's ends in its one line, with exit code 2."""
    with one_line_errors():
        return step()


if __name__ == "__main__":
    app(prog_name="python -m tuning")
