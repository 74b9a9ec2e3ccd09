"""What every regularizer answers, and what every regularizer's settings have in common."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from regularizers.targets import Target, check_roles, check_unheld, select


class Regularizer:
    """Holds the weights of one model while it is trained; this one holds them loosely and does nothing.

    The training loop asks the same four questions of every regularizer, the baseline too::

        loss = cross_entropy(model(x), y) + regularizer.penalty()
        loss.backward()
        regularizer.before_step(lr)
        optimizer.step()
        regularizer.after_step(lr)

    A method overrides what it needs. Inside a step none of them reads a Python number out of a tensor, which
    would make a GPU wait for the processor. Attach a regularizer when the model is on its device.

    Args:
        targets: the weights it holds, at least one.
    """

    def __init__(self, targets: Sequence[Target]) -> None:
        assert targets, "select() has refused an empty choice"
        self.targets = tuple(targets)

    def penalty(self) -> Tensor:
        """What is added to the loss.

        Returns:
            A scalar on the weights' device; zero where the method has no penalty.
        """
        return self.targets[0].parameter.new_zeros(())

    def before_step(self, lr: float) -> None:
        """Act on the weights before the optimizer does, as decoupled decay must.

        Args:
            lr: the learning rate of this step.
        """

    def after_step(self, lr: float) -> None:
        """Act on the updated weights, as projections and caps must.

        Args:
            lr: the learning rate of this step.
        """

    def state_dict(self) -> dict[str, Tensor]:
        """What a training must keep in order to go on with the same bits.

        Returns:
            Copies, by name; empty where a method remembers nothing (or remembers it inside the model).
        """
        return {name: tensor.clone() for name, tensor in self._state().items()}

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take up the state of an earlier ``state_dict()``.

        Args:
            state: what ``state_dict()`` of the same regularizer on the same architecture gave.

        Raises:
            ValueError: the names or shapes are not those of this regularizer.
        """
        own = self._state()
        got = {name: tuple(tensor.shape) for name, tensor in state.items()}
        expected = {name: tuple(tensor.shape) for name, tensor in own.items()}
        if got != expected:
            raise ValueError(
                f"state must have the names and shapes {expected}, got {got}; "
                "load what the same regularizer saved on the same architecture"
            )
        for name, tensor in own.items():
            tensor.copy_(state[name])

    def _state(self) -> dict[str, Tensor]:
        """The living tensors that are saved and loaded."""
        return {}


