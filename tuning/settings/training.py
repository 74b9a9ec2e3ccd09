"""How one model is trained and watched: schedule, epochs, measurement, resources."""

from collections.abc import Mapping
from dataclasses import dataclass

from regularizers.linalg.linear_map import VIEWS
from regularizers.measure import BUNDLES
from tuning.settings.checks import MOST, check
from tuning.settings.names import check_known

INITIALIZATIONS = ("default", "orthogonal", "mup")
SCHEDULES = ("constant", "multi_step", "cosine", "linear")


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """What the learning rate is multiplied by in the course of a training.

    Attributes:
        name: ``constant``; ``multi_step``, γ more at each milestone; ``cosine`` and ``linear``, from 1 to 0.
        warmup: share of the training in which the factor also rises linearly from 0, in [0, 1).
        milestones: ascending shares of the training, in (0, 1); for ``multi_step`` alone.
        gamma: factor at each milestone, in (0, 1]; for ``multi_step`` alone.
    """

    name: str = "constant"
    warmup: float = 0.0
    milestones: tuple[float, ...] | None = None
    gamma: float | None = None

    def __post_init__(self) -> None:
        check_known("schedule", self.name, SCHEDULES)
        check("warmup must be in [0, 1)", 0 <= self.warmup < 1, self.warmup, "it is a share of the training, e.g. 0.05")
        if self.name != "multi_step":
            check(
                f"schedule {self.name} takes neither milestones nor gamma",
                self.milestones is None and self.gamma is None,
                f"milestones={self.milestones}, gamma={self.gamma}",
                "they belong to multi_step",
            )
            return
        check(
            "schedule multi_step needs milestones and gamma",
            self.milestones is not None and self.gamma is not None,
            f"milestones={self.milestones}, gamma={self.gamma}",
            "e.g. milestones: [0.3, 0.6], gamma: 0.1",
        )
        assert self.milestones is not None
        assert self.gamma is not None
        ascending = list(self.milestones) == sorted(set(self.milestones)) and len(self.milestones) > 0
        check(
            "milestones must ascend inside (0, 1)",
            ascending and self.milestones[0] > 0 and self.milestones[-1] < 1,
            list(self.milestones),
            "they are shares of the training, e.g. [0.3, 0.6]",
        )
        check("gamma must be in (0, 1]", 0 < self.gamma <= 1, self.gamma, "0.1 is usual")


@dataclass(frozen=True, kw_only=True)
class Training:
    """The loop's own numbers.

    Attributes:
        learning_rate: > 0, before the schedule's factor.
        batch_size: images a step, ≥ 2 because BatchNorm has no variance over one.
        epochs: passes over the training part, ≥ 1.
        initialization: ``default``, torch's own; ``orthogonal``, scaled by √(fan_out/fan_in); ``mup``, Gaussian at the
            same scale.
    """

    learning_rate: float
    batch_size: int
    epochs: int
    initialization: str = "default"

    def __post_init__(self) -> None:
        check("learning_rate must be > 0", self.learning_rate > 0, self.learning_rate, "1e-3 suits Adam")
        check("batch_size must be at least 2", self.batch_size >= 2, self.batch_size, "128 is usual")
        check("epochs must be at least 1", self.epochs >= 1, self.epochs, "choose e.g. 10")
        check_known("initialization", self.initialization, INITIALIZATIONS)


@dataclass(frozen=True, kw_only=True)
class Measure:
    """How much is measured, when, and of which linear maps.

    Attributes:
        bundle: ``economy``, what singular values say by themselves; ``standard``, also power laws, how weights move,
            margins and the generalization gap; ``full``, also what needs further passes through the network.
        every: epochs between two measurements, ≥ 1; the first and the last state are always measured.
        views: of ``flat`` (the matrix Co × Ci·k·k), ``circular`` (the exact circular convolution) and ``padded`` (the
            convolution with its stride and zero padding, of which the largest singular value is known).
    """

    bundle: str = "standard"
    every: int = 1
    views: tuple[str, ...] = ("flat",)

    def __post_init__(self) -> None:
        check_known("bundle", self.bundle, BUNDLES)
        check(
            f"measure: every must be 1 to {MOST:,} epochs", 1 <= self.every <= MOST, self.every, "1 measures each epoch"
        )
        check("measure: views must hold flat", "flat" in self.views, list(self.views), "the metrics are taken from it")
        for view in self.views:
            check_known("view", view, VIEWS)
        each_once = len(set(self.views)) == len(self.views)
        check("measure: views must name each view once", each_once, list(self.views), "leave out the repetition")

    def due(self, epoch: int, epochs: int) -> bool:
        """Return whether the state after this epoch is measured."""
        return epoch % self.every == 0 or epoch == epochs


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What one trial reserves.

    Attributes:
        cpu: cores, ≥ 1; torch uses as many threads.
        gpu: GPUs, 0 or a whole number or a share 1/n of one.
        epoch_minutes: an epoch that takes longer, measuring included, is taken to hang, and its trial has failed; > 0.
    """

    cpu: int = 1
    gpu: float = 0.0
    epoch_minutes: float = 120.0

    def __post_init__(self) -> None:
        check(f"resources: cpu must be 1 to {MOST:,}", 1 <= self.cpu <= MOST, self.cpu, "a trial needs a core")
        check(
            "resources: epoch_minutes must be above 0 and at most 1,000,000",
            0 < self.epoch_minutes <= MOST,
            self.epoch_minutes,
            "twice the longest epoch that you expect is ample",
        )
        share = (self.gpu == 0 or self.gpu >= 0.01) and (
            float(self.gpu).is_integer() or abs(1 / self.gpu - round(1 / self.gpu)) < 1e-9
        )
        check(
            "resources: gpu must be 0, a whole number up to 1,000,000 or 1/n with n at most 100",
            share and self.gpu <= MOST,
            self.gpu,
            "e.g. 0.5 for two trials a GPU",
        )

    @property
    def wanted(self) -> dict[str, float]:
        """What is reserved, by Ray's names: ``{"CPU": 1.0, "GPU": 0.5}``; without what is not."""
        return {name: amount for name, amount in (("CPU", float(self.cpu)), ("GPU", self.gpu)) if amount > 0}

    def slots(self, available: Mapping[str, float], most: int | None = None) -> int:
        """Return how many trials run side by side; 0 where none fits.

        Args:
            available: what there is, by Ray's names.
            most: a limit of the study's own.

        Example:
            >>> Resources(cpu=2, gpu=0.5).slots({"CPU": 16, "GPU": 2})
            4
        """
        fit = min(int(available.get(name, 0.0) / amount + 1e-9) for name, amount in self.wanted.items())
        return fit if most is None else min(fit, most)
