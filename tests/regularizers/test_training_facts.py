"""Facts about training itself on which the comparison of regularizers rests (Galanti et al., arXiv 2206.05794)."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import models
from regularizers import REGULARIZERS, select

LR, BATCH = 0.1, 3


def rank(matrix: Tensor) -> int:
    values = torch.linalg.svdvals(matrix)
    return int((values > 1e-10 * values[0]).sum())


@pytest.mark.parametrize("strength", [0.0, 0.5])
def test_under_sgd_and_weight_decay_a_step_adds_the_rank_of_its_batch_and_decay_alone_forgets_the_start(
    strength: float,
) -> None:
    torch.manual_seed(0)
    model = models.MLPArchitecture(name="m", depth=3, width=40).build((1, 6, 6), 10).double()
    hidden = select(model, ["hidden"])[0].module
    regularizer = REGULARIZERS["weight_decay"](strength=strength).attach(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=LR)
    start = hidden.weight.detach().clone()
    for step in range(1, 8):
        x, y = torch.randn(BATCH, 1, 6, 6, dtype=torch.float64), torch.randint(10, (BATCH,))
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        regularizer.before_step(LR)
        optimizer.step()
        kept = (1 - LR * strength) ** step
        assert rank(hidden.weight.detach() - kept * start) == BATCH * step


def test_in_a_relu_mlp_without_biases_weights_and_gradients_have_one_inner_product_in_all_layers() -> None:
    torch.manual_seed(0)
    model = models.MLPArchitecture(name="m", depth=5, width=30, bias=False).build((1, 6, 6), 10).double()
    x, y = torch.randn(20, 1, 6, 6, dtype=torch.float64), torch.randint(10, (20,))
    F.cross_entropy(model(x), y).backward()
    products = [(p * p.grad).sum().item() for p in model.parameters()]
    assert len(products) == 5
    assert products == pytest.approx([products[0]] * 5, rel=1e-10)


def test_a_convolution_before_batch_norm_has_no_scale() -> None:
    torch.manual_seed(0)
    model = models.build("resnet-small", (3, 8, 8), 10).double()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 1e-12
    x, y = torch.randn(6, 3, 8, 8, dtype=torch.float64), torch.randint(10, (6,))
    logits = model(x)
    F.cross_entropy(logits, y).backward()
    kernels = [target.parameter for target in select(model, ["first", "conv"])]
    assert len(kernels) == 7
    for kernel in kernels:
        gradient = kernel.grad
        assert (kernel * gradient).sum().abs().item() <= 1e-9 * kernel.norm().item() * gradient.norm().item()
        kernel.data *= 7.3
    torch.testing.assert_close(model(x), logits, rtol=1e-9, atol=1e-9)
