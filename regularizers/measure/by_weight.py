"""One result a weight, by the way of working that suits the device."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import torch

from regularizers.measure.side_by_side import side_by_side
from regularizers.targets import Target, by_shape

Result = TypeVar("Result")


def by_weight(
    work: Callable[[list[Target]], Sequence[Result]], targets: Sequence[Target]
) -> Iterator[tuple[str, Result]]:
    """What ``work`` makes of every weight, without gradient, as it is found.

    On the CPU each weight is a group by itself, as many at once as torch has threads, the one with the most products in
    a Gram matrix first; on a GPU weights of equal shape are one group, so that they can be one batch.

    Args:
        work: from some weights of equal shape to one result each, in their order.
        targets: the weights.

    Yields:
        Name and result.
    """

    @torch.no_grad()  # in the thread that works: autograd's state is each thread's own
    def named(group: list[Target]) -> list[tuple[str, Result]]:
        return [(target.name, result) for target, result in zip(group, work(group), strict=True)]

    here = [[target] for target in targets if not target.parameter.is_cuda]
    here.sort(key=lambda group: -_products(group[0]))
    elsewhere = by_shape(target for target in targets if target.parameter.is_cuda)
    for results in itertools.chain(side_by_side(named, here), map(named, elsewhere)):
        yield from results


def _products(target: Target) -> int:
    return target.fan_out * target.fan_in * min(target.fan_out, target.fan_in)
