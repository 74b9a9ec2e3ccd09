"""Facts about the bound of a whole network's Lipschitz constant."""

import dataclasses
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from models import ARCHITECTURES, import_torchvision
from regularizers import REGULARIZERS
from regularizers.linalg.padded_norm import NORM_ERROR
from regularizers.measure import lipschitz_bound, measure
from regularizers.measure.affine_map import overlaps
from tests import oracles

SHAPE = (3, 12, 10)


class Of(nn.Module):
    """A network from a function, with layers to call in it."""

    def __init__(self, function: Callable[..., Tensor], *layers: nn.Module) -> None:
        super().__init__()
        self.function, self.layers = function, nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x, *self.layers)


def bound(model: nn.Module, shape: tuple[int, ...] = SHAPE, view: str = "flat", **norms: float) -> float:
    result = lipschitz_bound(model.double(), shape, view=view, norms=norms)
    assert result.log10 is not None, result.reason
    return 10**result.log10


def why_not(model: nn.Module, shape: tuple[int, ...] = SHAPE) -> str:
    result = lipschitz_bound(model, shape)
    assert result.log10 is None
    return result.reason


def shaken(model: nn.Module) -> nn.Module:
    """BatchNorm as after a training: statistics and scales of all sizes and signs."""
    torch.manual_seed(1)
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.running_mean.normal_()
            module.running_var.uniform_(0.2, 3)
            for parameter in module.parameters():
                parameter.data.normal_()
    return model.double().eval()


def jacobian(model: nn.Module, shape: tuple[int, ...]) -> Tensor:
    """The whole matrix of derivatives at a random image."""
    x = torch.randn(1, *shape, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    return torch.autograd.functional.jacobian(model, x).reshape(-1, x.numel())


def norm(matrix: Tensor) -> float:
    return float(oracles.dense_singular_values(matrix)[0])


def narrow(name: str) -> nn.Module:
    torch.manual_seed(0)
    return shaken(dataclasses.replace(ARCHITECTURES[name], width=6, size="custom").build(SHAPE, 5))


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


CONVOLUTIONS = {
    "3x3": {"kernel_size": 3, "padding": 1},
    "unpadded 5x3": {"kernel_size": (5, 3)},
    "3x3 stride 2": {"kernel_size": 3, "stride": 2, "padding": 1},
    "5x5 stride 3": {"kernel_size": 5, "stride": 3, "padding": 2},
    "dilated": {"kernel_size": 3, "dilation": (2, 3), "stride": (2, 1), "padding": 2},
    "groups": {"kernel_size": 3, "groups": 2, "padding": "same"},
    "larger than the image": {"kernel_size": 9, "padding": 4},
    "2x2 same": {"kernel_size": 2, "padding": "same"},
    "patches": {"kernel_size": 2, "stride": 2},
    "1x1 stride 2": {"kernel_size": 1, "stride": 2},
}


@pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")  # torch copies where the sides differ
@pytest.mark.parametrize("settings", CONVOLUTIONS.values(), ids=CONVOLUTIONS)
def test_no_convolution_exceeds_its_flat_bound_and_without_overlaps_it_is_the_norm(settings: dict) -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(4, 6, **settings).double()
    for sign in (torch.randn_like(layer.weight), torch.ones_like(layer.weight)):  # equal taps make overlaps add up
        layer.weight.data = sign
        exact, found = norm(jacobian(layer, (4, 8, 6))), bound(layer, (4, 8, 6))
        assert exact <= found * (1 + 1e-12)
        if max(layer.kernel_size) <= min(layer.stride):
            assert found == pytest.approx(exact, rel=1e-12)


def test_the_padded_view_is_the_norm_of_the_convolution_and_not_below_it() -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(3, 4, 3, stride=2, padding=1).double()
    exact = norm(jacobian(layer, (3, 9, 8)))
    assert exact <= bound(layer, (3, 9, 8), view="padded") <= exact * (1 + 1.01 * NORM_ERROR)


SEEN_IN_PART = {
    "padding alone": ({"kernel_size": 1, "stride": 2, "padding": 1}, (1, 1)),
    "one tap of each patch": ({"kernel_size": 2, "stride": 2, "padding": 1}, (2, 2)),
    "a row of each patch": ({"kernel_size": (3, 1), "stride": (3, 1), "padding": (2, 0)}, (2, 4)),
}


@pytest.mark.parametrize(("settings", "size"), SEEN_IN_PART.values(), ids=SEEN_IN_PART)
def test_a_kernel_that_meets_padding_wherever_it_lies_has_no_norm_of_the_whole_kernel(
    settings: dict, size: tuple[int, int]
) -> None:
    torch.manual_seed(0)
    layer, shape = nn.Conv2d(2, 3, **settings).double(), (2, *size)
    exact = norm(jacobian(layer, shape))
    found = lipschitz_bound(layer, shape, view="padded")
    assert (0.0 if found.log10 is None else 10**found.log10) == pytest.approx(exact, rel=1.1 * NORM_ERROR)
    assert bound(layer, shape) > exact * 1.01


@pytest.mark.parametrize("factor", [1e-200, 1e200])
def test_the_bound_of_a_float64_layer_holds_at_any_size(factor: float) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(5, 4).double()
    unit = lipschitz_bound(layer, (5,)).log10
    layer.weight.data *= factor
    assert lipschitz_bound(layer, (5,)).log10 == pytest.approx(unit + math.log10(factor), abs=1e-9)


@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize("s", [1, 2, 3, 4])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_overlaps_are_counted_as_windows_are_laid(k: int, s: int, d: int) -> None:
    for n in (d * (k - 1) + 1, 40):
        windows = (n - d * (k - 1) - 1) // s + 1
        reads = torch.zeros(n, dtype=torch.int64)
        for i in range(windows):
            reads[i * s : i * s + d * (k - 1) + 1 : d] += 1
        counted = overlaps((k,), (s,), (d,), (windows,))
        assert counted >= reads.max()
        assert counted == reads.max() or n < 40


@pytest.mark.parametrize(
    "pool",
    [
        nn.AvgPool2d(2),
        nn.AvgPool2d(3, stride=2, padding=1),
        nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False, ceil_mode=True),
        nn.AvgPool2d((3, 2), stride=1),
        nn.AdaptiveAvgPool2d((1, 1)),
        nn.AdaptiveAvgPool2d((5, None)),
        Of(lambda x: x.mean((2, 3))),
    ],
    ids=["halving", "overlapping", "counted at the border", "oblong", "global", "adaptive", "mean"],
)
def test_an_average_has_its_own_norm(pool: nn.Module) -> None:
    assert bound(pool, (2, 8, 7)) == pytest.approx(norm(jacobian(pool, (2, 8, 7))), rel=1e-9)


