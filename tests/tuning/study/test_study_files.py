"""From a name or a path to a study, and what a file that is none is refused with."""

import re

import pytest
import yaml

from tests.tuning.studies import tiny
from tuning.settings import LogUniform
from tuning.study import load, shipped

FILES = {
    "tag": ("name: !!python/object/apply:os.system [ls]", "plain data"),
    "list": ("- a\n- b", "must hold a mapping"),
    "empty": ("", "must hold a mapping"),
    "key twice": ("name: a\nname: b", "given twice"),
    "broken": ("name: [", "must be YAML"),
    "bytes": (b"\xff\xfe\x00", "readable text"),
    "typed nonsense": ("name: !!bool abc", "plain data"),
    "alias bomb": ("a: &a [x]\nb: [*a, *a]\nname: b", r"aliases \(\*a\) are not read"),
}


@pytest.mark.parametrize(("content", "message"), FILES.values(), ids=FILES)
def test_a_file_that_is_no_study_is_refused_in_one_line(tmp_path, content, message):
    path = tmp_path / "study.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=message) as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_what_is_no_yaml_is_told_by_line_column_and_reason_without_the_text_around_it(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text("name: a\nsearch: {trials: 3\nconfirm: {seeds: 5}\n")
    with pytest.raises(ValueError, match="must be YAML") as caught:
        load(path)
    assert str(caught.value) == (
        f"{path} must be YAML of plain data: line 3, column 8: expected ',' or '}}', but got ':', "
        "while parsing a flow mapping begun in line 2, column 9"
    )


def test_an_unknown_name_is_refused_with_the_nearest_shipped_study():
    with pytest.raises(ValueError, match=re.escape("(did you mean 'quickstart'?)")):
        load("quickstrat")


@pytest.mark.parametrize("suffix", [".yaml", ".yml"])
def test_a_name_without_the_suffix_of_a_file_that_is_there_is_told_the_file(tmp_path, monkeypatch, suffix):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    for name in ("quick-start", "mine/study"):
        (tmp_path / f"{name}{suffix}").write_text("")
        with pytest.raises(ValueError, match=rf"got '?{name}'? .did you mean '{name}{suffix}'") as caught:
            load(name)
        assert str(caught.value).count("did you mean") == 1


def test_a_missing_file_is_refused():
    with pytest.raises(ValueError, match="must exist"):
        load("studies/none.yaml")


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_study_loads_and_bears_the_name_of_its_file(name):
    shipped_study = load(name)
    assert shipped_study.name == name
    assert shipped_study.description


def test_numbers_without_a_point_are_numbers(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(tiny()).replace("0.001", "1e-3"))
    assert "1e-3" in path.read_text()
    assert load(path).cells[0].space["training.learning_rate"] == LogUniform(1e-3, 1e-1)
