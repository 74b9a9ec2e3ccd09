"""The example studies are what the documentation says."""

from pathlib import Path

import pytest

from regularizers import REGULARIZERS
from tuning.study import load

EXAMPLES = sorted((Path(__file__).parents[2] / "docs" / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_a_study_of_its_files_name(path: Path) -> None:
    assert load(str(path)).name == path.stem


def test_one_example_has_every_regularizer() -> None:
    (path,) = [path for path in EXAMPLES if path.stem == "every-regularizer"]
    used = {type(cell.settings("tune", 0, cell.draw(0)).regularizer) for cell in load(str(path)).cells}
    assert used == set(REGULARIZERS.values())
