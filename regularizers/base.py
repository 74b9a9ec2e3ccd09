"""What every regularizer answers, and what every regularizer's settings have in common."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from regularizers.targets import Target, check_roles, check_unheld, select


class Stateful(Protocol):
    """What a regularizer is made of and must be kept, too, for a training to go on with the same bits."""

    def state(self) -> dict[str, Tensor]:
        """Return the living tensors that are saved and loaded, by name."""

    def prepare(self, state: Mapping[str, Tensor]) -> None:
        """Take on the shapes of a state that is to be loaded; where they cannot be, loading refuses it.

        Args:
            state: of the whole regularizer.
        """


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
        stateful: what it is made of that has a state of its own, as the triplets it follows.
    """

    def __init__(self, targets: Sequence[Target], stateful: Sequence[Stateful] = ()) -> None:
        assert targets, "select() has refused an empty choice"
        self.targets = tuple(targets)
        self._stateful = tuple(stateful)

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
        for part in self._stateful:
            part.prepare(state)
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
        return {name: tensor for part in self._stateful for name, tensor in part.state().items()}


@dataclass(frozen=True, kw_only=True)
class RegularizerSettings(ABC):
    """The hyperparameters of a method, checked when they are made; ``attach`` puts them to work on a model.

    Attributes:
        where: the roles of the weights to hold (``regularizers.targets.ROLES``); None for all weights.
    """

    example: ClassVar[Mapping[str, Any]] = {}
    """Values to begin with, of every hyperparameter that has no default."""

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
