"""Facts about the bound of a whole network's Lipschitz constant."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from models import ARCHITECTURES, import_torchvision
from regularizers import REGULARIZERS
from regularizers.measure import lipschitz_bound, measure
from tests.regularizers.measure.bounds import SHAPE, Of, bound, jacobian, narrow, norm, shaken


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_no_derivative_of_a_shipped_architecture_exceeds_its_bound(name: str) -> None:
    model = narrow(name)
    flat, padded = bound(model), bound(model, view="padded")
    assert norm(jacobian(model, SHAPE)) <= padded <= flat * (1 + 1e-9)
    if name.startswith("resnet"):
        assert padded < 0.9 * flat


def test_the_bound_is_sharp_where_every_layer_stretches_the_same_direction() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)).double()
    for layer in model[::2]:
        layer.weight.data = torch.outer(torch.rand(layer.out_features), torch.rand(layer.in_features)).double()
        layer.bias.data.fill_(9.0)  # nothing is cut off
    for first, second in ((model[0], model[2]), (model[2], model[4])):
        second.weight.data = torch.outer(second.weight[:, 0], first.weight[:, 0]).detach()
    assert bound(model, (5,)) == pytest.approx(norm(jacobian(model, (5,))), rel=1e-9)


@pytest.mark.parametrize("bias", [False, True])
def test_the_bound_of_a_chain_of_linear_maps_is_the_product_of_their_norms(bias: bool) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(7, 9, bias), nn.Linear(9, 4, bias), nn.Linear(4, 6, bias)).double()
    assert bound(model, (7,)) == pytest.approx(math.prod(norm(layer.weight.detach()) for layer in model), rel=1e-12)


def test_a_layer_that_is_used_twice_counts_twice() -> None:
    layer = nn.Linear(4, 4).double()
    model = Of(lambda x, f: f(f(x).relu()), layer)
    assert bound(model, (4,)) == pytest.approx(norm(layer.weight.detach()) ** 2, rel=1e-12)


@pytest.mark.parametrize(
    ("function", "closed_form"),
    [
        (lambda x, f: x + f(x), lambda s: 1 + s),
        (lambda x, f: x - 3 * f(x), lambda s: 1 + 3 * s),
        (lambda x, f: torch.add(x, f(x), alpha=0.5), lambda s: 1 + s / 2),
        (lambda x, f: 5 - f(x) / 4 + f.bias, lambda s: s / 4),
        (lambda x, f: f(x) * f.bias, lambda s: 2 * s),
        (lambda x, f: torch.cat([x, f(x)], 1), lambda s: math.sqrt(1 + s**2)),
        (lambda x, f: torch.stack([x, x, x, x]), lambda s: 2),
        (lambda x, f: x + f(x).mean(dim=1, keepdim=True), lambda s: 1 + s),
        (lambda x, f: f(x)[:, ::2].relu_().reshape(-1), lambda s: s),
    ],
    ids=["sum", "difference", "weighted", "quotient", "constant", "cat", "stack", "broadcast mean", "slice"],
)
def test_branches_add_up_as_in_the_closed_form(function: Callable[..., Tensor], closed_form: Callable) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(4, 4).double()
    layer.bias.data = torch.tensor([1.0, -2.0, 0.5, 0.0], dtype=torch.float64)
    assert bound(Of(function, layer), (4,)) == pytest.approx(closed_form(norm(layer.weight.detach())), rel=1e-12)


def test_sizes_far_beyond_a_number_have_a_logarithm() -> None:
    model = nn.Sequential(*(nn.Linear(1, 1) for _ in range(100)))
    for layer in model:
        layer.weight.data.fill_(1e30)
    assert lipschitz_bound(model, (1,)).log10 == pytest.approx(3000)


def test_what_a_hook_does_is_seen() -> None:
    layer = nn.Linear(4, 4).double()
    plain = bound(layer, (4,))
    layer.register_forward_hook(lambda module, inputs, output: 10 * output)
    assert bound(layer, (4,)) == pytest.approx(10 * plain, rel=1e-12)


def test_norms_that_are_handed_in_are_taken_where_no_batchnorm_follows() -> None:
    torch.manual_seed(0)
    model = shaken(nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 3)))
    plain = bound(model, (4,))
    norms = {name: spectrum.spectral_norm for name, spectrum in measure(model, (4,)).items()}
    assert bound(model, (4,), **norms) == pytest.approx(plain, rel=1e-6)
    assert bound(model, (4,), **{"0": 10 * norms["0"], "2": 10 * norms["2"]}) == pytest.approx(10 * plain, rel=1e-6)


@pytest.mark.parametrize("method", ["spectral_normalization", "weight_normalization"])
def test_reparametrized_weights_are_those_the_network_computes_with(method: str) -> None:
    model = narrow("resnet-small").float().train()
    REGULARIZERS[method]().attach(model)
    for parameter in model.parameters():
        parameter.data.mul_(1.5)
    plain = narrow("resnet-small").float()
    for name, module in plain.named_modules():
        for own, _ in module.named_parameters(recurse=False):
            getattr(module, own).data = getattr(model.get_submodule(name), own).detach()
    expected = lipschitz_bound(plain, SHAPE).log10
    assert lipschitz_bound(model, SHAPE).log10 == pytest.approx(expected, rel=1e-9)
    norms = {name: spectrum.spectral_norm for name, spectrum in measure(model, SHAPE).items()}
    assert lipschitz_bound(model, SHAPE, norms=norms).log10 == pytest.approx(expected, rel=1e-6)


def test_torchvisions_networks_that_work_in_place_are_followed() -> None:
    resnet = import_torchvision().models.resnet
    torch.manual_seed(0)
    model = shaken(resnet.ResNet(resnet.Bottleneck, [1, 1, 1, 1], num_classes=4, width_per_group=4))
    assert norm(jacobian(model, (3, 32, 32))) <= bound(model, (3, 32, 32))


@pytest.mark.parametrize("view", ["flat", "padded"])
def test_the_bound_leaves_no_trace(view: str) -> None:
    model = narrow("resnet-small").float().train()
    nn.utils.parametrizations.spectral_norm(model.layer1[0].conv1)
    nn.utils.parametrizations.weight_norm(model.fc)
    model.layer2[0].bn1.eval()
    model(torch.ones(2, *SHAPE)).sum().backward()
    flags = [module.training for module in model.modules()]
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    gradients = [parameter.grad.clone() for parameter in model.parameters()]
    state = torch.get_rng_state()
    assert lipschitz_bound(model, SHAPE, view=view).log10 is not None
    assert [module.training for module in model.modules()] == flags
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert all(torch.equal(p.grad, g) for p, g in zip(model.parameters(), gradients, strict=True))
    assert torch.equal(torch.get_rng_state(), state)


def test_an_unknown_view_is_refused() -> None:
    with pytest.raises(ValueError, match="view"):
        lipschitz_bound(nn.Linear(2, 2), (2,), view="circular")
