"""What MkDocs calls while it builds the site: pages from beside ``docs/``, generated parts, links that leave it."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from posixpath import normpath, relpath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # `mkdocs` has the folder of its own script there, `python -m mkdocs` the current one

from docs.generate import commands, methods, rooms, stored_names, study_files  # ruff: ignore[module-import-not-at-top-of-file]

PARTS: dict[str, Callable[[], str]] = {
    "study_files": study_files.study_files,
    "regularizers": methods.regularizers,
    "optimizers": methods.optimizers,
    "measures": methods.measures,
    "commands": commands.commands,
    "metrics": stored_names.metrics,
    "tags": stored_names.tags,
    "phases": stored_names.phases,
    "rooms": rooms.rooms,
}
"""What a page may name in a line ``<!-- generate: NAME -->``."""

BESIDE = {
    "how-to/cluster.md": "deploy/README.md",
    "benchmarks.md": "benchmarks/README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
}
"""Pages of the site whose text lies elsewhere in the repository, where who works there looks for it."""

_MARKER = re.compile(r"^<!-- generate: (\w+) -->$", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages whose text lies beside ``docs/``.

    Args:
        files: those of ``docs/``.
        config: of the site.

    Returns:
        All of them.
    """
    for uri, source in BESIDE.items():
        if files.get_file_from_path(uri) is not None:
            files.remove(files.src_uris[uri])
        files.append(File.generated(config, uri, content=(ROOT / source).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Fill in what the code tells of itself, and turn links into the repository into links of the site.

    Args:
        markdown: of the page.
        page: which one.

    Returns:
        The page's Markdown, complete.
    """
    filled = _MARKER.sub(lambda found: part(found[1]), markdown)
    return _LINK.sub(lambda found: link(page.file.src_uri, *found.groups(default="")), filled)


def part(name: str) -> str:
    """Return one of the parts that are generated.

    Args:
        name: of `PARTS`.

    Raises:
        PluginError: there is none of that name, or the code lacks what it should tell.
    """
    if name not in PARTS:
        raise PluginError(f"a generated part is one of {', '.join(PARTS)}, got {name!r}")
    try:
        return PARTS[name]()
    except ValueError as error:
        raise PluginError(f"{name}: {error}") from error


def link(uri: str, text: str, target: str, anchor: str) -> str:
    """Return a link as the site has it: to a page, or, where it leads to a file of the code, its text alone.

    Args:
        uri: of the page that has the link.
        text: of the link.
        target: relative to where the page's text lies.
        anchor: with its ``#``, or nothing.

    Raises:
        PluginError: there is nothing there.
    """
    source = BESIDE.get(uri, f"docs/{uri}")
    lies = normpath(f"{Path(source).parent.as_posix()}/{target}")
    if not (ROOT / lies).exists():
        raise PluginError(f"{source}: a link must lead to a file of the repository, got {target}")
    pages = {text_file: page for page, text_file in BESIDE.items()}
    if lies == "README.md":
        lies = "docs/index.md"
    there = pages.get(lies) or (
        lies.removeprefix("docs/") if lies.startswith("docs/") and not (ROOT / lies).is_dir() else None
    )
    if there is None:
        return text
    return f"[{text}]({relpath(there, Path(uri).parent.as_posix())}{anchor})"
