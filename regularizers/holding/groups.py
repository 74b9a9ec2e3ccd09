"""Weights in groups, and their products with blocks of vectors."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor, nn

from regularizers.linalg.block import BLOCK, IMAGE_BLOCK, seed_rows, start_block
from regularizers.linalg.lanczos import start_vector, top_eigenpair
from regularizers.linalg.linear_map import Vectors, circular_products, padded_products
from regularizers.spectrum import leading_direction
from regularizers.targets import Target, by_shape

_STACKED = 2**12
"""Largest matrix, in entries, that a group of equal shape is copied together for. Larger ones are bound by
memory, and the copy costs more than the calls it saves: on one CPU thread an iteration with one vector over eight
64 × 64 matrices took 0.15 ms stacked and 0.30 ms one by one, over eight 128 × 128 matrices 0.45 ms and 0.33 ms."""


class Group(ABC):
    """Weights whose products with blocks of vectors are taken in one call.

    Attributes:
        members: the weights, k of them.
        block: what is followed, (k, b, n): rows all but orthonormal, the first of them v₁.
        start: rows to begin anew with, (b, n); the same for all members.
    """

    members: Sequence[Target]
    block: Tensor
    start: Tensor

    @abstractmethod
    def products(self) -> tuple[Vectors, Vectors]:
        """V ↦ VWᵀ, (k, b, n) → (k, b, m), and Y ↦ YW, with the weights as they are now."""

    @abstractmethod
    def images(self) -> Tensor:
        """Return Wv₁ of each member, (k, m): differentiable in the weights, with v₁ held constant."""

    def state(self) -> dict[str, Tensor]:
        """Return the living tensors by name."""
        return {f"{target.name}.block": rows for target, rows in zip(self.members, self.block.unbind(), strict=True)}


class Matrices(Group):
    """Weights of equal shape in their flat view.

    Args:
        members: the weights.
    """

    def __init__(self, members: Sequence[Target]) -> None:
        self.members = members
        rows = min(BLOCK, *members[0].matrix.shape)
        self.block = torch.stack([start_block(leading_direction(target.matrix), rows) for target in members])
        like = members[0].matrix
        self.start = seed_rows(start_vector(like.shape[1], like), rows)

    def products(self) -> tuple[Vectors, Vectors]:
        """V ↦ VWᵀ and Y ↦ YW."""
        matrices = [target.matrix for target in self.members]
        if len(matrices) == 1:
            return _products_in_parts(matrices[0])
        stack = torch.stack(matrices)
        return lambda block: block @ stack.mT, lambda images: images @ stack

    def add(self, columns: Tensor, rows: Tensor) -> None:
        """W ← W + uvᵀ.

        Args:
            columns: u, (k, m).
            rows: v, (k, n).
        """
        matrices = [target.matrix for target in self.members]
        if len(matrices) == 1:
            matrices[0].addr_(columns[0], rows[0])
        else:
            torch._foreach_add_(matrices, list((columns.unsqueeze(-1) * rows.unsqueeze(-2)).unbind()))

    def images(self) -> Tensor:
        """Return Wv₁ of each member, (k, m): differentiable in the weights, with v₁ held constant."""
        matrices = [target.differentiable_matrix for target in self.members]
        if len(matrices) == 1:
            return (matrices[0] @ self.block[0, 0]).unsqueeze(0)
        return (torch.stack(matrices) @ self.block[:, 0].unsqueeze(-1)).squeeze(-1)


class Convolution(Group):
    """One convolution in its circular or padded view, at the size of the images that training gives it.

    The size is seen at the layer's first forward pass in training mode, where v₁ is found by Lanczos' method;
    only there a number is read out of a tensor.

    Args:
        target: the weight, of a ``Conv2d``.
        view: ``"circular"`` or ``"padded"``.
    """

    def __init__(self, target: Target, view: str) -> None:
        self.members = (target,)
        self.block = self.start = torch.empty(0)
        self._view = view
        self._size: tuple[int, int] | None = None
        self._waiting = target.module.register_forward_pre_hook(self._see)

    def products(self) -> tuple[Vectors, Vectors]:
        """V ↦ VAᵀ and Y ↦ YA, where A is the convolution as a map of images."""
        return self._products(self.members[0].weight)

    def images(self) -> Tensor:
        """Return Av₁, (1, m): differentiable in the weight, with v₁ held constant."""
        forward, _ = self._products(self.members[0].parameter)
        return forward(self.block[:, 0])

    def state(self) -> dict[str, Tensor]:
        """Return the block as images, (b, Ci, h, w), by name; nothing before the first forward pass."""
        if self._size is None:
            return {}
        return {name: rows.view(len(rows), -1, *self._size) for name, rows in super().state().items()}

    def adopt(self, state: Mapping[str, Tensor]) -> None:
        """Take the image's size from a state that is to be loaded.

        Args:
            state: what is to be loaded.
        """
        saved = state.get(f"{self.members[0].name}.block")
        if self._size is None and saved is not None and saved.ndim == 4:
            parameter = self.members[0].parameter
            self._size = (saved.shape[2], saved.shape[3])
            length = parameter.shape[1] * saved[0, 0].numel()
            self.block = parameter.new_zeros(1, len(saved), length)
            self.start = seed_rows(start_vector(length, parameter), len(saved))
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
        _, v = top_eigenpair(lambda x: adjoint(forward(x)), start, cycles=8)
        rows = min(IMAGE_BLOCK, len(v), forward(v).numel())
        self.block = start_block(v, rows).unsqueeze(0)
        self.start = seed_rows(start, rows)

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
            if group[0].trained.numel() <= _STACKED:
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
        ValueError: a convolution is not two-dimensional, or dilated; in the padded view, one pads by name or with
            something but zeros.
    """
    cure = 'leave it out by its role, or use view "flat" where the method has one'
    for target in targets:
        module = target.module
        if view != "flat" and isinstance(module, nn.Conv1d | nn.Conv3d):
            raise ValueError(f'view "{view}" is of a Conv2d, got the {type(module).__name__} {target.name!r}; {cure}')
        if view == "flat" or not isinstance(module, nn.Conv2d):
            continue
        if module.dilation != (1, 1):
            raise ValueError(f'view "{view}" needs dilation 1, got {module.dilation} in {target.name!r}; {cure}')
        if view == "padded" and (isinstance(module.padding, str) or module.padding_mode != "zeros"):
            got = f"padding={module.padding!r}, padding_mode={module.padding_mode!r}"
            raise ValueError(f'view "padded" needs a number of zeros as padding, got {got} in {target.name!r}; {cure}')


def _two(pair: tuple[int, ...]) -> tuple[int, int]:
    return pair[0], pair[1]


def _products_in_parts(matrix: Tensor) -> tuple[Vectors, Vectors]:
    """V ↦ VWᵀ by parts of rows and Y ↦ YW by parts of columns, a part for each thread of a CPU.

    A product with eight rows leaves all threads but one idle, a batch of products does not: on two threads those of a
    4000 × 4000 matrix took 4.8 and 4.2 ms in two parts, 5.8 and 7.2 ms whole.
    """
    threads = torch.get_num_threads() if matrix.device.type == "cpu" else 1
    rows = matrix.unflatten(0, (math.gcd(threads, matrix.shape[0]), -1))
    columns = matrix.unflatten(1, (math.gcd(threads, matrix.shape[1]), -1)).transpose(0, 1)

    def forward(block: Tensor) -> Tensor:
        return torch.bmm(block.expand(len(rows), -1, -1), rows.mT).transpose(0, 1).flatten(1).unsqueeze(0)

    def adjoint(images: Tensor) -> Tensor:
        return torch.bmm(images.expand(len(columns), -1, -1), columns).transpose(0, 1).flatten(1).unsqueeze(0)

    return forward, adjoint
