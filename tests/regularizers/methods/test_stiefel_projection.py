"""Facts about Stiefel projection."""

import pytest
import torch
from torch import nn

from regularizers import REGULARIZERS
from tests import oracles


def test_stiefel_projection_gives_every_singular_value_the_known_size() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(3072, 256, bias=False)
    REGULARIZERS["stiefel_projection"](bound=5.0).attach(layer).after_step(0.1)
    values = oracles.dense_singular_values(layer.weight.detach())
    assert values.max().item() == pytest.approx(1.4434, rel=1e-4)
    assert values.min().item() == pytest.approx(1.4434, rel=1e-4)
