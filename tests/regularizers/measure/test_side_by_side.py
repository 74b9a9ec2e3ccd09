"""Facts about work that is done side by side."""

import threading

import pytest
import torch

from regularizers.measure.side_by_side import side_by_side


@pytest.fixture(params=[1, 2, 3])
def threads(request: pytest.FixtureRequest):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_as_many_items_are_worked_on_at_once_as_torch_has_threads(threads: int) -> None:
    together = threading.Barrier(threads, timeout=60)  # waits for ever unless all are there

    def work(item: int) -> tuple[int, int]:
        together.wait()
        return item, torch.get_num_threads()

    assert list(side_by_side(work, list(range(2 * threads)))) == [(item, 1) for item in range(2 * threads)]


def test_torchs_threads_are_given_back_even_when_the_work_fails(threads: int) -> None:
    def work(item: int) -> int:
        raise RuntimeError("on purpose")

    assert list(side_by_side(abs, [-1])) == [1]
    with pytest.raises(RuntimeError, match="on purpose"):
        list(side_by_side(work, [1, 2, 3]))
    assert torch.get_num_threads() == threads
