"""A condition without one of its factors: leave-one-out at the setting that was tuned for the whole."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from pydantic import field_validator

from tuning.records import Phase
from tuning.settings.names import check_known, check_name
from tuning.settings.overrides import Override, overridden, read_override
from tuning.settings.trial_settings import TrialSettings
from tuning.study.cell import Cell, Values
from tuning.study.strict import Strict


class Ablate(Strict):
    """Which condition is taken apart, and what stands in for each of its factors when it is switched off.

    Attributes:
        condition: its name in the study.
        factors: by name, the settings that replace those of the condition.
    """

    condition: str
    factors: dict[str, Override]

    @field_validator("factors", mode="before")
    @classmethod
    def _factors(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not value:
            raise ValueError(
                f"one or more factors are needed, got {value!r}; e.g. {{initialization: {{initialization: default}}}}"
            )
        factors = {}
        for name, item in value.items():
            check_name("factor", str(name))
            try:
                factors[str(name)] = read_override(item)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
        return factors

    def as_data(self) -> dict[str, Any]:
        """Return the section as a study file has it."""
        return {"condition": self.condition, "factors": self.factors}


def ablated_cells(ablate: Ablate | None, cells: Sequence[Cell]) -> list[Cell]:
    """Return the cells of the condition that is taken apart, one an architecture; none where nothing is.

    Args:
        ablate: the study's.
        cells: the study's.
    """
    return [cell for cell in cells if ablate is not None and cell.condition_name == ablate.condition]


def ablations(ablate: Ablate, cell: Cell, values: Values, index: int) -> Iterator[TrialSettings]:
    """Yield the cell's setting without each factor in turn, on one confirmation seed.

    Args:
        ablate: the study's.
        cell: one of `ablated_cells`.
        values: what was tuned for the whole condition.
        index: of the seed; initialization, data order and split are those of the confirmation of the whole.
    """
    full = cell.settings(Phase.CONFIRM, index, values)
    for name, override in ablate.factors.items():
        yield replace(overridden(full, override), phase=Phase.ABLATE, ablated=name)


def check_ablation(ablate: Ablate | None, cells: Sequence[Cell]) -> None:
    """See that each factor can be switched off whatever will be tuned, and that it changes something.

    Args:
        ablate: the study's.
        cells: the study's, sound by themselves.

    Raises:
        ValueError: for an unknown condition, settings that cannot be had, or a factor that is off already.
    """
    if ablate is None:
        return
    check_known("ablate: condition", ablate.condition, dict.fromkeys(cell.condition_name for cell in cells))
    for cell in ablated_cells(ablate, cells):
        wholes = [cell.settings(Phase.CONFIRM, 0, values) for values in cell.extremes()]
        for name, override in ablate.factors.items():
            try:
                changed = [overridden(whole, override) for whole in wholes]
                _check_own_rate(wholes[0], changed[0], override)
            except ValueError as error:
                raise ValueError(f"ablate: factor {name}: {error}") from error
            if changed == wholes:
                raise ValueError(
                    f"ablate: factor {name} must change something of {cell.condition_name}, got what it has already, "
                    f"{override}; name another value or leave the factor out"
                )


def _check_own_rate(whole: TrialSettings, changed: TrialSettings, override: Override) -> None:
    """See that another optimizer has a learning rate of its own: that of the whole was tuned for the whole's.

    Raises:
        ValueError: where it has none.
    """
    if changed.optimizer.name != whole.optimizer.name and "learning_rate" not in override:
        raise ValueError(
            f"another optimizer needs a learning rate of its own, got {changed.optimizer.name} at the one tuned for "
            f"{whole.optimizer.name}; add learning_rate"
        )
