"""The command line: ``python -m analysis {report,compare,export} STUDY``, ``python -m analysis spectra CHECKPOINT``."""

import re
import sys
import tempfile
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

import analysis.own_packages  # ruff: ignore[unused-import]  # before the next import of ours
from analysis.findings.compare import Comparison, comparison
from analysis.notation import count
from analysis.page.report import Report, report
from analysis.page.summaries import write_summaries
from analysis.tables.export import ExportFormat, export
from analysis.tables.joined import load_joined
from analysis.tables.study_tables import Tables
from analysis.words.basis import study_remarks
from analysis.writing.beside import sheets_beside
from analysis.writing.comparison_sheet import comparison_rows
from analysis.writing.printed import as_text, on_terminal
from tuning.command_line import OneLineGroup, one_line_errors, put, show
from tuning.sheets import csv
from tuning.sheets.format import Format
from tuning.sheets.sheet import Sheet

app = typer.Typer(
    cls=OneLineGroup,
    help="From stored results to answers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # what a user can cause is one line; what we cause is a plain traceback
)


class View(StrEnum):
    """The linear map that a convolution's kernel is seen as."""

    FLAT = "flat"
    CIRCULAR = "circular"
    PADDED = "padded"


Studies = Annotated[
    list[str],
    typer.Argument(metavar="STUDY...", help="The study's name, as in its file; several that fit are read as one."),
]
TrackingUri = Annotated[
    str | None,
    typer.Option(help="MLflow store; default MLFLOW_TRACKING_URI, else sqlite:///mlflow.db."),
]
How = Annotated[Format, typer.Option("--format", help="How the comparison is printed.")]


@app.command("report")
def report_command(
    study: Studies,
    tracking_uri: TrackingUri = None,
    out: Annotated[Path | None, typer.Option(help="The page; default results/STUDY/report.html.")] = None,
    tables_to: Annotated[
        Path | None, typer.Option("--tables", help="A folder for all tables of the page, each as a CSV file.")
    ] = None,
    how: How = Format.TABLE,
) -> None:
    """Print the comparison, write the HTML page, and store it in MLflow with a summary run for each cell."""
    with one_line_errors():
        tables = _read(study, tracking_uri)
        compared = comparison(tables)
        written = report(tables, compared)
        page = Path("results") / tables.study / "report.html" if out is None else out
        _write(page, written.html)
        print(f"Report: {page}", file=sys.stderr)
        if tables_to is not None:
            _write_tables(tables_to, compared, [*written.sections.sheets, *written.sheets])
        if len(study) == 1:  # a summary run stands in its study's experiment
            _summarize(tables, written)
        _print(compared, written.sheets, how)
        _end(tables)


@app.command("compare")
def compare_command(study: Studies, tracking_uri: TrackingUri = None, how: How = Format.TABLE) -> None:
    """Print the comparison of all conditions on all architectures."""
    with one_line_errors():
        tables = _read(study, tracking_uri)
        _print(comparison(tables), sheets_beside(tables), how)
        _end(tables)


@app.command("export")
def export_command(
    study: Studies,
    tracking_uri: TrackingUri = None,
    out: Annotated[Path | None, typer.Option(help="The folder; default results/STUDY/export.")] = None,
    how: Annotated[ExportFormat, typer.Option("--format", help="How tables are written.")] = ExportFormat.PARQUET,
    spectra: Annotated[bool, typer.Option("--spectra", help="Also one row a singular value, which are many.")] = False,
) -> None:
    """Write tidy tables of runs, epochs and layers, for one's own notebook."""
    with one_line_errors():
        tables = _read(study, tracking_uri)
        folder = Path("results") / tables.study / "export" if out is None else out
        for name, rows in export(tables, folder, how, spectra=spectra).items():
            put(f"{folder / name}: {count(rows, 'row')}\n")
        _end(tables)


