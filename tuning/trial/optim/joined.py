"""What a training asks of an update rule, and several rules over shares of one model as one."""

from collections.abc import Sequence
from typing import Any, Protocol

import torch


class UpdateRule(Protocol):
    """The part of ``torch.optim.Optimizer`` that a training uses."""

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """Parameters and their numbers; ``lr`` may be set before each step."""

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients."""

    def step(self) -> Any:
        """Move the parameters along their gradients."""

    def state_dict(self) -> dict[str, Any]:
        """Return what a training must keep in order to go on with the same bits: tensors and plain values."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up an earlier ``state_dict()``."""


class Joined:
    """Several rules, each over its own share of the parameters, as one rule.

    Args:
        parts: at least one; no parameter is in two of them.
    """

    def __init__(self, parts: Sequence[torch.optim.Optimizer]) -> None:
        self._parts = tuple(parts)

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of all parts, the very dicts."""
        return [group for part in self._parts for group in part.param_groups]

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients.

        Args:
            set_to_none: rather than to zeros.
        """
        for part in self._parts:
            part.zero_grad(set_to_none)

    def step(self) -> None:
        """Take a step with each part."""
        for part in self._parts:
            part.step()

    def state_dict(self) -> dict[str, Any]:
        """Return the parts' states, in their order."""
        return {"parts": [part.state_dict() for part in self._parts]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up an earlier ``state_dict()``.

        Args:
            state_dict: of the same rules over the same architecture.
        """
        for part, state in zip(self._parts, state_dict["parts"], strict=True):
            part.load_state_dict(state)
