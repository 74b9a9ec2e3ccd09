"""How settings are searched for: the algorithm, its budget, and what is stopped early."""

from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from tuning.records import ALGORITHMS, repeatability, stops_early
from tuning.settings.checks import MOST, check
from tuning.settings.names import check_known
from tuning.study.points import Point, read_point
from tuning.study.strict import Strict, named


class EarlyStopping(Strict):
    """A rule by which a trial is stopped for what other trials of its own cell have reached, in epochs.

    Attributes:
        name: ``asha``, asynchronous successive halving (Li et al. 2020); ``median``, below the median of the others'
            running means (Golovin et al. 2017); ``none``.
        grace_epochs: the first epoch at whose end a trial can be stopped.
        reduction: of ``asha``: one in so many trials passes each rung, and rungs lie so many times apart.
        min_trials: of ``median``: others that must have reached an epoch before a trial can be stopped there.
    """

    name: str = "asha"
    grace_epochs: int = Field(default=1, ge=1, le=MOST, strict=True)
    reduction: float = Field(default=3, gt=1, le=MOST)
    min_trials: int = Field(default=3, ge=1, le=MOST, strict=True)

    takes: ClassVar[dict[str, tuple[str, ...]]] = {
        "asha": ("grace_epochs", "reduction"),
        "median": ("grace_epochs", "min_trials"),
        "none": (),
    }

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        return check_known("early_stopping", value, cls.takes)

    @model_validator(mode="after")
    def _takes_its_own(self) -> Self:
        own = self.takes[self.name]
        strangers = sorted(self.model_fields_set - {"name", *own})
        if strangers:
            raise ValueError(
                f"early_stopping {self.name} takes {', '.join(own) or 'nothing else'}, got {', '.join(strangers)}; "
                "leave it out or choose another rule"
            )
        return self

    @property
    def stops(self) -> bool:
        """Whether there is a rule at all, so that a trial may be stopped."""
        return stops_early(self.name)

    def as_data(self) -> dict[str, Any]:
        """Return the rule as a study file has it: its name, and what it takes."""
        return {name: getattr(self, name) for name in ("name", *self.takes[self.name])}


class Search(Strict):
    """How settings are proposed, how many, and how many at a time.

    Attributes:
        algorithm: ``sobol``, ``random`` and ``grid`` know their trials beforehand (`tuning.study.draws`); ``tpe``,
            ``gp``, ``cmaes`` and, for two objectives, ``nsga2`` learn from those that have ended.
        trials: a cell, its starting points among them.
        seed: of every draw and every training.
        concurrency: trials at a time; None for as many as the cluster holds.
        early_stopping: inside a cell.
        points: settings that are tried first.
    """

    algorithm: str = "tpe"
    trials: int = Field(ge=1, le=MOST, strict=True)
    seed: int = Field(default=0, ge=0, lt=2**63, strict=True)
    concurrency: int | None = Field(default=None, ge=1, le=MOST, strict=True)
    early_stopping: Annotated[EarlyStopping, BeforeValidator(named)] = EarlyStopping(name="none")
    points: tuple[Point, ...] = ()

    @field_validator("algorithm")
    @classmethod
    def _algorithm(cls, value: str) -> str:
        return check_known("algorithm", value, ALGORITHMS)

    @field_validator("points", mode="before")
    @classmethod
    def _points(cls, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise ValueError(f"points must be a list, got {value!r}; e.g. [{{learning_rate: 1.0e-3}}]")
        return tuple(read_point(number, point) for number, point in enumerate(value))

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        check(
            "algorithm nsga2 weighs two objectives, of which early stopping would know one",
            self.algorithm != "nsga2" or not self.early_stopping.stops,
            f"early_stopping {self.early_stopping.name}",
            "write early_stopping: none, or choose another algorithm",
        )
        check(
            "algorithm grid tries all of its points",
            self.algorithm != "grid" or not self.points,
            f"{len(self.points)} starting points",
            "leave points out, or choose another algorithm",
        )
        return self

    @property
    def repeatability(self) -> str:
        """Say what of the search a repetition of the study would repeat."""
        return repeatability(self.algorithm, self.early_stopping.name, self.concurrency)
