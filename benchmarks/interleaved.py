"""Timing of many contenders against one reference, taking turns, because machines are noisy and drift."""

import random
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

REFERENCE = "none"
AGAIN = f"{REFERENCE}, once more"
"""The reference as a contender: how far its ratio is from 1 is the noise."""

_BETWEEN = 3  # contenders from one run of the reference to the next
_LASTING = 0.1  # seconds a run should take, in as many steps as it needs
_QUICK = 2  # times the reference's step: of what is slower, a few per cent do not matter


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How long a contender's step took.

    Attributes:
        seconds: of a step, one entry a run.
        ratios: to the mean of the reference's runs just before and just after, one entry a run.
    """

    seconds: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The median ratio to the reference."""
        return statistics.median(self.ratios)

    @property
    def quartiles(self) -> tuple[float, float]:
        """The first and the third quartile of the ratios; of a single run its ratio."""
        if len(self.ratios) == 1:
            return self.ratios[0], self.ratios[0]
        low, _, high = statistics.quantiles(self.ratios, n=4, method="inclusive")
        return low, high

    def plain(self) -> dict[str, Any]:
        """Return all of it for JSON, in four digits."""
        return {name: [float(f"{value:.4g}") for value in values] for name, values in asdict(self).items()}


def interleave(
    contenders: Mapping[str, Callable[[], object]],
    wait: Callable[[], None],
    *,
    budget: float,
    rounds: int = 3,
    patience: float = 30.0,
    reference: str = REFERENCE,
) -> dict[str, Timing]:
    """Time a step of each contender, in rounds of shuffled order, the reference between every few of them.

    Every contender takes one step first, to warm up. One that needs more than ``patience`` for it is not run again:
    that step is its timing. One that needs more than twice the reference's takes part in the first rounds alone.

    Args:
        contenders: what takes one step, by name; the reference is one of them.
        wait: returns when the device has done what it was given.
        budget: seconds after the first rounds, after which no further round begins.
        rounds: the first, in which all take part.
        patience: seconds.
        reference: its name.

    Returns:
        Timings by name, the reference once more beside the contenders.
    """

    def timed(step: Callable[[], object], steps: int) -> float:
        wait()
        start = time.perf_counter()
        for _ in range(steps):
            step()
        wait()
        return (time.perf_counter() - start) / steps

    contenders = {**contenders, f"{reference}, once more": contenders[reference]}
    timed(contenders[reference], 1)
    first = {name: timed(step, 1) for name, step in contenders.items()}
    steps = {name: max(1, min(50, round(_LASTING / seconds))) for name, seconds in first.items()}
    timings = {name: Timing() for name in contenders}
    for name, seconds in first.items():
        if seconds > patience:
            timings[name].seconds.append(seconds)
            timings[name].ratios.append(seconds / first[reference])
    order = random.Random(0)

    def one_round(names: list[str]) -> None:
        order.shuffle(names)
        before = timed(contenders[reference], steps[reference])
        for chunk in (names[i : i + _BETWEEN] for i in range(0, len(names), _BETWEEN)):
            taken = {name: timed(contenders[name], steps[name]) for name in chunk}
            after = timed(contenders[reference], steps[reference])
            timings[reference].seconds.append(after)
            for name, seconds in taken.items():
                timings[name].seconds.append(seconds)
                timings[name].ratios.append(seconds / ((before + after) / 2))
            before = after

    others = [name for name in timings if name != reference]
    for _ in range(rounds):
        one_round([name for name in others if first[name] <= patience])
    begun = time.perf_counter()
    while time.perf_counter() - begun < budget:
        one_round([name for name in others if first[name] <= _QUICK * first[reference]])
    middle = statistics.median(timings[reference].seconds)
    timings[reference].ratios.extend(seconds / middle for seconds in timings[reference].seconds)
    return timings
