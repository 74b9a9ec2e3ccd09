"""Facts about projections that are one function of each weight's matrix."""

import pytest
import torch
from torch import nn

from regularizers import REGULARIZERS

WHOLE = ["spectral_soft_cap", "spectral_hard_cap", "stiefel_projection"]


@pytest.mark.parametrize("name", WHOLE)
def test_small_layers_in_one_call_equal_each_alone(name: str) -> None:
    torch.manual_seed(0)
    stacked = nn.Sequential(*[nn.Linear(6, 9, bias=False) for _ in range(3)])
    alone = [nn.Sequential(nn.Linear(6, 9, bias=False)) for _ in range(3)]
    for twin, layer in zip(alone, stacked, strict=True):
        twin[0].load_state_dict(layer.state_dict())
    for model in (stacked, *alone):
        REGULARIZERS[name](bound=0.5).attach(model).after_step(0.1)
    for twin, layer in zip(alone, stacked, strict=True):
        torch.testing.assert_close(layer.weight, twin[0].weight, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", WHOLE)
def test_a_kernel_is_held_in_its_flat_view_in_any_memory_layout(name: str) -> None:
    results = []
    for layout in (torch.contiguous_format, torch.channels_last):
        torch.manual_seed(0)
        layer = nn.Conv2d(3, 8, 3).to(memory_format=layout)
        REGULARIZERS[name](bound=0.5).attach(layer).after_step(0.1)
        results.append(layer.weight.detach().contiguous())
    torch.testing.assert_close(*results, rtol=1e-4, atol=1e-6)
