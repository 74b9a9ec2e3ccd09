"""What an installation brings: the command, the types, and all that is imported."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from typer.main import get_group

import analysis.__main__
import spectune
import tuning.__main__
from tests.root import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PACKAGES = ("regularizers", "models", "tuning", "analysis")
HEAVY = ("torch", "ray", "mlflow", "optuna", "pandas", "matplotlib", "numpy", "pydantic", "yaml")


def distribution(requirement: str) -> str:
    name = re.match(r"[\w.-]+", requirement)
    assert name is not None
    return plainly(name[0])


def plainly(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(folder: Path) -> Iterator[tuple[str, Path]]:
    """The top-level names that a folder's files import, from outside the standard library and this repository."""
    ours = {*PACKAGES, "spectune", "benchmarks", "tests", "docs"}
    for path in [folder] if folder.is_file() else folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [each.name for each in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for name in {name.partition(".")[0] for name in names} - ours - sys.stdlib_module_names:
                yield name, path


@pytest.mark.parametrize(
    ("folders", "extras"),
    [
        ((*PACKAGES, "spectune.py"), ()),
        (("docs",), ("docs",)),
        (("benchmarks", "tests"), ("dev", "docs", "server", "benchmarks")),
    ],
)
def test_what_is_imported_is_declared(folders: tuple[str, ...], extras: tuple[str, ...]) -> None:
    optional = PROJECT["optional-dependencies"]
    declared = {
        distribution(requirement)
        for requirement in (*PROJECT["dependencies"], *(d for extra in extras for d in optional[extra]))
    }
    by_module = packages_distributions()
    for folder in folders:
        for name, path in imported(ROOT / folder):
            brought_by = {plainly(each) for each in by_module.get(name, [name])}
            assert brought_by & declared, f"{path.relative_to(ROOT)} imports {name}, of {brought_by}: declare it"


def test_help_of_the_command_imports_nothing_heavy() -> None:
    code = (
        "import sys, spectune\n"
        "try: spectune.command()(['--help'], prog_name='spectune')\n"
        "except SystemExit: pass\n"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "Usage: spectune" in done.stdout
    assert done.stderr == "[]\n"


def test_the_command_has_every_command_of_both_packages() -> None:
    own = spectune.command().commands
    assert [*own] == [*get_group(tuning.__main__.app).commands, "analysis"]
    assert own["analysis"].help == get_group(analysis.__main__.app).help


@pytest.mark.parametrize("command", ["report", "compare", "export", "spectra"])
def test_help_names_the_command_as_it_was_called(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        spectune.command()(["analysis", command, "--help"], prog_name="spectune")
    assert f"Usage: spectune analysis {command} [OPTIONS]" in " ".join(capsys.readouterr().out.split())


def test_a_mistake_below_analysis_is_told_in_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "spectune", "analysis", "report", "quickstart", "--fromat", "csv"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert done.stderr.endswith("spectune analysis report --help says what there is\n")


def test_packages_carry_their_types() -> None:
    assert [name for name in PACKAGES if not (ROOT / name / "py.typed").exists()] == []


def test_whoever_cites_names_the_version_that_is_installed() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= set(cited)
    assert cited["version"] == PROJECT["version"]
    assert f"## {PROJECT['version']}\n" in (ROOT / "CHANGELOG.md").read_text()


def test_no_licence_is_claimed() -> None:
    assert "license" not in PROJECT
    assert not [classifier for classifier in PROJECT["classifiers"] if classifier.startswith("License")]
