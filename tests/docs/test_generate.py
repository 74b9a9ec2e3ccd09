"""What the code tells of itself: complete, or an error that says what is missing."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("mkdocs", reason="the extra `docs` builds the pages")
from mkdocs.exceptions import PluginError

from docs.generate import hooks
from docs.generate.house import House
from docs.generate.keys import keys, table
from docs.generate.stored_names import _table
from docs.generate.study_files import sections
from tests.root import ROOT
from tuning.study import Study


@dataclass(frozen=True, kw_only=True)
class Told:
    """Settings.

    Attributes:
        strength: how much,
            at most | at least.
        views: which.
    """

    strength: float = 1e-3
    views: tuple[str, ...] = ("flat",)


@dataclass(frozen=True, kw_only=True)
class Untold(Told):
    """Settings with one more."""

    every: int


def test_a_key_has_its_type_its_default_and_its_sentence():
    assert table(Told).splitlines()[2:] == [
        "| `strength` | number | `0.001` | how much, at most \\| at least. |",
        "| `views` | list of text | `[flat]` | which. |",
    ]


def test_a_key_without_a_sentence_is_refused_by_name():
    with pytest.raises(ValueError, match=r"every key needs its sentence, got none for every of tests.docs"):
        list(keys(Untold))


def test_every_section_of_a_study_file_is_found():
    found = [path for path, _ in sections(Study, "")]
    assert found[0] == ""
    assert {"dataset", "architectures", "conditions", "training", "training.schedule", "search", "measure"} < set(found)
    assert {"search.early_stopping", "search.points", "confirm", "ablate", "shared", "resources"} < set(found)


def test_a_stored_name_without_a_meaning_is_refused_and_so_is_a_meaning_without_a_name():
    with pytest.raises(ValueError, match=r"every metric has one meaning .* got new, old; mend it"):
        _table("metric", ["new", "kept"], {"old": "was", "kept": "is"})


def test_a_page_may_name_only_what_is_generated():
    with pytest.raises(PluginError, match=r"a generated part is one of study_files, .* got 'nothing'"):
        hooks.part("nothing")


def test_a_link_to_a_page_is_kept_one_to_the_code_is_its_text_and_one_to_nothing_is_refused():
    assert hooks.link("how-to/study.md", "x", "../tutorial.md", "#a") == "[x](../tutorial.md#a)"
    assert hooks.link("how-to/index.md", "x", "../../deploy/README.md", "") == "[x](cluster.md)"
    assert hooks.link("how-to/cluster.md", "x", "../README.md", "") == "[x](../index.md)"
    assert hooks.link("contributing.md", "x", "tuning/records.py", "") == "x"
    with pytest.raises(PluginError, match=r"a link must lead to a file of the repository, got nowhere.md"):
        hooks.link("tutorial.md", "x", "nowhere.md", "")


def test_floors_are_counted_along_the_longest_chain_and_a_circle_is_one_floor():
    arrows = {
        "page": {"words", "stats"},
        "words": {"tables"},
        "tables": {"words", "stats"},
        "stats": set(),
        "alone": set(),
    }
    part = House(arrows={room: frozenset(others) for room, others in arrows.items()})
    assert part.circles == [frozenset({"words", "tables"})]
    assert part.floors == {"stats": 1, "alone": 1, "words": 2, "tables": 2, "page": 3}
    assert part.count == 5


def test_rooms_are_those_of_the_checkout_that_is_named(tmp_path: Path):
    for name in ("regularizers", "models", "tuning", "analysis"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    (tmp_path / "analysis" / "stats.py").touch()
    (tmp_path / "analysis" / "page.py").write_text("from analysis import stats\n")
    command = [sys.executable, "-m", "docs.generate.graph", str(tmp_path)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [line.split() for line in told.splitlines()[:2]] == [
        ["rooms", "floors", "arrows", "circles"],
        ["analysis", "2", "2", "1", "0"],
    ]
