"""One condition of a study at several widths: what a coordinate check trains."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from models import ARCHITECTURES, FAMILIES, Architecture
from tuning.records import Phase
from tuning.settings.checks import check
from tuning.settings.names import check_known
from tuning.settings.trial_settings import TrialSettings
from tuning.study.reading import parse_study, read_plain
from tuning.study.study import Study

WIDTHS = {"mlp": (64, 128, 256, 512, 1024), "resnet": (8, 16, 32, 64)}


def at_widths(
    study: Study,
    condition: str | Mapping[str, Any],
    *,
    family: str,
    widths: Sequence[int] | None = None,
    seeds: int = 3,
    learning_rate: float | None = None,
) -> dict[int, list[TrialSettings]]:
    """Return the trials of one condition at several widths, each with several seeds.

    The architecture is the study's first of the family, else the small one that ships, with its width changed.
    Searched hyperparameters stand at the middle of their ranges (the median of the draws).

    Args:
        study: data set, batch size, shared ranges.
        condition: the name of a condition of the study, or a condition as a study file holds it.
        family: ``mlp`` or ``resnet``.
        widths: at least two; by default those of `WIDTHS`.
        seeds: trials a width, at least 1.
        learning_rate: instead of the study's or the condition's.

    Returns:
        By width, one trial a seed; trials of one seed differ in the width alone.

    Raises:
        ValueError: where the study has no such condition or a value is outside its domain.
    """
    check_known("family", family, FAMILIES)
    chosen = tuple(WIDTHS[family] if widths is None else widths)
    check("widths must be two or more different ones", len(set(chosen)) == len(chosen) > 1, list(chosen), "e.g. 64,256")
    check("seeds must be at least 1", seeds >= 1, seeds, "3 is usual")
    if isinstance(condition, str):
        name = check_known("condition", condition, study.conditions)
        written = study.conditions[name].as_data()
    else:
        name, written = "given", dict(condition)
    if learning_rate is not None:
        written["learning_rate"] = learning_rate
    template = _template(study, family)
    architectures = [
        dataclasses.replace(template, name=f"{family}-{width}", size="custom", width=width) for width in sorted(chosen)
    ]
    # Nothing is searched or confirmed, and starting points, a baseline and an ablation are of other conditions.
    data = {key: value for key, value in study.as_data().items() if key not in {"confirm", "ablate"}}
    data |= {"architectures": architectures, "conditions": {name: written}}
    data["search"] = {"trials": 1, "seed": study.search.seed}
    cells = parse_study(data, "coordinate-check").cells
    return {
        cell.architecture.width: [
            cell.settings(Phase.TUNE, index, {name: domain.at(0.5) for name, domain in cell.space.items()})
            for index in range(seeds)
        ]
        for cell in cells
    }


def read_condition_text(text: str) -> str | dict[str, Any]:
    """Return a condition as the command line gives it: a name, or a mapping in YAML's short form.

    Args:
        text: ``spectral`` or ``{regularizer: none, optimizer: muon}``.

    Returns:
        The name, or the mapping.

    Raises:
        ValueError: for text that begins as a mapping and is none.
    """
    if not text.lstrip().startswith("{"):
        return text
    mapping: dict[str, Any] = read_plain(text, "--condition")
    return mapping


def read_widths(text: str | None) -> list[int] | None:
    """Return widths as the command line gives them.

    Args:
        text: ``64,128,256``; None for the default.

    Returns:
        The numbers.

    Raises:
        ValueError: for anything but whole numbers with commas between them.
    """
    if text is None:
        return None
    numbers = [part.strip() for part in text.split(",")]
    check("widths are whole numbers with commas between", all(n.isdecimal() for n in numbers), text, "e.g. 64,128,256")
    return [int(number) for number in numbers]


def _template(study: Study, family: str) -> Architecture:
    of_family = [architecture for architecture in study.architectures if architecture.family == family]
    return of_family[0] if of_family else ARCHITECTURES[f"{family}-small"]
