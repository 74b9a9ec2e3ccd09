"""Facts about weight decay: it is what torch's optimizers do."""

import torch

from regularizers import REGULARIZERS
from tests.regularizers.steps import LR, network, train

STRENGTH = 0.3


def test_decay_around_adam_is_adamw_bit_for_bit() -> None:
    model, twin = network(), network()
    decay = REGULARIZERS["weight_decay"](strength=STRENGTH)
    ours = train(model, torch.optim.Adam(model.parameters(), lr=LR), decay)
    adamw = torch.optim.AdamW(twin.parameters(), lr=LR, weight_decay=STRENGTH)
    theirs = train(twin, adamw, REGULARIZERS["none"]())
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_decay_around_sgd_without_momentum_is_the_weight_decay_of_sgd() -> None:
    model, twin = network(), network()
    decay = REGULARIZERS["weight_decay"](strength=STRENGTH)
    ours = train(model, torch.optim.SGD(model.parameters(), lr=LR), decay)
    sgd = torch.optim.SGD(twin.parameters(), lr=LR, weight_decay=STRENGTH)
    theirs = train(twin, sgd, REGULARIZERS["none"]())
    torch.testing.assert_close(ours, theirs, rtol=1e-13, atol=1e-15)


def test_decay_around_sgd_with_momentum_is_not_the_weight_decay_of_sgd() -> None:
    model, twin = network(), network()
    decay = REGULARIZERS["weight_decay"](strength=STRENGTH)
    ours = train(model, torch.optim.SGD(model.parameters(), lr=LR, momentum=0.9), decay)
    sgd = torch.optim.SGD(twin.parameters(), lr=LR, momentum=0.9, weight_decay=STRENGTH)
    theirs = train(twin, sgd, REGULARIZERS["none"]())
    assert (ours[0] - theirs[0]).abs().max() > 1e-3
