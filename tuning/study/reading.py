"""From a name or a path to a study, every mistake in one line."""

import re
import reprlib
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from tuning.nearest import nearest
from tuning.study.study import Study


class _Loader(yaml.SafeLoader):
    """Plain data only; a key given twice is an error; ``1e-5`` is a number, as YAML 1.2 has it.

    Aliases are refused: a few lines of them stand for gigabytes.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.get_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem=f"aliases (*{event.anchor}) are not read", problem_mark=event.start_mark)
        return super().compose_node(parent, index)


def _mapping_without_duplicates(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    for key in keys:
        if not isinstance(key, str):
            raise yaml.MarkedYAMLError(problem=f"a key must be text, got {key!r}", problem_mark=node.start_mark)
        if keys.count(key) > 1:
            raise yaml.MarkedYAMLError(problem=f"the key {key!r} is given twice", problem_mark=node.start_mark)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_without_duplicates)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)[eE][-+]?[0-9]+"),
    list("-+0123456789."),
)


def shipped() -> dict[str, Path]:
    """Return the studies that ship, by name."""
    folder = Path(str(resources.files("tuning") / "studies"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def load(name_or_path: str | Path, name: str | None = None) -> Study:
    """Return the study of a shipped name or a YAML file.

    Args:
        name_or_path: ``quickstart``, or a path with a slash or the suffix ``.yaml`` or ``.yml``.
        name: what it is to be called instead of its own name; no number of it depends on that.

    Returns:
        The study, every range, name and combination in it checked.

    Raises:
        ValueError: in one line: what is wrong, where, what came, and what to write instead.
    """
    text = str(name_or_path)
    known = shipped()
    path = known.get(text, Path(text))
    if not path.is_file():
        meant = next((file for file in (f"{text}.yaml", f"{text}.yml") if Path(file).is_file()), None)
        hint = f" (did you mean '{meant}'?)" if meant else nearest(text, known)
        if "/" not in text and path.suffix not in {".yaml", ".yml"}:
            raise ValueError(
                f"a study is a shipped name ({', '.join(known)}) or a path to a YAML file, got {text!r}{hint}"
            )
        raise ValueError(f"a study file must exist, got {text}{hint if meant else ''}; check the path")
    return read(path, name)


def read(path: Path, name: str | None = None) -> Study:
    """Return the study of a YAML file.

    Args:
        path: the file.
        name: what it is to be called instead of its own name.

    Returns:
        The study.

    Raises:
        ValueError: as `load` does.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"a study file must be readable text, got {path}: {error}") from error
    data = read_plain(text, str(path))
    if not isinstance(data, dict):
        raise ValueError(f"{path} must hold a mapping (name, dataset, architectures, …), got {type(data).__name__}")
    return parse_study(data if name is None else {**data, "name": name}, str(path))


def read_plain(text: str, source: str) -> Any:
    """Return the plain data that YAML text holds.

    Args:
        text: of a study file, or a part of one.
        source: where it came from, for messages.

    Returns:
        Mappings, lists and scalars.

    Raises:
        ValueError: in one line, where it is no YAML or more than plain data.
    """
    try:
        return yaml.load(text, Loader=_Loader)
    except Exception as error:  # PyYAML's constructors raise whatever they stumble over
        reason = _reason(error) if isinstance(error, yaml.MarkedYAMLError) else str(error)
        raise ValueError(f"{source} must be YAML of plain data: {_one_line(reason)}") from error


def _reason(error: yaml.MarkedYAMLError) -> str:
    """Return where and why text is no YAML, without the snippet and its caret, which mean nothing in one line."""
    said = [error.problem] if error.problem else []
    if error.context:
        said.append(error.context + (f" begun in {_place_in_text(error.context_mark)}" if error.context_mark else ""))
    reason = ", ".join(said)
    return f"{_place_in_text(error.problem_mark)}: {reason}" if error.problem_mark else reason


def _place_in_text(mark: yaml.Mark) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}"


def parse_study(data: dict[str, Any], source: str) -> Study:
    """Return the study that plain data describes.

    Args:
        data: what the YAML file holds.
        source: where it came from, for messages.

    Returns:
        The study.

    Raises:
        ValueError: naming the key and the rule of every mistake, in one line.
    """
    try:
        return Study.model_validate(data)
    except ValidationError as error:
        mistakes = []
        for mistake in sorted(error.errors(), key=lambda mistake: _place(mistake["loc"])):
            where = ".".join(str(part) for part in mistake["loc"])
            rule = _RULES.get(mistake["type"], mistake["msg"].removeprefix("Value error, "))
            rule = rule.replace("Input should be", "must be").removeprefix(f"{where}: ")
            came = (
                f", got {reprlib.repr(mistake['input'])}" if mistake["type"] not in {"value_error", "missing"} else ""
            )
            mistakes.append(_one_line(f"{where}: {rule}{came}" if where else f"{rule}{came}"))
        raise ValueError(f"{source}: {'; '.join(mistakes)}") from error


def _place(path: tuple[int | str, ...]) -> int:
    """Return where in a study file the section of a mistake is written; pydantic knows an order of its own."""
    keys = Study.known_keys()
    return keys.index(str(path[0])) if path else len(keys)


_RULES = {
    "model_type": "must be a mapping of settings",
    "dataclass_type": "must be a mapping of settings",
    "dict_type": "must be a mapping of settings",
    "missing": "is needed; add it",
}
"""In the user's words, what pydantic says in those of its own classes."""


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 400 else f"{line[:397]}…"
