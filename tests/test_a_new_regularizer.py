"""A regularizer is a file in ``methods``, its name in the table and a row of the suite's cases, and no more."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.root import ROOT

METHOD = '''"""Entry clipping: no entry of a weight is larger than the bound."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import nn

from regularizers.base import Regularizer, RegularizerSettings


@dataclass(frozen=True, kw_only=True)
class EntryClip(RegularizerSettings):
    """Every entry is cut to [-bound, bound] after the step."""

    example: ClassVar[Mapping[str, Any]] = {"bound": 0.1}

    bound: float

    def attach(self, model: nn.Module) -> Regularizer:
        """Begin to hold the weights of a model."""
        return _EntryClip(self.held(model), self.bound)


class _EntryClip(Regularizer):
    def __init__(self, targets, bound):
        super().__init__(targets)
        self._bound = bound

    @torch.no_grad()
    def after_step(self, lr):
        for target in self.targets:
            target.written.clamp_(-self._bound, self._bound)
'''
IMPORT = "from regularizers.methods.entry_clip import EntryClip\n"
ENTRIES = '    "entry_clip": EntryClip,\n    "misjudged": EntryClip,\n'
ROW = """    "{name}": Row(
        settings=REGULARIZERS["{name}"](where=HELD, bound=0.1),
        twin=lambda weight, lr: weight.double().clamp(-{twin}, {twin}),
        resting=torch.zeros_like,
    ),
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Counter[tuple[str, str]]]:
    """How each test of the suite ended, by the regularizer that it was run on: two invented ones, and one of ours."""
    folder = tmp_path_factory.mktemp("tree")
    shutil.copytree(ROOT / "regularizers", folder / "regularizers", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "tests").mkdir()
    for name in ("__init__.py", "cases.py", "oracles.py", "test_every_regularizer.py"):
        shutil.copy(ROOT / "tests" / name, folder / "tests")
    shutil.copy(ROOT / "pyproject.toml", folder)

    (folder / "regularizers" / "methods" / "entry_clip.py").write_text(METHOD, encoding="utf-8")
    rows = ROW.format(name="entry_clip", twin=0.1) + ROW.format(name="misjudged", twin=0.05)
    insert(folder / "regularizers" / "table.py", "from regularizers.methods.", IMPORT)
    insert(folder / "regularizers" / "table.py", '    "combined":', ENTRIES)
    insert(folder / "tests" / "cases.py", '    "combined":', rows)

    call = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "tests/test_every_regularizer.py"]
    alone = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "PYTHONPATH"))}
    chosen = [*call, "-k", "the_table or entry_clip or misjudged or l2_penalty"]
    result = subprocess.run(
        chosen, cwd=folder, env=alone | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False
    )
    found: dict[str, Counter[tuple[str, str]]] = {name: Counter() for name in ("entry_clip", "misjudged", "l2_penalty")}
    for test, parameters, end in re.findall(r"::(\w+)(?:\[(.*)\])? (PASSED|FAILED|ERROR)", result.stdout):
        for name in found:
            if name in parameters or not parameters:
                found[name][test, end] += 1
    assert found["l2_penalty"], result.stdout + result.stderr
    return found


def insert(path: Path, before: str, text: str) -> None:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if line.startswith(before))
    path.write_text("".join([*lines[:place], text, *lines[place:]]), encoding="utf-8")


def test_a_regularizer_that_is_added_in_three_places_passes_every_test_of_the_suite(outcomes) -> None:
    assert outcomes["entry_clip"] == outcomes["l2_penalty"]
    assert {end for _, end in outcomes["entry_clip"]} == {"PASSED"}
    assert outcomes["entry_clip"]["test_the_table_has_a_row_for_every_regularizer_and_no_other", "PASSED"] == 1
    assert outcomes["entry_clip"]["test_one_pass_of_the_hooks_equals_the_slow_exact_twin", "PASSED"] == 7


def test_one_that_does_not_do_what_its_row_says_fails_where_the_row_is_looked_at(outcomes) -> None:
    failed = {test: count for (test, end), count in outcomes["misjudged"].items() if end != "PASSED"}
    # On the zero matrix and where no entry is so large there is nothing to misjudge.
    assert list(failed) == ["test_one_pass_of_the_hooks_equals_the_slow_exact_twin"]
    assert failed.popitem()[1] >= 4
