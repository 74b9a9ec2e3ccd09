"""Reparametrizing weights, those too of which several stand in one parameter."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from regularizers.targets import Target


def reparametrize(weights: Sequence[tuple[Target, nn.Module]]) -> None:
    """Let a network compute with other tensors than those that are trained.

    Args:
        weights: each with the module that makes the one of the other.

    Raises:
        ValueError: a recurrent module has one of the weights: it computes with its parameters and not with what is
            made of them.
    """
    stacks: dict[tuple[nn.Module, str], list[tuple[Target, nn.Module]]] = {}
    for target, made in weights:
        if isinstance(target.module, nn.RNNBase):
            raise ValueError(
                f"a recurrent module's weights cannot be reparametrized, got {target.name!r}; choose a method that "
                "acts on the trained weights, or leave the module out by its role"
            )
        stacks.setdefault((target.module, target.attribute), []).append((target, made))
    for (module, attribute), members in stacks.items():
        whole = members[0][0].rows is None
        parametrization = members[0][1] if whole else _Stacked([(t.rows, made) for t, made in members])
        parametrize.register_parametrization(module, attribute, parametrization)


class _Stacked(nn.Module):
    """Rows of a parameter, each through a module of its own."""

    def __init__(self, parts: Sequence[tuple[tuple[int, int] | None, nn.Module]]) -> None:
        super().__init__()
        self._rows = [slice(*rows) for rows, _ in parts if rows is not None]
        self.parts = nn.ModuleList([made for _, made in parts])

    def forward(self, stacked: Tensor) -> Tensor:
        return torch.cat([made(stacked[rows]) for rows, made in zip(self._rows, self.parts, strict=True)])
