import dataclasses

import pytest
import torch

from tuning.settings import Schedule
from tuning.trial.schedules import factor

STEPS = 40


def rates_of(scheduler_of):
    """The learning rates of torch's own scheduler, step by step, from 1."""
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    scheduler = scheduler_of(optimizer)
    rates = []
    for _ in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


TWINS = {
    "constant": (Schedule(), lambda o: torch.optim.lr_scheduler.ConstantLR(o, factor=1.0)),
    "multi_step": (
        Schedule(name="multi_step", milestones=(0.25, 0.75), gamma=0.5),
        lambda o: torch.optim.lr_scheduler.MultiStepLR(o, [10, 30], gamma=0.5),
    ),
    "cosine": (Schedule(name="cosine"), lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, STEPS)),
    "linear": (Schedule(name="linear"), lambda o: torch.optim.lr_scheduler.LinearLR(o, 1.0, 0.0, STEPS)),
}


@pytest.mark.parametrize(("schedule", "twin"), TWINS.values(), ids=TWINS)
def test_a_schedule_follows_torchs_own_step_by_step(schedule, twin):
    ours = [factor(schedule, step / STEPS) for step in range(STEPS)]
    assert ours == pytest.approx(rates_of(twin), abs=1e-12)


@pytest.mark.parametrize(("schedule", "twin"), TWINS.values(), ids=TWINS)
def test_warm_up_is_a_factor_on_every_schedule(schedule, twin):
    warm = dataclasses.replace(schedule, warmup=0.3)
    rise = [min(1.0, step / (0.3 * STEPS)) for step in range(STEPS)]
    expected = [share * rate for share, rate in zip(rise, rates_of(twin), strict=True)]
    assert [factor(warm, step / STEPS) for step in range(STEPS)] == pytest.approx(expected, abs=1e-12)


def test_warm_up_rises_from_zero_in_proportion_and_then_leaves_the_schedule_alone():
    warm, cold = Schedule(name="cosine", warmup=0.5), Schedule(name="cosine")
    assert factor(warm, 0.0) == 0.0
    assert factor(warm, 0.25) == pytest.approx(0.5 * factor(cold, 0.25))
    assert factor(warm, 0.75) == factor(cold, 0.75)
