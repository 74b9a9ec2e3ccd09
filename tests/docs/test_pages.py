"""The pages: built without a warning, complete, and reading nothing from elsewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from regularizers import REGULARIZERS
from regularizers.measure import MEASURES
from tests.docs.blocks import PAGES
from tests.root import ROOT
from tuning.records import METRICS, TAGS
from tuning.settings.optimizers import OPTIMIZERS
from tuning.study import Study

pytest.importorskip("mkdocs", reason="the extra `docs` builds the pages")
LINK = re.compile(r"\[[^\]]*\]\((?!\w+:|#)([^)#\s]+)")
FETCHED = re.compile(r"""<(?:script|link|img|iframe|source)\b[^>]*?(?:src|href)=["'](?:https?:)?//[^"']*""")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONWARNINGS": "default"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def shown(site: Path, page: str) -> str:
    return (site / "reference" / f"{page}.html").read_text(encoding="utf-8")


def test_the_reference_has_every_name_of_the_code(site: Path) -> None:
    for page, names in {
        "regularizers": REGULARIZERS,
        "optimizers": OPTIMIZERS,
        "measures": MEASURES,
        "stored": (*METRICS, *TAGS),
        "study-files": Study.model_fields,
    }.items():
        missing = [name for name in names if f"<code>{name}</code>" not in shown(site, page)]
        assert not missing, page


def test_mathematics_and_examples_of_a_regularizer_are_shown(site: Path) -> None:
    text = re.sub(r"<[^>]+>", "", shown(site, "regularizers"))
    assert "W ← W / max(1, σ₁ / bound) after the step." in text
    assert "SpectralProjection(bound=2.0).attach(layer)" in text
    assert "σ* = scale · √(fan_out / fan_in)" in text


def test_no_page_reads_anything_from_elsewhere(site: Path) -> None:
    read = {page.name: FETCHED.findall(page.read_text(encoding="utf-8")) for page in site.rglob("*.html")}
    assert len(read) > 20
    assert not {page: found for page, found in read.items() if found}
    styles = [style.read_text(encoding="utf-8") for style in site.rglob("*.css")]
    assert not [found for style in styles for found in re.findall(r"url\([\"']?(?:https?:)?//[^)]*", style)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_a_page_lead_to_files_of_the_repository(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    assert [target for target in LINK.findall(text) if not (page.parent / target).exists()] == []


def test_the_readme_is_short_and_names_what_ci_calls() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(readme.encode()) <= 9000
    assert "make test-all" in readme
    assert "make test-all" in (ROOT / ".ci" / "run").read_text()
