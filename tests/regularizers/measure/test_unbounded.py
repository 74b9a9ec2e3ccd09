"""Facts about networks that have no bound."""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from regularizers.measure import lipschitz_bound
from tests.regularizers.measure.bounds import SHAPE, Of, bound, why_not


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
