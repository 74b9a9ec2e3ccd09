"""The example studies are what the documentation says."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from regularizers import REGULARIZERS
from tuning.__main__ import app
from tuning.study import load

EXAMPLES = sorted((Path(__file__).parents[2] / "docs" / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_a_study_of_its_files_name(path: Path) -> None:
    assert load(str(path)).name == path.stem


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_plan_of_an_example_is_shown_without_its_data(path: Path) -> None:
    result = CliRunner().invoke(app, ["plan", str(path)])
    assert result.exit_code == 0, result.output


def test_a_plan_refuses_a_condition_that_finds_no_weight(tmp_path: Path) -> None:
    text = EXAMPLES[-1].read_text().replace("where: [hidden, conv]", "where: [conv]")
    (tmp_path / "every-regularizer.yaml").write_text(text)
    result = CliRunner().invoke(app, ["plan", str(tmp_path / "every-regularizer.yaml")])
    assert result.exit_code == 2
    assert "where must match a weight, got conv; this model has first, hidden, head: name one" in result.output


def test_one_example_has_every_regularizer() -> None:
    (path,) = [path for path in EXAMPLES if path.stem == "every-regularizer"]
    used = {type(cell.settings("tune", 0, cell.draw(0)).regularizer) for cell in load(str(path)).cells}
    assert used == set(REGULARIZERS.values())
