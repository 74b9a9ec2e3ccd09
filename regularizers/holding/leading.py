"""The leading singular triplets of a model's weights, followed from step to step by warm block power iteration."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from regularizers.base import Regularizer
from regularizers.holding.groups import Convolution, Group, Matrices
from regularizers.linalg.block import orthonormalizer, top_coordinates
from regularizers.linalg.linear_map import VIEWS
from regularizers.names import check_name
from regularizers.targets import Target

_SHORT = 0.25  # of squared lengths of rows that should have length 1


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
            bases = orthonormalizer(back_grams, top)
            # Rows that have nothing to follow, because the weight is zero or of low rank or not finite, begin anew.
            squares = (bases @ back_grams @ bases.mT).diagonal(dim1=-2, dim2=-1)
            bases, following = bases.to(backs[0].dtype), (squares > _SHORT).unsqueeze(-1)
            parts = zip(self.groups, backs, self._split(bases), self._split(following), strict=True)
            for group, back, basis, good in parts:
                rows = back.shape[-2]
                group.block.copy_(torch.where(good[:, :rows], basis[:, :rows, :rows] @ back, group.start))
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
    """XXᵀ of every weight in float64, where fourth powers of σ fit, in one batch: smaller ones end in zeros."""
    grams = [wide @ wide.mT for wide in (block.double() for block in blocks)]
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
            if isinstance(group, Convolution):
                group.adopt(state)
        super().load_state_dict(state)

    def _state(self) -> dict[str, Tensor]:
        return {**super()._state(), **self.leading.state()}


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
