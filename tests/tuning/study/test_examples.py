"""The example studies are what the documentation says."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from regularizers import REGULARIZERS
from tests.tuning.study.examples import EXAMPLES
from tuning.__main__ import app
from tuning.engine.preflight import check_study
from tuning.study import load


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_a_study_of_its_files_name(path: Path) -> None:
    assert load(str(path)).name == path.stem


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_plan_of_an_example_is_shown_without_its_data(path: Path) -> None:
    result = CliRunner().invoke(app, ["plan", str(path)])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("name", "architectures", "epochs"),
    [
        ("proposal", ["mlp-medium", "mlp-large", "resnet-medium", "resnet-large"], 200),
        ("proposal-small", ["mlp-small", "resnet-small"], 3),
    ],
)
def test_the_proposals_studies_ask_its_question_of_every_architecture(name, architectures, epochs) -> None:
    example = load(name)
    assert [architecture.name for architecture in example.architectures] == architectures
    assert [condition.regularizer for condition in example.conditions.values()] == [
        *("none", "weight_decay", "spectral_normalization", "spectral_norm_scaling")
    ]
    assert (example.training.epochs, example.confirm.seeds, example.search.algorithm) == (epochs, 5, "sobol")
    assert example.search.early_stopping.name == "none"
    assert example.search.trials >= 8
    assert not example.search.trials & (
        example.search.trials - 1
    )  # a power of two, at which Sobol' draws are most even


def test_a_shipped_study_looks_for_its_images_where_it_is_called_and_says_so(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=f"got {tmp_path}/cifar10-images; mend its path .a relative one begins in the"):
        check_study(load("proposal-small"))


def test_a_plan_refuses_a_condition_that_finds_no_weight(tmp_path: Path) -> None:
    text = EXAMPLES[-1].read_text().replace("where: [hidden, conv]", "where: [conv]")
    (tmp_path / "every-regularizer.yaml").write_text(text)
    result = CliRunner().invoke(app, ["plan", str(tmp_path / "every-regularizer.yaml")])
    assert result.exit_code == 2
    assert "where must match a weight, got conv; this model has first, hidden, head: name one" in result.output


def test_one_example_has_every_regularizer() -> None:
    (path,) = [path for path in EXAMPLES if path.stem == "every-regularizer"]
    used = {type(cell.settings("tune", 0, cell.draw(0)).regularizer) for cell in load(str(path)).cells}
    missing = {name: kind.example for name, kind in REGULARIZERS.items() if kind not in used}
    if missing:  # a method is whole without its line here, by which users find it
        pytest.skip(f"{path.name} shows no {missing}: give each a condition there")
