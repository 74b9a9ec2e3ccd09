"""Facts about the spectral hard cap."""

import torch
from torch import nn

from regularizers import REGULARIZERS
from tests.regularizers.layers import rms_norm


def test_the_polynomial_form_holds_a_weight_far_outside_its_range() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(30, 30, bias=False)
    with torch.no_grad():
        layer.weight.mul_(1000)
    REGULARIZERS["spectral_hard_cap"](bound=1.0, form="polynomial").attach(layer).after_step(0.1)
    assert 0.9 < rms_norm(layer) < 1.0110
