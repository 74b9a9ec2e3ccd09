"""Facts about the norms of a network's Jacobians."""

import math

import pytest
import torch
from torch import Tensor, nn

from models import CifarResNetArchitecture
from regularizers.measure import jacobian_norms


def network(classes: int, dtype: torch.dtype = torch.float64) -> nn.Module:
    torch.manual_seed(0)
    built = CifarResNetArchitecture(name="x", depth=8, width=5).build((2, 6, 5), classes)
    for module in built.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_var.uniform_(0.2, 3)
            module.weight.data.normal_()
    return built.to(dtype)


def images(count: int = 5, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(count, 2, 6, 5, generator=torch.Generator().manual_seed(1), dtype=dtype)


def dense_norms(model: nn.Module, x: Tensor) -> Tensor:
    """Every Jacobian whole, image by image."""
    model.eval()
    matrices = [torch.autograd.functional.jacobian(model, image[None]).reshape(-1, image.numel()) for image in x]
    return torch.linalg.svdvals(torch.stack(matrices))[:, 0]


def test_the_norm_is_exact_for_up_to_ten_classes() -> None:
    for classes in (2, 10):
        model, x = network(classes), images()
        torch.testing.assert_close(jacobian_norms(model.train(), x), dense_norms(model, x), rtol=1e-10, atol=0)


def test_the_norm_of_many_classes_is_found_from_below() -> None:
    model, x = network(60), images()
    exact, found = dense_norms(model, x), jacobian_norms(model, x)
    assert (found <= exact * (1 + 1e-12)).all()
    assert (found >= exact * (1 - 1e-3)).all()


def test_a_longer_basis_finds_no_less_and_at_last_the_norm_itself() -> None:
    torch.manual_seed(0)
    layer, x = nn.Linear(40, 30).double(), torch.zeros(1, 40, dtype=torch.float64)
    found = torch.cat([jacobian_norms(layer, x, basis=k) for k in (1, 2, 4, 8, 16, 29)])
    assert (found.diff() >= 0).all()
    assert found[-1].item() == pytest.approx(torch.linalg.matrix_norm(layer.weight, 2).item(), rel=1e-10)


@pytest.mark.parametrize("outputs", [4, 20])
@pytest.mark.parametrize(("factor", "dtype"), [(1e-30, torch.float32), (1e30, torch.float32), (1e200, torch.float64)])
def test_the_norm_holds_where_its_square_is_beyond_the_numbers(outputs: int, factor: float, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    layer, x = nn.Linear(12, outputs).to(dtype), torch.zeros(2, 12, dtype=dtype)
    unit = jacobian_norms(layer, x)
    layer.weight.data *= factor
    torch.testing.assert_close(jacobian_norms(layer, x) / factor, unit, rtol=1e-5, atol=0)


def test_outputs_that_move_in_few_directions_leave_no_room_for_noise() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 2), nn.Linear(2, 30))
    x = torch.randn(4, 6)
    exact = torch.linalg.matrix_norm(model[1].weight @ model[0].weight, 2).expand(4)
    torch.testing.assert_close(jacobian_norms(model, x), exact, rtol=1e-5, atol=0)
    model[1].weight.data.zero_()
    assert jacobian_norms(model, x).tolist() == [0.0] * 4


def test_chunks_change_nothing() -> None:
    for classes in (4, 20):
        model, x = network(classes), images(7)
        torch.testing.assert_close(jacobian_norms(model, x, chunk=3), jacobian_norms(model, x), rtol=1e-12, atol=0)


def test_functions_that_work_in_place_on_the_image_are_looked_at_too() -> None:
    x = torch.tensor([[3.0, -1.0]])
    assert jacobian_norms(nn.Sequential(nn.ReLU(inplace=True), nn.Linear(2, 1)), x).isfinite().all()
    assert x.tolist() == [[3.0, -1.0]]


def test_an_image_that_breaks_the_network_spoils_no_other() -> None:
    x = torch.tensor([[1.0], [math.nan], [4.0]])

    class Root(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.sqrt()

    norms = jacobian_norms(Root(), x)
    assert norms[[0, 2]].tolist() == [0.5, 0.25]
    assert norms[1].isnan()


@pytest.mark.parametrize("classes", [4, 20])
def test_the_norms_leave_no_trace(classes: int) -> None:
    model, x = network(classes, torch.float32).train(), images(dtype=torch.float32)
    model.bn1.eval()
    nn.utils.parametrizations.spectral_norm(model.fc)
    model(x).sum().backward()
    flags = [module.training for module in model.modules()]
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    gradients = [parameter.grad.clone() for parameter in model.parameters()]
    state = torch.get_rng_state()
    with torch.no_grad():
        assert not jacobian_norms(model, x).requires_grad
    assert [module.training for module in model.modules()] == flags
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert all(torch.equal(p.grad, g) for p, g in zip(model.parameters(), gradients, strict=True))
    assert torch.equal(torch.get_rng_state(), state)
    assert not x.requires_grad
