"""The leading singular triplets of a model's weights, followed from step to step by warm power iteration."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from regularizers.base import Regularizer
from regularizers.linear_map import VIEWS, Vectors, circular_products, padded_products
from regularizers.names import check_name
from regularizers.spectrum import leading_direction, power_iteration, start_vector, top_eigenpair, top_triplet
from regularizers.targets import Target, by_shape

_STACKED = 2**12
"""Largest matrix, in entries, that a group of equal shape is copied together for. Larger ones are bound by
memory, and the copy costs more than the calls it saves: on one CPU thread a step over eight 64 × 64 matrices
took 0.15 ms stacked and 0.30 ms one by one, over eight 128 × 128 matrices 0.45 ms and 0.33 ms."""


class Group(Protocol):
    """Weights whose leading triplets are found in one call."""

    members: Sequence[Target]

    def follow(self, iterations: int) -> Tensor:
        """Iterate on the weights as they are now, and return their spectral norms (k,), never above the true."""

    def images(self) -> Tensor:
        """Return Wv of each member, (k, m): differentiable in the weights, with v held constant."""

    def state(self) -> dict[str, Tensor]:
        """Return the living tensors by name."""

    def adopt(self, state: Mapping[str, Tensor]) -> None:
        """Make room for a state that is to be loaded, if its size is not known yet."""


class Matrices:
    """Weights of equal shape in their flat view.

    Args:
        members: the weights.
    """

    def __init__(self, members: Sequence[Target]) -> None:
        self.members = members
        self._v = torch.stack([leading_direction(target.matrix) for target in members])
        self._u = torch.empty(0)

    def follow(self, iterations: int) -> Tensor:
        """Iterate on the weights as they are now.

        Args:
            iterations: how many, at least 1.

        Returns:
            Their spectral norms (k,), never above the true ones.
        """
        if len(self.members) == 1:
            u, sigma, v = top_triplet(self.members[0].matrix, self._v[0], iterations)
            self._u, sigma = u.unsqueeze(0), sigma.unsqueeze(0)
        else:
            matrices = torch.stack([target.matrix for target in self.members])
            self._u, sigma, v = top_triplet(matrices, self._v, iterations)
        self._v.copy_(v)
        return sigma

    def add_leading(self, amounts: Tensor) -> None:
        """W ← W + amount · u₁v₁ᵀ, with the vectors that ``follow`` found last.

        Args:
            amounts: one a member, (k,).
        """
        matrices = [target.matrix for target in self.members]
        u = self._u * amounts.unsqueeze(-1)
        if len(matrices) == 1:
            matrices[0].addr_(u[0], self._v[0])
        else:
            torch._foreach_add_(matrices, list((u.unsqueeze(-1) * self._v.unsqueeze(-2)).unbind()))

    def images(self) -> Tensor:
        """Return Wv of each member, (k, m): differentiable in the weights, with v held constant."""
        matrices = [target.differentiable_matrix for target in self.members]
        if len(matrices) == 1:
            return (matrices[0] @ self._v[0]).unsqueeze(0)
        return (torch.stack(matrices) @ self._v.unsqueeze(-1)).squeeze(-1)

    def state(self) -> dict[str, Tensor]:
        """Return the right vectors by name."""
        return {f"{target.name}.v": row for target, row in zip(self.members, self._v.unbind(), strict=True)}

    def adopt(self, state: Mapping[str, Tensor]) -> None:
        """Nothing: a matrix knows its size.

        Args:
            state: what is to be loaded.
        """


class Convolution:
    """One convolution in its circular or padded view, at the size of the images that training gives it.

    The size is seen at the layer's first forward pass in training mode, where v is found by Lanczos' method;
    only there a number is read out of a tensor.

    Args:
        target: the weight, of a ``Conv2d``.
        view: ``"circular"`` or ``"padded"``.
    """

    def __init__(self, target: Target, view: str) -> None:
        self.members: Sequence[Target] = (target,)
        self._view = view
        self._size: tuple[int, int] | None = None
        self._v = torch.empty(0)
        self._waiting = target.module.register_forward_pre_hook(self._see)

    def follow(self, iterations: int) -> Tensor:
        """Iterate on the weight as it is now.

        Args:
            iterations: how many, at least 1.

        Returns:
            Its spectral norm (1,), never above the true one.
        """
        forward, adjoint = self._products(self.members[0].weight)
        _, sigma, v = power_iteration(forward, adjoint, self._v, iterations)
        self._v.copy_(v)
        return sigma.unsqueeze(0)

    def images(self) -> Tensor:
        """Return Wv, (1, m): differentiable in the weight, with v held constant."""
        forward, _ = self._products(self.members[0].parameter)
        return forward(self._v).unsqueeze(0)

    def state(self) -> dict[str, Tensor]:
        """Return the right vector, (Ci, h, w), by name; nothing before the first forward pass."""
        if self._size is None:
            return {}
        return {f"{self.members[0].name}.v": self._v.view(-1, *self._size)}

    def adopt(self, state: Mapping[str, Tensor]) -> None:
        """Take the image's size from a state that is to be loaded.

        Args:
            state: what is to be loaded.
        """
        saved = state.get(f"{self.members[0].name}.v")
        if self._size is None and saved is not None and saved.ndim == 3:
            parameter = self.members[0].parameter
            self._size = (saved.shape[1], saved.shape[2])
            self._v = parameter.new_zeros(parameter.shape[1] * self._size[0] * self._size[1])
            self._waiting.remove()

    @torch.no_grad()
    def _see(self, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if not module.training:  # a measurement may come before the first step, and must change nothing
            return
        self._waiting.remove()
        self._size = (inputs[0].shape[-2], inputs[0].shape[-1])
        weight = self.members[0].weight
        forward, adjoint = self._products(weight)
        start = start_vector(weight.shape[1] * self._size[0] * self._size[1], weight)
        _, self._v = top_eigenpair(lambda x: adjoint(forward(x)), start, cycles=8)

    def _products(self, weight: Tensor) -> tuple[Vectors, Vectors]:
        target = self.members[0]
        if self._size is None:
            raise ValueError(
                f"the {self._view} view of a weight is known after a forward pass in training mode, got none "
                f"through {target.name!r}; run the model first, or leave the layer out by its role"
            )
        if self._view == "circular":
            return circular_products(weight, self._size)
        module = target.module
        assert isinstance(module, nn.Conv2d)
        assert not isinstance(module.padding, str), "check_convolutions has refused it"
        return padded_products(weight, self._size, _two(module.stride), _two(module.padding))


class Following(Regularizer):
    """A regularizer that follows leading triplets; its state holds one vector a weight.

    Args:
        targets: the weights it holds, at least one.
        groups: the same weights in groups.
        rest: what other base classes take.
    """

    def __init__(self, targets: Sequence[Target], groups: Sequence[Group], **rest: int) -> None:
        super().__init__(targets, **rest)
        self._groups = groups

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take up the state of an earlier ``state_dict()``.

        Args:
            state: what ``state_dict()`` of the same regularizer on the same architecture gave.
        """
        for group in self._groups:
            group.adopt(state)
        super().load_state_dict(state)

    def _state(self) -> dict[str, Tensor]:
        vectors = {name: vector for group in self._groups for name, vector in group.state().items()}
        return {**super()._state(), **vectors}