class Projection(Regularizer, ABC):
    """A regularizer that acts on the updated weights, after every so-many-th step.

    The count of steps is part of its state, so that a continued training projects when the uninterrupted one
    does. It is a Python number and never a tensor of a GPU: asking it makes nobody wait.

    Args:
        targets: the weights it holds, at least one.
        every: steps from one projection to the next.
    """

    def __init__(self, targets: Sequence[Target], every: int) -> None:
        super().__init__(targets)
        self._every = every
        self._steps = 0

    @torch.no_grad()
    def after_step(self, lr: float) -> None:
        """Count the step, and project where it is due.

        Args:
            lr: the learning rate of this step.
        """
        self._steps += 1
        if self._steps % self._every == 0:
            self.project(lr)

    @abstractmethod
    def project(self, lr: float) -> None:
        """Bring the updated weights to what the method promises; called without autograd.

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
        return {"steps": torch.tensor(self._steps)}


@dataclass(frozen=True, kw_only=True)
class RegularizerSettings(ABC):
    """The hyperparameters of a method, checked when they are made; ``attach`` puts them to work on a model.

    Attributes:
        where: the roles of the weights to hold (``regularizers.targets.ROLES``); None for all weights.
    """

    where: Sequence[str] | None = None

    @property
    def reparametrizes(self) -> bool:
        """Whether the network computes with another tensor than the one that is trained."""
        return False

    @property
    def raises_norms(self) -> bool:
        """Whether the method may make a spectral norm larger after the step."""
        return False

    def __post_init__(self) -> None:
        if self.where is None:
            return
        if isinstance(self.where, str) or not self.where:  # a bare string is a sequence too, of letters
            raise ValueError(f"where must list roles, got {self.where!r}; write e.g. ['hidden'], or leave it out")
        check_roles(self.where)
        object.__setattr__(self, "where", tuple(self.where))  # a study file brings a list

    @abstractmethod
    def attach(self, model: nn.Module) -> Regularizer:
        """Begin to hold the weights of a model.

        Args:
            model: the network, on its device.
        """

    def check_training(self, learning_rate: float, update_bounds: Mapping[str, float]) -> None:
        """Refuse a training in which the method cannot keep its promise; most keep it in every one.

        Args:
            learning_rate: the largest of the training.
            update_bounds: by role, the largest ‖ΔW‖₂ of a step in units of lr·√(fan_out/fan_in); no entry where
                the optimizer's update has no bound.
        """
        del learning_rate, update_bounds  # only a method whose promise rests on them looks

    def held(self, model: nn.Module) -> list[Target]:
        """The weights of a model that these settings hold.

        Args:
            model: the network.

        Returns:
            At least one target.

        Raises:
            ValueError: nothing matches, a weight would have to be held and cannot be, or one is already
                reparametrized, in torch's present or former way: what a method writes to the trained tensor would not
                arrive in the weight that the network computes with.
        """
        targets = select(model, self.where)
        check_unheld(model, self.where)
        for target in targets:
            if parametrize.is_parametrized(target.module, target.attribute):
                raise ValueError(
                    f"a weight can be reparametrized once, got {target.name!r} which already is; "
                    "attach to a freshly built model"
                )
            if not isinstance(target.parameter, nn.Parameter):
                raise ValueError(
                    f"a weight must be a parameter of its module, got {target.name!r}, which is computed before each "
                    "forward pass, as torch.nn.utils.weight_norm does; attach to a freshly built model"
                )
        return targets


@dataclass(frozen=True, kw_only=True)
class ProjectionSettings(RegularizerSettings):
    """What all methods that act after the step have in common.

    Between two projections the weights are free: by the triangle inequality a norm that was held at b lies
    below b plus the norms of the updates since. What is followed is taken up where the projection before left it.

    Attributes:
        every: steps from one projection to the next, ≥ 1; it acts after steps every, 2·every, …
    """

    every: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count("every", self.every, "1")


def check_number(
    name: str,
    value: float,
    example: str,
    *,
    above: float = -math.inf,
    at_least: float = -math.inf,
    at_most: float = math.inf,
) -> None:
    """Refuse a hyperparameter that is not a finite number of its domain.

    Args:
        name: the hyperparameter's name, for the message.
        value: what came.
        example: a value that would do, for the message.
        above: the value must be greater than this.
        at_least: the value must not be less than this.
        at_most: the value must not be greater than this.

    Raises:
        ValueError: the value is no number, is not finite, or lies outside the domain.

    Example:
        >>> check_number("scale", -1.0, "1.0", above=0)
        Traceback (most recent call last):
        ValueError: scale must be a finite number > 0, got -1.0; choose e.g. 1.0
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and math.isfinite(value) and value > above and at_least <= value <= at_most:
        return
    domain = f" > {above:g}" if above > -math.inf else f" >= {at_least:g}" if at_least > -math.inf else ""
    domain += f" and <= {at_most:g}" if at_most < math.inf else ""
    raise ValueError(f"{name} must be a finite number{domain}, got {value!r}; choose e.g. {example}")


def check_count(name: str, value: int, example: str) -> None:
    """Refuse a hyperparameter that is not a positive whole number.

    Args:
        name: the hyperparameter's name, for the message.
        value: what came.
        example: a value that would do, for the message.

    Raises:
        ValueError: the value is no whole number of at least 1.

    Example:
        >>> check_count("power_iterations", 0, "1")
        Traceback (most recent call last):
        ValueError: power_iterations must be a whole number >= 1, got 0; choose e.g. 1
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} must be a whole number >= 1, got {value!r}; choose e.g. {example}")
