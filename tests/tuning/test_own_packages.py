"""Both command lines, and Ray's workers, where a user has packages of the same names: installed in both ways."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from tests.root import ROOT
from tests.tuning.studies import SHORT, tiny

pytest.importorskip("setuptools.build_meta", reason="a wheel is built by setuptools")
PACKAGES = ("regularizers", "models", "tuning", "analysis")
PLAIN = [sys.executable, "-m"]
# What the installed script does: Python puts the script's own folder first, and not the current one.
SCRIPT = [sys.executable, "-P", "-c", "import sys; from spectune import main; sys.exit(main())"]
# What site does when Python starts, for our wheel alone: no other installation of these packages is seen.
SITE = """
import site, sys
sys.meta_path[:] = [one for one in sys.meta_path if not getattr(one, "__module__", "").startswith("__editable__")]
for name in [name for name in sys.modules if name.startswith("__editable__")]:
    del sys.modules[name]
sys.path.insert(0, {folder!r})  # its finder has the same name as that of another editable installation
site.addsitedir({folder!r})
sys.path.append(sys.path.pop(0))
"""


@pytest.fixture(scope="module", params=["wheel", "editable"])
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a Python that has these packages installed in one way or the other."""
    folder = tmp_path_factory.mktemp(request.param)
    checkout, site = folder / "checkout", folder / "site"
    for name in PACKAGES:
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "spectune.py"):
        shutil.copy(ROOT / name, checkout)
    build = f"from setuptools import build_meta; print(build_meta.build_{request.param}({str(folder)!r}))"
    done = subprocess.run([sys.executable, "-c", build], cwd=checkout, capture_output=True, text=True, check=True)
    zipfile.ZipFile(folder / done.stdout.splitlines()[-1]).extractall(site)
    (folder / "start").mkdir()
    (folder / "start" / "sitecustomize.py").write_text(SITE.format(folder=str(site)))
    quiet = {name: value for name, value in os.environ.items() if name not in {"RAY_ADDRESS", "MLFLOW_TRACKING_URI"}}
    return {**quiet, "PYTHONPATH": str(folder / "start"), "COLUMNS": "100"}


def called(arguments: list[str], folder: Path, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def with_packages(folder: Path, *names: str) -> Path:
    """Put packages into a folder that nobody may import."""
    for name in names:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("raise RuntimeError('not ours')\n")
    return folder


def test_the_commands_work_where_the_user_has_packages_of_these_names(tmp_path, installed):
    with_packages(tmp_path, "models", "regularizers", "analysis")
    done = called([*PLAIN, "tuning", "list"], tmp_path, installed)
    assert done.returncode == 0, done.stderr
    assert "quickstart" in done.stdout


def test_what_reads_results_works_where_the_user_has_packages_of_these_names(tmp_path, installed):
    with_packages(tmp_path, "models", "regularizers", "tuning")
    done = called([*PLAIN, "analysis", "report", "nope"], tmp_path, installed)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert done.stderr.startswith("error: ")


def test_the_installed_command_works_where_the_user_has_packages_of_these_names(tmp_path, installed):
    own = with_packages(tmp_path, "models", "regularizers", "analysis", "tuning")
    environment = installed | {"PYTHONPATH": f"{own}{os.pathsep}{installed['PYTHONPATH']}"}
    done = called([*SCRIPT, "list"], tmp_path, environment)
    assert done.returncode == 0, done.stderr
    assert "quickstart" in done.stdout
    done = called([*SCRIPT, "analysis", "report", "nope"], tmp_path, environment)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert done.stderr.startswith("error: ")


def test_folders_that_are_no_packages_are_not_taken_for_ours(tmp_path, installed):
    for name in ("models", "regularizers", "analysis"):
        (tmp_path / name).mkdir()
    done = called([*PLAIN, "tuning", "plan", "quickstart", "--format", "csv"], tmp_path, installed)
    assert done.returncode == 0, done.stderr


def test_packages_on_the_python_path_are_not_taken_for_ours(tmp_path, installed):
    own = with_packages(tmp_path, "models", "regularizers")
    environment = installed | {"PYTHONPATH": f"{own}{os.pathsep}{installed['PYTHONPATH']}"}
    done = called([*PLAIN, "tuning", "list"], Path.home(), environment)
    assert done.returncode == 0, done.stderr


def test_a_library_that_is_imported_leaves_the_users_own_packages_alone(tmp_path, installed):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "__init__.py").write_text("MINE = True\n")
    code = "import analysis.tables.study_tables, models; print(models.MINE)"
    assert called([sys.executable, "-c", code], tmp_path, installed).stdout == "True\n"


def test_a_study_is_refused_where_its_workers_would_find_another_tuning(tmp_path, installed):
    with_packages(tmp_path, "tuning")
    done = called([sys.executable, "-P", "-m", "tuning", "run", "quickstart"], tmp_path, installed)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "Ray's workers look for packages in the current folder first" in done.stderr


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.parametrize("command", [[*PLAIN, "tuning"], SCRIPT], ids=["module", "command"])
def test_a_study_runs_where_the_user_has_packages_of_these_names(tmp_path, installed, command):
    with_packages(tmp_path, "models", "regularizers", "analysis")
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(tiny(**SHORT)))
    done = called([*command, "run", "study.yaml"], tmp_path, installed)
    assert done.returncode == 0, done.stdout + done.stderr
