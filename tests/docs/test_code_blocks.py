"""What the pages show works: Python is run, study files are read, command lines are parsed and the cheap ones run."""

import re
import shlex
from pathlib import Path

import pytest
import torch
import yaml
from typer.core import TyperGroup
from typer.main import get_group

import analysis.__main__
import spectune
import tuning.__main__
from tests.docs.blocks import Block, blocks
from tests.root import ROOT
from tuning.study import parse_study

FORMS = {
    ("spectune",): spectune.command(),
    ("python", "-m", "tuning"): get_group(tuning.__main__.app),
    ("python", "-m", "analysis"): get_group(analysis.__main__.app),
}
CHEAP = {"list", "plan first.yaml", "analysis export first", "analysis compare first"}
ENDS = {"|", ">", "&&", ";", "||", "&"}


def lines(block: Block) -> list[list[str]]:
    """The calls of our commands in a shell block, as the shell would hand them over."""
    text = re.sub(r"\\\n", " ", block.text)
    found = []
    for line in re.split(r"\n", text):
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
        lexer.whitespace_split = True
        try:
            words = list(lexer)
        except ValueError:  # a quotation over several lines: none of ours has one
            continue
        for start, end in parts(words):
            for form in FORMS:
                if tuple(words[start : start + len(form)]) == form:
                    found.append(words[start:end])
    return found


def parts(words: list[str]) -> list[tuple[int, int]]:
    """Where each command of a line begins and ends."""
    stops = [index for index, word in enumerate(words) if word in ENDS]
    return list(zip([0, *(stop + 1 for stop in stops)], [*stops, len(words)], strict=True))


def parsed(words: list[str]) -> None:
    form = next(form for form in FORMS if tuple(words[: len(form)]) == form)
    context = FORMS[form].make_context(" ".join(form), words[len(form) :])
    while isinstance(context.command, TyperGroup):
        rest = [*context._protected_args, *context.args]
        name, command, rest = context.command.resolve_command(context, rest)
        context = command.make_context(name, rest, parent=context)


PYTHON = [block for block in blocks("python") if not block.is_sketch]
SHELL = [(block, words) for block in blocks("sh") for words in lines(block)]
STUDIES = [block for block in blocks("yaml") if block.text.startswith("name: ")]


@pytest.mark.parametrize("block", PYTHON, ids=str)
def test_python_of_the_pages_runs(
    block: Block, first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", first)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        exec(compile(block.text, str(block), "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("block", STUDIES, ids=str)
def test_a_study_file_of_the_pages_is_a_study(block: Block) -> None:
    study = parse_study(yaml.safe_load(block.text), str(block))
    assert len(study.cells) == len(study.architectures) * len(study.conditions)


@pytest.mark.parametrize(
    ("block", "words"), SHELL, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_a_command_of_the_pages_is_one(block: Block, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    parsed(words)


@pytest.mark.parametrize("line", sorted(CHEAP))
def test_the_commands_of_the_readme_work_on_its_study(
    line: str, first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = [words for block, words in SHELL if block.page.name == "README.md" and block.page.parent == ROOT]
    compared = [words for block, words in SHELL if words[:3] == ["python", "-m", "analysis"]]
    assert ["spectune", *line.split()] in named or compared
    (tmp_path / "first.yaml").write_text(next(block.text for block in STUDIES if block.page == ROOT / "README.md"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", first)
    with pytest.raises(SystemExit) as ended:
        spectune.command()(line.split(), prog_name="spectune")
    assert ended.value.code in {0, None}


def test_the_pages_show_every_command() -> None:
    shown = {word for _, words in SHELL for word in words}
    told = {name for group in FORMS.values() for name in group.list_commands(None)}
    assert told <= shown
