"""Penalties that are added at some steps only, and as much stronger there."""

from abc import abstractmethod

from torch import Tensor

from regularizers.base import Projection


class LazyPenalty(Projection):
    """The loss gains every · penalty at steps every, 2 · every, …, and nothing in between.

    The mean gradient stays the same, at a fraction of the cost (lazy regularization: Karras et al. 2020,
    https://arxiv.org/abs/1912.04958).

    Args:
        targets: the weights it holds, at least one.
        every: steps from one penalty to the next.
    """

    def penalty(self) -> Tensor:
        """What is added to the loss of the step that is being taken.

        Returns:
            A scalar on the weights' device; zero at steps without a penalty.
        """
        if (self._steps + 1) % self._every:
            return super().penalty()
        return self._every * self.amount()

    @abstractmethod
    def amount(self) -> Tensor:
        """The penalty itself, a scalar, differentiable in the weights."""

    def project(self, lr: float) -> None:
        """Nothing: a penalty leaves the updated weights alone.

        Args:
            lr: the learning rate of this step.
        """
