"""Facts about how the two command lines end, whatever is wrong with what they are told or where they print."""

import io
import os
import sys
from pathlib import Path

import pytest
import typer
from rich.console import Console
from rich.text import Text
from typer.main import get_command
from typer.testing import CliRunner

from analysis.__main__ import app as analysis
from tuning.__main__ import app as tuning
from tuning.command_line import OneLineGroup, put, say_error, show


@pytest.mark.parametrize(
    ("app", "arguments", "message"),
    [
        (tuning, "nope", "no such command 'nope'; tuning --help says what there is"),
        (tuning, "lists", "no such command 'lists'. Did you mean 'list'? tuning --help says what there is"),
        (tuning, "plan", "missing argument 'STUDY'; tuning plan --help says what there is"),
        (tuning, "plan quickstart --cpus 0", "invalid value for '--cpus': Input should be greater than or equal to 1;"),
        (
            tuning,
            "plan quickstart --format bad",
            "'--format': 'bad' is not one of 'table', 'markdown', 'latex', 'csv'; tuning",
        ),
        (tuning, "plan quickstart --tflops -1", "--tflops must be above 0, got -1.0"),
        (tuning, "plan quickstar", "got 'quickstar' (did you mean 'quickstart'?)"),
        (tuning, "coordinate-check", "missing option '--condition'; tuning coordinate-check --help"),
        (analysis, "spectr a", "Did you mean 'spectra'? analysis --help"),
        (analysis, "spectra", "missing argument 'checkpoint'; analysis spectra --help says what there is"),
        (analysis, "spectra a --view bad", "'--view': 'bad' is not one of 'flat', 'circular', 'padded'; analysis"),
        (analysis, "spectra a --view", "option '--view' requires an argument"),
        (analysis, "spectra a b", "got unexpected extra argument(s) (b)"),
        (analysis, "spectra a --nope", "no such option: --nope"),
        (analysis, "compare x --format bad", "'bad' is not one of 'table', 'markdown', 'latex', 'csv'; analysis"),
        (analysis, "report", "missing argument 'STUDY...'; analysis report --help"),
    ],
)
def test_a_mistake_in_the_arguments_is_one_line_and_exit_code_2(app, arguments, message):
    name = "tuning" if app is tuning else "analysis"
    result = CliRunner().invoke(app, arguments, prog_name=name)
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    assert message in line


@pytest.mark.parametrize("app", [tuning, analysis])
def test_no_command_at_all_shows_the_help(app):
    result = CliRunner().invoke(app, [])
    assert (result.exit_code, result.stderr) == (2, "")
    assert "Usage: " in result.stdout


def test_an_error_is_one_printable_line_whatever_is_in_it(capsys):
    say_error("[red]a\nb[/] \x1b[31m \ud800 [mlp-small]\\")
    assert capsys.readouterr().err == "error: [red]a b[/] \\x1b[31m \\ud800 [mlp-small]\\\n"


@pytest.fixture
def printing_to(monkeypatch):
    """Lead standard output to a file, as a shell does."""
    opened = []

    def lead(descriptor, **settings):
        file = os.fdopen(descriptor, "w", **settings)
        opened.append(file)
        monkeypatch.setattr(sys, "stdout", file)
        return file

    yield lead
    for file in opened:
        file.close()  # which writes what is left, and must not fail


def nobody_reading():
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def table_of_text(text):
    show(Text(text), console=Console())


WAYS = pytest.mark.parametrize("way", [put, table_of_text])
FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")


@needs_full
@WAYS
def test_a_full_disk_is_one_line_and_exit_code_2(printing_to, capsys, way):
    printing_to(os.open(FULL, os.O_WRONLY))
    with pytest.raises(typer.Exit) as end:
        way("text\n")
    assert end.value.exit_code == 2
    assert capsys.readouterr().err == (
        "error: what is printed must be written somewhere, got 'No space left on device'; print to another place\n"
    )


@WAYS
def test_where_nobody_reads_on_the_command_does_what_else_it_does(printing_to, capsys, way):
    printing_to(nobody_reading())
    way("text\n")
    way("more\n")
    assert capsys.readouterr().err == ""


@WAYS
def test_an_output_without_the_letters_is_one_line_with_the_cure(printing_to, capsys, tmp_path, way):
    printing_to(os.open(tmp_path / "out.txt", os.O_WRONLY | os.O_CREAT), encoding="ascii")
    with pytest.raises(typer.Exit):
        way("σ\n")
    assert capsys.readouterr().err == (
        r"error: what is printed must be written in UTF-8, got ascii, which has no '\u03c3'; set PYTHONIOENCODING=utf-8"
        "\n"
    )


@WAYS
def test_what_is_printed_arrives_whole(monkeypatch, way):
    file = io.StringIO()
    monkeypatch.setattr(sys, "stdout", file)
    way("a [b] σ\n")
    assert file.getvalue().rstrip("\n") == "a [b] σ"


@needs_full
@pytest.mark.parametrize("arguments", [["list"], ["plan", "quickstart"], ["plan", "quickstart", "--format", "csv"]])
def test_a_command_of_tuning_that_cannot_print_ends_with_2(printing_to, capsys, arguments):
    printing_to(os.open(FULL, os.O_WRONLY))
    with pytest.raises(SystemExit) as end:
        get_command(tuning).main(arguments, prog_name="tuning")
    assert end.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_mistake_of_ours_is_no_mistake_of_the_users():
    app = typer.Typer(cls=OneLineGroup)

    @app.command()
    def broken() -> None:
        raise KeyError("ours")

    @app.command()
    def fine() -> None:
        pass

    assert isinstance(CliRunner().invoke(app, ["broken"]).exception, KeyError)
    assert CliRunner().invoke(app, ["fine"]).exit_code == 0
