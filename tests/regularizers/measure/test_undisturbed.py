"""Facts about what a measurement leaves as it was."""

import pytest
import torch
from torch import nn

from regularizers.measure import measure
from tests.regularizers.measure.networks import Branched


def test_measuring_gives_back_every_flag_buffer_gradient_and_random_state(branched: Branched) -> None:
    branched.train()
    branched.b.eval()
    branched(torch.ones(3, 2, 8, 6)).sum().backward()
    flags = [module.training for module in branched.modules()]
    before = {name: tensor.clone() for name, tensor in branched.state_dict().items()}
    gradients = [parameter.grad.clone() for parameter in branched.parameters()]
    state = torch.get_rng_state()
    for view in ("flat", "circular", "padded"):
        measure(branched, (2, 8, 6), view)
    assert [module.training for module in branched.modules()] == flags
    assert all(torch.equal(tensor, before[name]) for name, tensor in branched.state_dict().items())
    assert all(torch.equal(p.grad, g) for p, g in zip(branched.parameters(), gradients, strict=True))
    assert torch.equal(torch.get_rng_state(), state)
    assert not branched.a._forward_pre_hooks


def test_flags_and_hooks_are_given_back_when_the_forward_pass_fails(branched: Branched) -> None:
    with pytest.raises(
        ValueError, match=r"input_shape, got 5 × 8 × 6 \(.* 2 channels.*\); give the shape of its images"
    ):
        measure(branched, (5, 8, 6), view="circular")
    assert branched.drop.training
    assert not branched.a._forward_pre_hooks


def test_torchs_own_spectral_norm_is_read_without_moving_its_state() -> None:
    torch.manual_seed(0)
    layer = nn.utils.parametrizations.spectral_norm(nn.Linear(6, 4)).train()
    before = {name: tensor.clone() for name, tensor in layer.state_dict().items()}
    assert measure(nn.Sequential(layer), (6,))["0"].spectral_norm == pytest.approx(1, rel=1e-2)
    assert all(torch.equal(tensor, before[name]) for name, tensor in layer.state_dict().items())
