"""Where tests stand: no test module imports another, none is too long to read, each room is one of the code's."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.root import ROOT

TESTS = ROOT / "tests"
MODULES = sorted(TESTS.rglob("*.py"))
TESTED = ("regularizers", "models", "tuning", "analysis", "benchmarks", "deploy", "docs")
NO_ROOM = {"stored"}
"""Folders of tests that no folder of the code answers to: stores of older versions, read by all of it."""


def imported(path: Path) -> Iterator[str]:
    """The dotted names that a file imports, those of ``from a import b`` as ``a.b``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(TESTS)))
def test_no_module_of_the_tests_imports_a_test(path: Path) -> None:
    names = [name for name in imported(path) if name.startswith("tests.")]
    assert not [name for name in names if any(part.startswith("test_") for part in name.split("."))]


def test_no_module_of_the_tests_is_longer_than_400_lines() -> None:
    assert {path.name for path in MODULES if len(path.read_text(encoding="utf-8").splitlines()) > 400} == set()


def test_each_folder_of_tests_mirrors_a_folder_of_the_code() -> None:
    rooms = {path.parent.relative_to(TESTS) for path in MODULES if path.name.startswith("test_")}
    strangers = {room for room in rooms if not (ROOT / room).is_dir()}
    assert {str(room) for room in strangers} == NO_ROOM
