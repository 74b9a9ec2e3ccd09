"""Regularizers that act at every k-th step: projections, and penalties that are added at some steps only."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from regularizers.base import Regularizer, RegularizerSettings, Stateful
from regularizers.checks import check_count
from regularizers.targets import Target


@dataclass(frozen=True, kw_only=True)
class PeriodicSettings(RegularizerSettings):
    """The hyperparameters of a method that acts at every k-th step of a training.

    Between two projections the weights are free: by the triangle inequality a norm that was held at b lies
    below b plus the norms of the updates since. What is followed is taken up where the step before left it.

    Attributes:
        every: steps from one to the next at which the method acts, ≥ 1; it acts at steps every, 2·every, …
    """

    every: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count("every", self.every, "1")


class Periodic(Regularizer, ABC):
    """A regularizer that acts after the optimizer's update, at every k-th step.

    The count of steps is part of its state, so that a continued training acts when the uninterrupted one does. It
    is a Python number and never a tensor of a GPU: asking it makes nobody wait.

    Args:
        targets: the weights it holds, at least one.
        every: steps from one to the next at which it acts.
        stateful: what it is made of that has a state of its own.
    """

    def __init__(self, targets: Sequence[Target], every: int, stateful: Sequence[Stateful] = ()) -> None:
        super().__init__(targets, stateful)
        self._every = every
        self._steps = 0

    @torch.no_grad()
    def after_step(self, lr: float) -> None:
        """Count the step, and act where it is due.

        Args:
            lr: the learning rate of this step.
        """
        self._steps += 1
        if self._steps % self._every == 0:
            self.act(lr)

    @abstractmethod
    def act(self, lr: float) -> None:
        """Do what the method does at every k-th step; called without autograd.

        Args:
            lr: the learning rate of this step.
        """

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take up the state of an earlier ``state_dict()``, the count of steps too.

        Args:
            state: what ``state_dict()`` of the same regularizer on the same architecture gave.
        """
        super().load_state_dict(state)
        self._steps = int(state["steps"])

    def _state(self) -> dict[str, Tensor]:
        return {"steps": torch.tensor(self._steps), **super()._state()}


class LazyPenalty(Periodic):
    """The loss gains every · penalty at steps every, 2 · every, …, and nothing in between.

    The mean gradient stays the same, at a fraction of the cost (lazy regularization: Karras et al. 2020,
    https://arxiv.org/abs/1912.04958). The weights are left alone.
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

    def act(self, lr: float) -> None:
        """Leave the weights as they are: a penalty acts through the loss, not on the weights.

        A method that prepares its next penalty after the update, such as by a power iteration, does it here.

        Args:
            lr: the learning rate of this step.
        """
