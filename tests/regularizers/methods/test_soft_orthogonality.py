"""Facts about soft orthogonality."""

import torch
from torch import nn

from regularizers import REGULARIZERS


def test_the_gradient_of_soft_orthogonality_is_the_known_one() -> None:
    layer = nn.Linear(4, 7, bias=False, dtype=torch.float64)
    REGULARIZERS["soft_orthogonality"](strength=0.3).attach(layer).penalty().backward()
    W = layer.weight.detach()
    torch.testing.assert_close(layer.weight.grad, 4 * 0.3 * W @ (W.T @ W - torch.eye(4)))
