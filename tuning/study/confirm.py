"""How what each cell has chosen is confirmed, and at whose learning rate beside its own."""

from collections.abc import Mapping
from typing import Self

from pydantic import Field, field_validator, model_validator

from tuning.baseline import candidates
from tuning.settings.checks import MOST
from tuning.settings.names import check_known
from tuning.study.condition import Condition
from tuning.study.strict import Strict


class Confirm(Strict):
    """How many fresh seeds each cell's chosen setting is trained on, and whether at the baseline's learning rate too.

    Attributes:
        seeds: the same for every condition, and none of those that were tuned on.
        learning_rate: ``matched`` where all conditions are also trained at the baseline's learning rate.
        baseline: whose learning rate that is; without it, the one condition whose regularizer is ``none``.
    """

    seeds: int = Field(default=5, ge=1, le=MOST, strict=True)
    learning_rate: str | None = None
    baseline: str | None = None

    @field_validator("learning_rate")
    @classmethod
    def _learning_rate(cls, value: str | None) -> str | None:
        return value if value is None else check_known("learning_rate", value, ("matched",))

    @model_validator(mode="after")
    def _baseline_is_for_matching(self) -> Self:
        if self.baseline is not None and self.learning_rate is None:
            raise ValueError(
                f"baseline belongs to learning_rate: matched, got {self.baseline!r} alone; add it or leave both out"
            )
        return self


def baseline(confirm: Confirm, conditions: Mapping[str, Condition]) -> str | None:
    """Return the condition at whose learning rate the others are confirmed too; None where they are not.

    Args:
        confirm: the study's.
        conditions: the study's, by name.

    Raises:
        ValueError: where several conditions could be meant, or none.
    """
    if confirm.learning_rate is None:
        return None
    if confirm.baseline is not None:
        return check_known("confirm: baseline", confirm.baseline, conditions)
    plain = candidates(None, {name: condition.regularizer for name, condition in conditions.items()})
    if len(plain) != 1:
        raise ValueError(
            "confirm: learning_rate matched needs one condition with regularizer none, or a baseline by name, got "
            f"{', '.join(plain) or 'none'}; write e.g. baseline: {(plain or list(conditions))[0]}"
        )
    return plain[0]
