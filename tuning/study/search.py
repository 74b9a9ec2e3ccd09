"""How settings are searched for: the algorithm, its budget, and what is stopped early."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from tuning.records import ALGORITHMS, SAMPLED, repeatability
from tuning.settings.checks import MOST, check
from tuning.settings.names import check_known
from tuning.settings.space import Choice, plain
from tuning.study.draws import check_sobol, grid_size
from tuning.study.points import Point, check_points, read_point
from tuning.study.startup import unlearned
from tuning.study.strict import Strict, named

if TYPE_CHECKING:
    from tuning.study.cell import Cell


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
        stopping = self.early_stopping.name
        check(
            "algorithm nsga2 weighs two objectives, of which early stopping would know one",
            self.algorithm != "nsga2" or stopping == "none",
            f"early_stopping {stopping}",
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

    def check_cells(self, cells: Sequence["Cell"]) -> None:
        """See that the algorithm can search every cell, and that the starting points lie in them.

        Args:
            cells: the study's.

        Raises:
            ValueError: where one cannot be searched so, or a starting point is none.
        """
        check_points(self.points, cells, self.trials)
        match self.algorithm:
            case "grid":
                self._check_grid(cells)
            case "sobol":
                for cell in cells:
                    check_sobol(cell.space, cell.shared_names)
            case "cmaes":
                _check_numbers(cells)
        for cell in cells:
            self._check_learning(cell)

    def _check_learning(self, cell: "Cell") -> None:
        """See that some trial can rest on others; of the default algorithm a small search is said to be draws."""
        if self.algorithm not in SAMPLED or self.algorithm == Search.model_fields["algorithm"].default:
            return
        draws = unlearned(self.algorithm, self.trials, len(cell.space)) if cell.space else 0
        check(
            f"{cell.condition_name}: {self.algorithm} learns nothing from its first {draws} trials",
            self.trials > draws,
            f"trials {self.trials}",
            f"raise trials above {draws}, or choose sobol",
        )

    def _check_grid(self, cells: Iterable["Cell"]) -> None:
        sizes = {cell.condition_name: grid_size(cell.space) for cell in cells}
        if set(sizes.values()) != {self.trials}:
            counts = ", ".join(f"{name} {size}" for name, size in sizes.items())
            raise ValueError(
                "a grid has as many points in every condition as trials, so that budgets are equal, got "
                f"{counts} and trials {self.trials}; list more values or fewer, or change trials"
            )


def _check_numbers(cells: Iterable["Cell"]) -> None:
    for cell in cells:
        for name, domain in cell.space.items():
            if isinstance(domain, Choice):
                raise ValueError(
                    f"condition {cell.condition_name}: algorithm cmaes searches numbers alone, got {plain(domain)} for "
                    f"{name}; fix it, or choose tpe, gp or nsga2"
                )
