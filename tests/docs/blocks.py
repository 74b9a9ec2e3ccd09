"""The fenced blocks of every page that is written by hand."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.root import ROOT

PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "deploy" / "README.md",
    ROOT / "benchmarks" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]


@dataclass(frozen=True)
class Block:
    """One fenced block; a comment of the page right before it may say that it is a sketch, which does not run alone."""

    page: Path
    line: int
    text: str
    is_sketch: bool

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(language: str) -> Iterator[Block]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for found in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            before = text[: found.start()]
            yield Block(
                page, before.count("\n") + 1, found[1], re.search(r"<!-- a sketch:.*-->\n\Z", before) is not None
            )
