"""Facts about SRIP."""

import torch
from torch import nn

from regularizers import REGULARIZERS
from tests import oracles


def test_srips_warm_estimate_follows_the_exact_value_from_below_while_training() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(20, 30, bias=False)
    regularizer = REGULARIZERS["srip"](strength=1.0).attach(layer)
    shares = []
    for step in range(200):
        generator = torch.Generator().manual_seed(step)
        layer.weight.data += 0.01 * torch.randn(layer.weight.shape, generator=generator)
        regularizer.after_step(0.1)
        shares.append(regularizer.penalty().item() / oracles.isometry_defect(layer.weight.detach(), strength=1.0))
    assert max(shares) <= 1 + 1e-5
    assert sum(shares) / len(shares) > 0.9
