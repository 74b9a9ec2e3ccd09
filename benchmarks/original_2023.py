"""The rival: spectral norm scaling as it was first published, without a memory from step to step."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from regularizers import Regularizer, Target, select

ITERATIONS = 500


class Original2023(Regularizer):
    """W ← W + (σ* − σ₁)u₁v₁ᵀ, with σ₁ by 500 power iterations on WᵀW from a random start, anew at every step.

    What the code of 2023 (https://github.com/phess2/SpecNorm) computes, written anew: the Gram matrix of the flattened
    weight's columns, one target σ* for all weights, shortcuts left out.

    Args:
        targets: the weights.
        norm: σ*.
    """

    def __init__(self, targets: Sequence[Target], norm: float) -> None:
        super().__init__(targets)
        self._norm = norm

    @classmethod
    def attach(cls, model: nn.Module) -> "Original2023":
        """Hold every weight of a model but those of shortcuts.

        Args:
            model: the network, on its device.
        """
        targets = [target for target in select(model) if target.role != "downsample"]
        shape = targets[0].parameter.shape
        return cls(targets, math.sqrt(shape[0] / shape[1]))

    @torch.no_grad()
    def after_step(self, lr: float) -> None:
        """Set the largest singular value of each weight.

        Args:
            lr: the learning rate of this step.
        """
        for target in self.targets:
            scale_cold(target.matrix, self._norm)


def scale_cold(matrix: Tensor, norm: float) -> None:
    """Set the largest singular value of one matrix, in place, from a random start.

    Args:
        matrix: W, (m, n).
        norm: σ*.
    """
    gram = matrix.mT @ matrix
    v = torch.randn(len(gram), dtype=matrix.dtype, device=matrix.device)
    for _ in range(ITERATIONS):
        v = gram @ v
        v = v / torch.linalg.vector_norm(v)
    image = matrix @ v
    sigma = torch.linalg.vector_norm(image)
    matrix.add_((norm - sigma) * torch.outer(image / sigma, v))
