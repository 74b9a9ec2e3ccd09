"""What the documented commands write into a checkout is no change of it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.blocks import blocks
from tests.root import ROOT

WRITTEN = re.compile(r"(?:--out|--save|ln -s \S+|torch\.save|spectra) ([\w-]+(?:\.(?:html|json|pt))?)(?=\s)")
ALWAYS = ("results/quickstart/report.html", "mlflow.db", "mlflow.db-journal", "mlartifacts/1", "coordinate-check.png")


def documented() -> set[str]:
    """The files that commands in the documentation name, networks' names left out."""
    named = {name for block in blocks("sh") for name in WRITTEN.findall(block.text)}
    return {name for name in named if "." in name or name == "cifar10-images"}


@pytest.mark.skipif(shutil.which("git") is None, reason="git says what it ignores")
def test_git_ignores_what_the_documented_commands_leave(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    shutil.copy(ROOT / ".gitignore", tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "cifar10-images").symlink_to(tmp_path / "elsewhere")
    left = {*documented(), *ALWAYS}
    assert {"cifar10-images", "spectra.html", "weights.pt", "measured.json"} <= left
    ignored = subprocess.run(
        ["git", "check-ignore", *sorted(left)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert set(ignored.stdout.split()) == left
