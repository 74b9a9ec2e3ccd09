"""Facts about the L2 penalty: it is what torch's optimizers do."""

import pytest
import torch

from regularizers import REGULARIZERS
from tests.regularizers.steps import LR, network, train

STRENGTH = 0.3


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_the_l2_penalty_around_sgd_is_the_weight_decay_of_sgd(momentum: float) -> None:
    model, twin = network(), network()
    penalty = REGULARIZERS["l2_penalty"](strength=STRENGTH)
    ours = train(model, torch.optim.SGD(model.parameters(), lr=LR, momentum=momentum), penalty)
    sgd = torch.optim.SGD(twin.parameters(), lr=LR, momentum=momentum, weight_decay=STRENGTH)
    theirs = train(twin, sgd, REGULARIZERS["none"]())
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)


def test_the_l2_penalty_is_half_the_strength_times_the_squared_size() -> None:
    model = network()
    value = REGULARIZERS["l2_penalty"](strength=STRENGTH).attach(model).penalty()
    squares = sum(parameter.square().sum() for parameter in model.parameters())
    assert value.item() == pytest.approx(0.5 * STRENGTH * squares.item(), rel=1e-12)