def groups_of(targets: Sequence[Target], view: str) -> list[Group]:
    """The weights in groups: each convolution alone in a view of images, everything else by shape.

    A ``Linear`` is its matrix in every view.

    Args:
        targets: the weights.
        view: a name of ``VIEWS``.

    Returns:
        Groups that hold each weight once.
    """
    seen_as_image = [t for t in targets if view != "flat" and isinstance(t.module, nn.Conv2d)]
    matrices = [t for t in targets if t not in seen_as_image]
    return [*flat_groups(matrices), *(Convolution(target, view) for target in seen_as_image)]


def flat_groups(targets: Sequence[Target]) -> list[Matrices]:
    """The weights in their flat view: small ones of equal shape together, large ones each alone.

    Args:
        targets: the weights.

    Returns:
        Groups that hold each weight once.
    """

    def parts() -> Iterator[list[Target]]:
        for group in by_shape(targets):
            if group[0].parameter.numel() <= _STACKED:
                yield group
            else:
                yield from ([target] for target in group)

    return [Matrices(part) for part in parts()]


def check_convolutions(targets: Sequence[Target], view: str) -> None:
    """Refuse convolutions that a view of images does not describe.

    Args:
        targets: the weights.
        view: a name of ``VIEWS``.

    Raises:
        ValueError: a convolution is dilated; in the padded view, one pads by name or with something but zeros.
    """
    for target in targets:
        module = target.module
        if view == "flat" or not isinstance(module, nn.Conv2d):
            continue
        if module.dilation != (1, 1):
            raise ValueError(
                f'view "{view}" needs dilation 1, got {module.dilation} in {target.name!r}; use view "flat"'
            )
        if view == "padded" and (isinstance(module.padding, str) or module.padding_mode != "zeros"):
            got = f"padding={module.padding!r}, padding_mode={module.padding_mode!r}"
            raise ValueError(
                f'view "padded" needs a number of zeros as padding, got {got} in {target.name!r}; use view "flat"'
            )


def check_rank_one(view: str) -> None:
    """Refuse any view but the flat one, for methods that add a multiple of u₁v₁ᵀ to the weight.

    Args:
        view: what came.

    Raises:
        ValueError: the view is unknown, or not the flat one.
    """
    check_name("view", view, VIEWS)
    if view != "flat":
        raise ValueError(
            f'view must be "flat" where a rank-one matrix is added, got {view!r}, in which u₁v₁ᵀ is no kernel of the '
            "weight's size; spectral_projection and spectral_norm_penalty take this view"
        )


def _two(pair: tuple[int, ...]) -> tuple[int, int]:
    return pair[0], pair[1]
