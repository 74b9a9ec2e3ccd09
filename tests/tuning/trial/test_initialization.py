import math

import pytest
import torch

from models import CifarResNetArchitecture, MLPArchitecture
from regularizers import select
from tests.oracles import dense_singular_values
from tuning.trial.initialization import build_initialized

NETS = {
    "mlp": (MLPArchitecture(name="m", depth=4, width=400), (1, 8, 8)),
    "resnet": (CifarResNetArchitecture(name="r", depth=8, width=32), (3, 8, 8)),
}


def weights(name, seed=3):
    architecture, shape = NETS[name[0]]
    return select(build_initialized(architecture, shape, 10, name=name[1], seed=seed))


@pytest.mark.parametrize("net", NETS)
def test_orthogonal_weights_have_all_singular_values_at_the_spectral_condition(net):
    for target in weights((net, "orthogonal")):
        values = dense_singular_values(target.weight)
        expected = torch.full_like(values, math.sqrt(target.fan_out / target.fan_in))
        torch.testing.assert_close(values, expected, rtol=1e-5, atol=0)


@pytest.mark.parametrize("net", NETS)
def test_mup_weights_have_the_spectrum_of_their_gaussian_and_twice_the_condition_at_most(net):
    for target in weights((net, "mup")):
        m, n = target.fan_out, target.fan_in
        expected = min(1.0, math.sqrt(m / n)) / math.sqrt(n)
        assert target.weight.std().item() == pytest.approx(expected, rel=0.1)
        values = dense_singular_values(target.weight)
        short, long = sorted((m, n))
        edges = [math.sqrt(m / n) * (1 + sign * math.sqrt(short / long)) for sign in (1, -1)]
        slack = 0.15 * math.sqrt(m / n)  # edges of finite matrices fluctuate
        assert values[0].item() == pytest.approx(edges[0], abs=slack)
        assert values[-1].item() == pytest.approx(edges[1], abs=slack)


def test_mup_keeps_the_condition_where_torchs_own_initialization_loses_it_with_width():
    def head(name, width):
        architecture = MLPArchitecture(name="m", depth=3, width=width)
        target = select(build_initialized(architecture, (1, 8, 8), 10, name=name, seed=0))[-1]
        return dense_singular_values(target.weight)[0].item() / math.sqrt(target.fan_out / target.fan_in)

    assert head("mup", 1024) / head("mup", 64) == pytest.approx(1.0, abs=0.25)
    assert head("default", 1024) / head("default", 64) > 2


@pytest.mark.parametrize("name", ["default", "orthogonal", "mup"])
def test_the_same_seed_gives_the_same_weights_and_another_seed_others(name):
    first, again, other = (weights(("mlp", name), seed) for seed in (3, 3, 4))
    assert all(torch.equal(a.weight, b.weight) for a, b in zip(first, again, strict=True))
    assert not any(torch.equal(a.weight, b.weight) for a, b in zip(first, other, strict=True))
