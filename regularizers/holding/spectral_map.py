"""Projections that are one function of each weight's matrix: weights of equal shape in one call."""

import math
from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from regularizers.holding.periodic import Periodic
from regularizers.targets import Target, by_shape

_STACKED = 2**16
"""Largest matrix, in entries, that a group of equal shape is copied together for: products of larger ones fill
the machine alone."""


class SpectralMap(Periodic):
    """W ← image(W) after every so many steps, in the flat view.

    Args:
        targets: the weights it holds, at least one.
        every: steps between projections.
    """

    def __init__(self, targets: Sequence[Target], every: int) -> None:
        super().__init__(targets, every)
        self._groups: list[list[Target]] = []
        for group in by_shape(targets):
            together = group[0].matrix.numel() <= _STACKED
            self._groups.extend([group] if together else [[target] for target in group])

    @abstractmethod
    def image(self, matrix: Tensor, unit: float) -> Tensor:
        """What a weight becomes.

        Args:
            matrix: (…, fan_out, fan_in).
            unit: √(fan_out / fan_in), the spectral norm of a map whose RMS→RMS norm is 1.

        Returns:
            (…, fan_out, fan_in).
        """

    def act(self, lr: float) -> None:
        """Replace every weight by its image.

        Args:
            lr: the learning rate of this step.
        """
        for group in self._groups:
            matrices = [target.matrix for target in group]
            unit = math.sqrt(group[0].fan_out / group[0].fan_in)
            if len(matrices) == 1:
                matrices[0].copy_(self.image(matrices[0], unit))
            else:
                torch._foreach_copy_(matrices, list(self.image(torch.stack(matrices), unit).unbind()))