@app.command("spectra")
def spectra_command(
    checkpoint: Annotated[
        str,
        typer.Argument(
            help="A file of torch.save, safetensors or npz, an index of shards, or a folder with one; or a network's "
            "name (random weights): resnet34."
        ),
    ],
    model: Annotated[str | None, typer.Option(help="The network whose state dict the file holds: resnet34.")] = None,
    image: Annotated[str | None, typer.Option("--input", metavar="CxHxW", help="The network's input: 3x32x32.")] = None,
    view: Annotated[View, typer.Option(help="What a kernel is seen as; all but flat need a network.")] = View.FLAT,
    key: Annotated[str | None, typer.Option(help="The file's entry that holds the network, of several.")] = None,
    out: Annotated[Path | None, typer.Option(help="An HTML page with the table and a picture.")] = None,
    how: Annotated[Format, typer.Option("--format", help="How the table is printed.")] = Format.TABLE,
) -> None:
    """Measure the weights of a saved state dict, or of a network by name."""
    with one_line_errors():
        from analysis import spectra  # torch is imported where weights are measured, and by no other command

        with Console(stderr=True).status("measuring"):
            measured = spectra.spectra(checkpoint, model=model, image=_image(image), view=view, key=key)
        if how is Format.TABLE:
            console = Console()
            show(spectra.on_terminal(measured, console), console=console)
        else:
            put(spectra.as_text(measured, how))
            if how is Format.CSV:
                print(*measured.remarks, sep="\n", file=sys.stderr)
        if out is not None:
            _write(out, spectra.page(measured))
            print(f"Page: {out}", file=sys.stderr)


def _read(studies: Sequence[str], tracking_uri: str | None) -> Tables:
    """Read studies as one, and say what there is to say of that.

    Raises:
        ValueError: as `load_joined` does.
    """
    tables = load_joined(studies, tracking_uri)
    for remark in study_remarks(tables):
        print(remark, file=sys.stderr)
    return tables


def _end(tables: Tables) -> None:
    """Say last, when all else is written, which files of runs could not be read.

    Raises:
        typer.Exit: there are some.
    """
    lost = tables.lost
    if lost:
        print(*lost, sep="\n", file=sys.stderr)
        raise typer.Exit(1)


def _image(text: str | None) -> tuple[int, int, int] | None:
    """Read the shape of an image.

    Raises:
        ValueError: if the text is not three whole numbers.
    """
    if text is None:
        return None
    read = re.fullmatch(r"([1-9]\d{0,5})x([1-9]\d{0,5})x([1-9]\d{0,5})", text, re.ASCII)
    if read is None:
        raise ValueError(f"--input must be CHANNELSxHEIGHTxWIDTH, got {text!r}; give e.g. 3x32x32")
    return int(read[1]), int(read[2]), int(read[3])


def _write(page: Path, html: str) -> None:
    """Write the page, and its folder where it is new.

    Raises:
        ValueError: if the page cannot be written there.
    """
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(html, encoding="utf-8")
    except OSError as error:
        raise ValueError(f"--out must be a file that can be written, got {str(page)!r}: {error.strerror}") from None


def _write_tables(folder: Path, compared: Comparison, beside: Sequence[Sheet]) -> None:
    """Write the comparison and every other table of the page as CSV.

    Raises:
        ValueError: if a table cannot be written there.
    """
    texts = {
        "comparison": csv.rows(comparison_rows(compared)),
        **{sheet.name: csv.written(sheet) for sheet in beside},
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ValueError(f"--tables must be a folder that can be written to, got {str(folder)!r}: {reason}") from None
    print(f"Tables: {folder}", file=sys.stderr)


def _print(compared: Comparison, beside: Sequence[Sheet], how: Format) -> None:
    """Print the comparison and what stands beside it; CSV is one table, so there the rest is only named."""
    if how is Format.TABLE:
        console = Console()
        show(on_terminal(compared, beside, console), console=console)
        return
    put(as_text(compared, beside, how))
    if how is Format.CSV:
        for sheet in beside:
            print(f"Not in this file: {sheet.title} --format markdown has it.", file=sys.stderr)


def _summarize(tables: Tables, written: Report) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = {
            "report.html": written.html.encode(),
            **{f"{picture.name}.svg": picture.svg for picture in written.drawn},
        }
        paths = [Path(folder) / name for name in files]
        for path in paths:
            path.write_bytes(files[path.name])
        number = write_summaries(tables, paths)
    print(
        f"MLflow: {count(number, 'summary run')} of cells, and one of all with the report, tagged phase=summary",
        file=sys.stderr,
    )


if __name__ == "__main__":
    app(prog_name="python -m analysis")
