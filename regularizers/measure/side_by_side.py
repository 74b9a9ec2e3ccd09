"""Independent pieces of work, as many at once as torch has threads, each on one thread."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")


def side_by_side(work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """What ``work`` makes of each item, in the items' order, as it is found.

    A decomposition leaves most of its time to memory, and two threads on one matrix wait for each other; two matrices
    on a thread each do not. And because a matrix never meets a second thread, its values have the same bits for any
    number of them. Who takes the results may work on each while the next are on their way, with one thread, too.
    Autograd is off in a new thread's work only where that says so: hand over detached tensors.

    Args:
        work: a function of tensors on the CPU.
        items: the longest work first, or it is waited for at the end.

    Yields:
        One result an item.

    Example:
        >>> list(side_by_side(lambda n: n * n, [3, 2, 1]))
        [9, 4, 1]
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(threads) as pool:
            yield from pool.map(work, items)
    finally:
        torch.set_num_threads(threads)
