"""The baseline: nothing is held."""

from dataclasses import dataclass

from torch import nn

from regularizers.base import Regularizer, RegularizerSettings
from regularizers.targets import select


@dataclass(frozen=True, kw_only=True)
class NoRegularization(RegularizerSettings):
    """Holds nothing, and runs the same calls as every other method.

    Example:
        >>> NoRegularization().attach(nn.Linear(3, 2)).penalty()
        tensor(0.)
    """

    def attach(self, model: nn.Module) -> Regularizer:
        """Begin to hold nothing, in a model too that has weights which no method can hold.

        Args:
            model: the network.

        Returns:
            A regularizer whose penalty is zero and whose hooks do nothing.
        """
        return Regularizer(select(model, self.where))