def test_a_maximum_repeats_an_entry_as_often_as_windows_share_it() -> None:
    assert bound(nn.MaxPool2d(3, stride=2, padding=1)) == pytest.approx(2)
    assert bound(nn.MaxPool2d(2)) == pytest.approx(1)
    peak = torch.zeros(1, 1, 5, 5)
    peak[0, 0, 1, 1] = 1.0
    assert functional.max_pool2d(peak, 3, stride=2, padding=1).norm() == 2


_FLAT = (
    nn.ReLU,
    nn.ReLU6,
    nn.LeakyReLU,
    nn.ELU,
    nn.PReLU,
    nn.Tanh,
    nn.Hardtanh,
    nn.Softplus,
    nn.Softsign,
    nn.LogSigmoid,
)
_STEEP = (nn.SELU, nn.GELU, nn.SiLU, nn.Mish, nn.Hardswish, nn.Hardsigmoid, nn.Sigmoid)
ACTIVATIONS = {kind.__name__: kind() for kind in (*_FLAT, *_STEEP)}
ACTIVATIONS |= {"falling Softplus": nn.Softplus(-2.0), "quick Softplus": nn.Softplus(5.0, 15.0)}
ACTIVATIONS |= {"GELU tanh": nn.GELU("tanh"), "steep LeakyReLU": nn.LeakyReLU(-3.0), "steep ELU": nn.ELU(2.0)}


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_an_activation_has_its_largest_slope(activation: nn.Module) -> None:
    x = torch.linspace(-12, 12, 24001, dtype=torch.float64).requires_grad_()
    (slopes,) = torch.autograd.grad(activation.double()(x).sum(), x)
    assert 1 - 1e-3 <= slopes.abs().max() / bound(activation, (3,)) <= 1


