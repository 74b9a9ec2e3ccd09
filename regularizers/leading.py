"""The leading singular triplets of a model's weights, followed from step to step by warm block power iteration."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from regularizers.base import Regularizer
from regularizers.block import BLOCK, IMAGE_BLOCK, orthonormalizer, start_block, top_coordinates
from regularizers.linear_map import VIEWS, Vectors, circular_products, padded_products
from regularizers.names import check_name
from regularizers.spectrum import leading_direction, start_vector, top_eigenpair
from regularizers.targets import Target, by_shape

_STACKED = 2**12
"""Largest matrix, in entries, that a group of equal shape is copied together for. Larger ones are bound by
memory, and the copy costs more than the calls it saves: on one CPU thread a step over eight 64 × 64 matrices
took 0.15 ms stacked and 0.30 ms one by one, over eight 128 × 128 matrices 0.45 ms and 0.33 ms."""


class Group(ABC):
    """Weights whose products with blocks of vectors are taken in one call.

    Attributes:
        members: the weights, k of them.
        block: what is followed, (k, b, n): rows all but orthonormal, the first of them v₁.
    """

    members: Sequence[Target]
    block: Tensor

    @abstractmethod
    def products(self) -> tuple[Vectors, Vectors]:
        """V ↦ VWᵀ, (k, b, n) → (k, b, m), and Y ↦ YW, with the weights as they are now."""

    @abstractmethod
    def images(self) -> Tensor:
        """Return Wv₁ of each member, (k, m): differentiable in the weights, with v₁ held constant."""

    def state(self) -> dict[str, Tensor]:
        """Return the living tensors by name."""
        return {f"{each.name}.block": rows for each, rows in zip(self.members, self.block.unbind(), strict=True)}

    def adopt(self, state: Mapping[str, Tensor]) -> None:  # ruff: ignore[empty-method-without-abstract-decorator]  a matrix knows its size
        """Make room for a state that is to be loaded, if its size is not known yet.

        Args:
            state: what is to be loaded.
        """


class Matrices(Group):
    """Weights of equal shape in their flat view.

    Args:
        members: the weights.
    """

    def __init__(self, members: Sequence[Target]) -> None:
        self.members = members
        rows = min(BLOCK, *members[0].matrix.shape)
        self.block = torch.stack([start_block(leading_direction(target.matrix), rows) for target in members])

    def products(self) -> tuple[Vectors, Vectors]:
        """V ↦ VWᵀ and Y ↦ YW."""
        matrices = [target.matrix for target in self.members]
        if len(matrices) == 1:
            (matrix,) = matrices
            return lambda block: (block[0] @ matrix.mT).unsqueeze(0), lambda images: (images[0] @ matrix).unsqueeze(0)
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
        self.block = torch.empty(0)
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
            self.block = parameter.new_zeros(1, len(saved), parameter.shape[1] * saved[0, 0].numel())
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


class Leading:
    """The leading triplets of weights of any shapes.

    Args:
        groups: the weights.

    Attributes:
        groups: the same.
        members: the weights in their order, in which norms and amounts are given.
    """

    def __init__(self, groups: Sequence[Group]) -> None:
        self.groups = groups
        self.members = [target for group in groups for target in group.members]
        self._images: list[Tensor] = []  # VWᵀ of the last iteration, and the coordinates of u₁ in it
        self._shares = torch.empty(0)

    def follow(self, iterations: int) -> Tensor:
        """Iterate on the weights as they are now.

        Afterwards Wᵀu₁ = σv₁ holds up to rounding, whatever the estimate is worth, and so σ ≤ σ₁.

        Args:
            iterations: how many, at least 1.

        Returns:
            Their spectral norms, one a member: u₁ᵀWv₁, never above the true ones.
        """
        assert iterations >= 1
        products = [group.products() for group in self.groups]
        for _ in range(iterations):
            images = [forward(group.block) for group, (forward, _) in zip(self.groups, products, strict=True)]
            grams = _padded(images)
            top = top_coordinates(grams)
            backs = [adjoint(image) for image, (_, adjoint) in zip(images, products, strict=True)]
            back_grams = _padded(backs)
            bases = orthonormalizer(back_grams, top).to(backs[0].dtype)
            # A zero weight has no directions: its block stays as it is.
            alive = (back_grams.diagonal(dim1=-2, dim2=-1).sum(-1) > 0).to(backs[0].dtype)[:, None, None]
            parts = zip(self.groups, backs, self._split(bases), self._split(alive), strict=True)
            for group, back, basis, some in parts:
                rows = back.shape[-2]
                group.block.lerp_(basis[:, :rows, :rows] @ back, some)
        lengths = _size(grams, top)
        lengths = torch.where(lengths > 0, lengths, 1)
        self._images, self._shares = images, (top / lengths.unsqueeze(-1)).to(images[0].dtype)
        return (_size(back_grams, top) / lengths).to(images[0].dtype)

    def vectors(self) -> list[tuple[Tensor, Tensor]]:
        """Return u₁ (m,) and v₁ (n,) of each member, as ``follow`` found them last."""
        pairs = zip(self.groups, self._columns(), strict=True)
        return [(u, v) for group, columns in pairs for u, v in zip(columns, group.block[:, 0], strict=True)]

    def add(self, amounts: Tensor) -> None:
        """W ← W + amount · u₁v₁ᵀ, with the vectors that ``follow`` found last; all groups are ``Matrices``.

        Args:
            amounts: one a member.
        """
        for group, columns, some in zip(self.groups, self._columns(), self._split(amounts), strict=True):
            assert isinstance(group, Matrices)
            group.add(columns * some.unsqueeze(-1), group.block[:, 0])

    def state(self) -> dict[str, Tensor]:
        """Return the living tensors by name."""
        return {name: rows for group in self.groups for name, rows in group.state().items()}

    def _columns(self) -> list[Tensor]:
        """u₁ of the members of each group, (k, m)."""
        shares = zip(self._split(self._shares), self._images, strict=True)
        return [(share[:, None, : image.shape[-2]] @ image).squeeze(-2) for share, image in shares]

    def _split(self, together: Tensor) -> Sequence[Tensor]:
        return together.split([len(group.members) for group in self.groups])


def _padded(blocks: Sequence[Tensor]) -> Tensor:
    """XXᵀ of every weight, in one batch: smaller ones have zeros at their ends."""
    grams = [block @ block.mT for block in blocks]
    size = max(gram.shape[-1] for gram in grams)
    return torch.cat([gram if len(gram[0]) == size else F.pad(gram, 2 * (0, size - len(gram[0]))) for gram in grams])


def _size(gram: Tensor, coordinates: Tensor) -> Tensor:
    """‖qX‖ from XXᵀ."""
    squared = (coordinates * (gram.double() @ coordinates.unsqueeze(-1)).squeeze(-1)).sum(-1)
    return squared.clamp(min=0).sqrt()


class Following(Regularizer):
    """A regularizer that follows leading triplets; its state holds one block a weight.

    Args:
        targets: the weights it holds, at least one.
        groups: those of them that are followed.
        rest: what other base classes take.
    """

    def __init__(self, targets: Sequence[Target], groups: Sequence[Group], **rest: int) -> None:
        super().__init__(targets, **rest)
        self.leading = Leading(groups)

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take up the state of an earlier ``state_dict()``.

        Args:
            state: what ``state_dict()`` of the same regularizer on the same architecture gave.
        """
        for group in self.leading.groups:
            group.adopt(state)
        super().load_state_dict(state)

    def _state(self) -> dict[str, Tensor]:
        return {**super()._state(), **self.leading.state()}


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
