"""What methods have in common that follow each weight's spectral norm, in a view of the user's choice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from regularizers.checks import check_count, check_known
from regularizers.holding.groups import Group, check_convolutions, groups_of
from regularizers.holding.periodic import PeriodicSettings
from regularizers.linalg.linear_map import VIEWS
from regularizers.targets import Target


@dataclass(frozen=True, kw_only=True)
class SpectralNormInView(PeriodicSettings):
    """The hyperparameters of a method that follows the spectral norm of each weight as a linear map.

    Attributes:
        view: ``flat``, ``circular`` or ``padded``: which linear map a convolution is taken for.
        power_iterations: iterations at each step at which the method acts, ≥ 1.
    """

    views: ClassVar[Sequence[str]] = VIEWS
    """The views that the method knows."""

    view: str = "flat"
    power_iterations: int = 1

    @property
    def iterates(self) -> bool:
        """Whether the norm is found by power iteration in the view."""
        return True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_known("view", self.view, self.views)
        check_count("power_iterations", self.power_iterations, "1")

    def held(self, model: nn.Module) -> list[Target]:
        """The weights of a model that these settings hold.

        Args:
            model: the network.

        Returns:
            At least one target, each with the view asked for.
        """
        targets = super().held(model)
        if self.iterates:
            check_convolutions(targets, self.view)
        return targets

    def groups(self, targets: Sequence[Target]) -> list[Group]:
        """The weights in groups, as their products in the view are taken.

        Args:
            targets: the weights.

        Returns:
            Groups that hold each weight once; none where the norm takes no iteration.
        """
        return groups_of(targets, self.view) if self.iterates else []
