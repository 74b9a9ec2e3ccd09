"""Newton–Schulz orthogonalization of stacks of matrices."""

import torch
from torch import Tensor

from tuning.settings import NewtonSchulz
from tuning.trial.optim.mean_gradient import unit_size


def orthogonalized(stack: Tensor, coefficients: NewtonSchulz) -> Tensor:
    """Return each matrix with its singular values brought near 1: an approximate polar factor UVᵀ.

    X ← G/‖G‖_F, and then X ← aX + b(XXᵀ)X + c(XXᵀ)²X for each step's (a, b, c). What the values end up as depends on
    σ/‖G‖_F alone and lies in [`low`, `high`] where that is at least 0.01, never above `high`; what is approximate is
    thus the length along each singular direction, not the directions. Of a zero matrix it is zero.

    Computed in the matrices' own precision. (Published implementations use bfloat16, whose rounding adds a percent.)

    Args:
        stack: (k, m, n).
        coefficients: the steps.

    Returns:
        (k, m, n).

    Example:
        >>> from tuning.settings import NEWTON_SCHULZ
        >>> orthogonalized(torch.diag(torch.tensor([3.0, 1.0]))[None], NEWTON_SCHULZ["jiacheng"]).round(decimals=2)
        tensor([[[1., 0.],
                 [0., 1.]]])
    """
    tall = stack.shape[-2] > stack.shape[-1]
    X = unit_size(stack.mT if tall else stack)  # XXᵀ is then the smaller of the two Gram matrices
    X = X / torch.linalg.vector_norm(X, dim=(-2, -1), keepdim=True).clamp(min=1.0)
    for a, b, c in coefficients.steps:
        gram = torch.bmm(X, X.mT)
        X = torch.baddbmm(X, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), X, beta=a)
    return X.mT if tall else X