def test_batchnorm_is_taken_into_the_layer_in_front() -> None:
    torch.manual_seed(0)
    for layer, batch_norm, shape, overlap in (
        (nn.Linear(5, 4), nn.BatchNorm1d(4), (5,), 1),
        (nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), SHAPE, 3),
    ):
        model = shaken(nn.Sequential(layer, batch_norm))
        scale = (batch_norm.weight / (batch_norm.running_var + batch_norm.eps).sqrt()).detach()
        folded = overlap * norm(scale[:, None] * layer.weight.detach().flatten(1))
        apart = scale.abs().max().item() * bound(layer, shape)
        assert bound(model, shape) == pytest.approx(folded, rel=1e-12)
        assert folded < apart
        assert norm(jacobian(model, shape)) <= folded * (1 + 1e-12)


def test_batchnorm_alone_is_its_largest_scale() -> None:
    model = shaken(nn.Sequential(nn.BatchNorm2d(3, affine=False), nn.ReLU(), nn.BatchNorm2d(3)))
    first, second = (norm(jacobian(model[i], (3, 2, 2))) for i in (0, 2))
    assert bound(model, (3, 2, 2)) == pytest.approx(first * second, rel=1e-12)


def test_batchnorm_over_another_dimension_than_the_layers_outputs_is_not_taken_into_it() -> None:
    model = shaken(nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4)))
    assert norm(jacobian(model, (4, 5))) <= bound(model, (4, 5))
    largest = norm(jacobian(model[1], (4, 4)))
    assert bound(model, (4, 5)) == pytest.approx(largest * norm(model[0].weight.detach()), rel=1e-12)


def in_place(x: Tensor) -> Tensor:
    x.mul_(3.0)
    return x


def through_another_tensor(x: Tensor) -> Tensor:
    sums = torch.zeros(1, 4, dtype=x.dtype)
    sums.add_(x)
    return x + sums


UNBOUNDED = {
    "layer_norm": nn.LayerNorm(4),
    "softmax": nn.Softmax(1),
    "product of two functions": Of(lambda x: x * x),
    "division": Of(lambda x: x / x),
    "__rtruediv__": Of(lambda x: 1 / x),
    "dropout in training": Of(lambda x: functional.dropout(x, 0.1)),
    "Tensor.gt": Of(lambda x: x if x.mean() > 0 else 2 * x),
    "in place": Of(in_place),
    "writes into": Of(through_another_tensor),
    "detach": Of(lambda x: x + x.detach()),
    "beta 0 and": nn.Softplus(0.0),
    "threshold -1 has": nn.Softplus(threshold=-1.0),
    "threshold 3 has": nn.Softplus(threshold=3.0),
    "indexing": Of(lambda x: x[:, [0, 0, 0]]),
    "numpy": Of(lambda x: torch.from_numpy(x.numpy())),
    "one tensor": Of(lambda x: (x, x)),
    "computed from the image": Of(lambda x: torch.ones(3)),
    "with these arguments": Of(lambda x: torch.div(x, 3, rounding_mode="floor")),
    "image's own type": Of(lambda x: x.view(torch.int32)),
    "clamp": Of(lambda x: torch.clamp(x, max=x)),
}


@pytest.mark.parametrize(("word", "model"), UNBOUNDED.items(), ids=UNBOUNDED)
def test_what_has_no_known_constant_has_no_bound_and_a_reason(word: str, model: nn.Module) -> None:
    assert word in why_not(model, (4,))


def test_layers_without_a_bound_say_which_they_are() -> None:
    assert "running statistics" in why_not(nn.BatchNorm2d(3, track_running_stats=False))
    assert '"reflect"' in why_not(nn.Conv2d(3, 3, 3, padding=1, padding_mode="reflect"))
    assert "conv_transpose2d" in why_not(nn.ConvTranspose2d(3, 3, 3))
    grouped = lipschitz_bound(nn.Conv2d(3, 3, 3, groups=3), SHAPE, view="padded")
    assert grouped.log10 is None
    assert "groups" in grouped.reason


@pytest.mark.parametrize(("value", "word"), [(0.0, "zero"), (math.nan, "finite"), (math.inf, "finite")], ids=str)
def test_a_weight_that_is_zero_or_not_finite_leaves_no_bound(value: float, word: str) -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
    model[2].weight.data.fill_(value)
    assert word in why_not(model, (4,))


def test_a_branch_of_zero_leaves_the_other_branch() -> None:
    layer = nn.Linear(4, 4)
    layer.weight.data.zero_()
    assert bound(Of(lambda x, f: x + f(x), layer), (4,)) == 1


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
