import pytest

from analysis.findings.edges import edges, position
from tests.analysis import planted


def chosen(rate, strength):
    """A study in which one cell has confirmed these settings; ranges are [1e-4, 0.1] and [1e-5, 0.1], log."""
    names = {"phase": "confirm", "architecture": "mlp-small", "condition": "decay", "index": 0}
    return planted.tables([planted.run({}, learning_rate=rate, strength=strength, **names)])


@pytest.mark.parametrize(
    ("rate", "upper"), [(1.0e-4, False), (1.41e-4, False), (1.42e-4, None), (0.0707, None), (0.0709, True), (0.1, True)]
)
def test_within_five_percent_of_the_log_range_is_the_edge(rate, upper):
    found = edges(chosen(rate, 1e-3))  # 5 % of three decades is a factor of 1.413
    assert [edge.upper for edge in found] == ([] if upper is None else [upper])
    for edge in found:
        assert (edge.setting, edge.value, edge.low, edge.high) == ("training.learning_rate", rate, 1e-4, 0.1)
        assert (edge.architecture, edge.condition) == ("mlp-small", "decay")


def test_the_conditions_own_settings_are_looked_at_too():
    assert [edge.setting for edge in edges(chosen(1e-3, 0.09))] == ["regularizer.strength"]


def test_a_search_alone_has_chosen_nothing():
    runs = planted.searched("mlp-small", "decay", [0.5], rates=[0.1], strengths=[0.1])
    assert edges(planted.tables(runs)) == ()


def test_a_linear_range_is_measured_linearly():
    assert position(0.5, 0.0, 2.0, log=False) == 0.25
