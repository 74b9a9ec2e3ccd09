"""Whatever a study file holds, it is a study or one line that says why not; nothing else happens."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.root import ROOT
from tests.tuning.studies import tiny
from tuning.study import Study, load, parse_study, shipped
from tuning.study.reading import read

EXAMPLES = 2500
EVERY = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)

SHIPPED = [
    yaml.safe_load(path.read_text())
    for path in (*shipped().values(), *sorted((ROOT / "docs" / "examples").glob("*.yaml")))
]
WORDS = st.sampled_from([
    *("adam", "sgd", "muon", "scion", "none", "weight_decay", "combined", "spectral_norm_scaling", "matched"),
    *("log_uniform", "uniform", "choice", "int_uniform", "sobol", "tpe", "gp", "cmaes", "grid", "nsga2", "asha"),
    *("digits", "image-folder", "../../etc", "/etc/passwd", "a/b", "..", "con__firm", "!!python/object", "é" * 60),
    *("learning_rate", "strength", "regularizer", "parts", "every", "epochs", "constant", "mlp-small"),
])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 1, 2, 10**9, 2**63, 10**400, 1e-320, 1e308, float("nan"), float("inf"), -0.0]),
    st.floats(),
    st.text(max_size=20),
    WORDS,
)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(WORDS, st.text(max_size=8)), inner, max_size=4)
    ),
    max_leaves=12,
)


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    pairs = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(place for key, value in pairs for place in places(value, (*path, key)))]


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A study that is sound but for one to three places: another value, one less, one more, a name misspelt."""
    data = copy.deepcopy(draw(st.sampled_from([tiny(), *SHIPPED])))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(data)))
        if not path:
            continue
        parent = data
        for key in path[:-1]:
            parent = parent[key]
        match draw(st.sampled_from(["replace", "replace", "delete", "rename", "add"])):
            case "replace":
                parent[path[-1]] = draw(DATA)
            case "delete":
                del parent[path[-1]]
            case "rename" if isinstance(parent, dict):
                parent[draw(st.one_of(WORDS, st.text(max_size=60)))] = parent.pop(path[-1])
            case "add" if isinstance(parent, dict):
                parent[draw(WORDS)] = draw(DATA)
    return data


def is_a_study_or_one_line(read_it: Any) -> None:
    try:
        found = read_it()
    except ValueError as error:
        line = str(error)
        assert line
        assert "\n" not in line
        assert len(line) < 10_000
    else:
        assert isinstance(found, Study)
        assert found.cells


@EVERY
@given(damaged())
def test_a_damaged_study_is_a_study_or_one_line(data: Any) -> None:
    def parsed() -> Study:
        if not isinstance(data, dict):
            raise ValueError("no mapping")
        return parse_study(data, "study.yaml")

    is_a_study_or_one_line(parsed)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzzed") / "study.yaml"


@EVERY
@given(
    st.one_of(
        damaged().map(lambda data: yaml.safe_dump(data).encode()),
        DATA.map(lambda data: yaml.safe_dump(data).encode()),
        st.binary(max_size=200),
        st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    ),
    st.integers(0, 10**9),
    st.sampled_from([
        b"",
        b"\x00",
        b"&a [*a]",
        b"*a",
        b"!!python/object/apply:os.system [touch harm]",
        b"%TAG",
        b"{",
        b"\t",
        b"- ",
    ]),
)
def test_a_file_of_anything_is_a_study_or_one_line_and_does_nothing(
    file: Path, content: bytes, place: int, poison: bytes
) -> None:
    place %= len(content) + 1
    file.write_bytes(content[:place] + poison + content[place:])
    is_a_study_or_one_line(lambda: read(file))
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert not Path("harm").exists()


@pytest.mark.parametrize("text", ["", "[]" * 3000, "[" * 3000, "{a: " * 3000, "? " * 3000, "a" * 10**6])
def test_deep_and_long_files_are_one_line(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(ValueError, match="must"):
        load(file)
