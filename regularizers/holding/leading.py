"""The leading singular triplets of a model's weights, followed from step to step by warm block power iteration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from regularizers.checks import check_known
from regularizers.holding.groups import Convolution, Group, Matrices
from regularizers.linalg.block import orthonormalizer, top_coordinates
from regularizers.linalg.linear_map import VIEWS

_SHORT = 0.25  # of squared lengths of rows that should have length 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Triplets:
    """Leading singular triplets (u₁, σ, v₁) as one iteration left them, with Wᵀu₁ = σv₁ of the weights it saw.

    Attributes:
        norms: σ of each weight, never above its largest singular value.
        right: v₁ of the weights of each group, (k, n).
        images: of each group the images VWᵀ (k, b, m), among which u₁ lies.
        coordinates: of u₁ in them, a row a weight.
    """

    norms: Tensor
    right: Sequence[Tensor]
    images: Sequence[Tensor]
    coordinates: Tensor

    def left(self) -> list[Tensor]:
        """u₁ of the weights of each group, (k, m): computed at each call, as not every method needs them."""
        parts = zip(_split(self.coordinates, self.right), self.images, strict=True)
        return [(part[:, None, : image.shape[-2]] @ image).squeeze(-2) for part, image in parts]

    def vectors(self) -> list[tuple[Tensor, Tensor]]:
        """Return u₁ (m,) and v₁ (n,) of each weight."""
        pairs = zip(self.left(), self.right, strict=True)
        return [(u, v) for columns, rows in pairs for u, v in zip(columns, rows, strict=True)]


class Leading:
    """The leading triplets of weights of any shapes: a part of every method that follows them.

    Args:
        groups: the weights.

    Attributes:
        groups: the same.
        members: the weights in their order, in which norms and amounts are given.
    """

    def __init__(self, groups: Sequence[Group]) -> None:
        self.groups = groups
        self.members = [target for group in groups for target in group.members]

    def follow(self, iterations: int) -> Triplets:
        """Iterate on the weights as they are now.

        Afterwards Wᵀu₁ = σv₁ holds up to rounding, whatever the estimate is worth, and so σ ≤ σ₁.

        Args:
            iterations: how many, at least 1.

        Returns:
            The triplets of all members: σ = u₁ᵀWv₁.
        """
        assert iterations >= 1
        products = [group.products() for group in self.groups]
        for _ in range(iterations):
            images = [forward(group.block) for group, (forward, _) in zip(self.groups, products, strict=True)]
            grams = _padded(images)
            top = top_coordinates(grams)
            backs = [adjoint(image) for image, (_, adjoint) in zip(images, products, strict=True)]
            back_grams = _padded(backs)
            bases = orthonormalizer(back_grams, top)
            # Rows that have nothing to follow, because the weight is zero or of low rank or not finite, begin anew.
            squares = (bases @ back_grams @ bases.mT).diagonal(dim1=-2, dim2=-1)
            bases, following = bases.to(backs[0].dtype), (squares > _SHORT).unsqueeze(-1)
            parts = zip(self.groups, backs, _split(bases, images), _split(following, images), strict=True)
            for group, back, basis, good in parts:
                rows = back.shape[-2]
                # A new block, so that triplets of an earlier step keep theirs.
                group.block = torch.where(good[:, :rows], basis[:, :rows, :rows] @ back, group.start)
        lengths = _size(grams, top)
        lengths = torch.where(lengths > 0, lengths, 1)
        dtype = images[0].dtype
        return Triplets(
            norms=(_size(back_grams, top) / lengths).to(dtype),
            right=[group.block[:, 0] for group in self.groups],
            images=images,
            coordinates=(top / lengths.unsqueeze(-1)).to(dtype),
        )

    def add(self, triplets: Triplets, amounts: Tensor) -> None:
        """W ← W + amount · u₁v₁ᵀ; all groups are ``Matrices``.

        Args:
            triplets: what ``follow`` has returned.
            amounts: one a member.
        """
        parts = zip(self.groups, triplets.left(), triplets.right, _split(amounts, triplets.right), strict=True)
        for group, columns, rows, own in parts:
            assert isinstance(group, Matrices)
            group.add(columns * own.unsqueeze(-1), rows)

    def state(self) -> dict[str, Tensor]:
        """Return the living tensors by name."""
        return {name: rows for group in self.groups for name, rows in group.state().items()}

    def prepare(self, state: Mapping[str, Tensor]) -> None:
        """Take the images' sizes of convolutions from a state that is to be loaded.

        Args:
            state: of the whole regularizer.
        """
        for group in self.groups:
            group.block = group.block.clone()  # what is loaded is written to it, and earlier triplets keep theirs
            if isinstance(group, Convolution):
                group.adopt(state)


def _split(together: Tensor, groups: Sequence[Tensor]) -> Sequence[Tensor]:
    """What is given for all weights, by their groups."""
    return together.split([len(group) for group in groups])


def _padded(blocks: Sequence[Tensor]) -> Tensor:
    """XXᵀ of every weight in float64, where fourth powers of σ fit, in one batch: smaller ones end in zeros."""
    grams = [wide @ wide.mT for wide in (block.double() for block in blocks)]
    size = max(gram.shape[-1] for gram in grams)
    return torch.cat([gram if len(gram[0]) == size else F.pad(gram, 2 * (0, size - len(gram[0]))) for gram in grams])


def _size(gram: Tensor, coordinates: Tensor) -> Tensor:
    """‖qX‖ from XXᵀ."""
    squared = (coordinates * (gram.double() @ coordinates.unsqueeze(-1)).squeeze(-1)).sum(-1)
    return squared.clamp(min=0).sqrt()


def check_rank_one(view: str) -> None:
    """Refuse any view but the flat one, for methods that add a multiple of u₁v₁ᵀ to the weight.

    Args:
        view: what came.

    Raises:
        ValueError: the view is unknown, or not the flat one.
    """
    check_known("view", view, VIEWS)
    if view != "flat":
        raise ValueError(
            f'view must be "flat" where a rank-one matrix is added, got {view!r}, in which u₁v₁ᵀ is no kernel of the '
            "weight's size; spectral_projection and spectral_norm_penalty take this view"
        )
