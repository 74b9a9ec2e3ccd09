"""The benchmark times what it says it times."""

import json

import pytest
import torch

from benchmarks.constraint_overhead import markdown, mean_ratio, run
from benchmarks.contenders import ORIGINAL, SETTINGS, contenders
from benchmarks.interleaved import AGAIN, REFERENCE, interleave
from benchmarks.original_2023 import scale_cold
from regularizers import REGULARIZERS
from tests import oracles


def test_every_regularizer_is_timed() -> None:
    assert {type(settings) for settings in SETTINGS.values()} == set(REGULARIZERS.values())


def test_the_rival_sets_the_largest_singular_value() -> None:
    torch.manual_seed(0)
    weight = torch.randn(7, 12)
    expected = oracles.dense_singular_values(weight)
    expected[0] = 9.0
    scale_cold(weight, 9.0)
    torch.testing.assert_close(oracles.dense_singular_values(weight), expected, rtol=1e-3, atol=1e-3)


def test_the_rival_acts_on_every_weight_but_shortcuts() -> None:
    steps, finite = contenders("resnet-medium", 2, torch.device("cpu"))
    assert steps.keys() == {*SETTINGS, ORIGINAL}
    rival = steps[ORIGINAL].args[1]  # type: ignore[attr-defined]
    roles = {target.role for target in rival.targets}
    assert roles == {"first", "conv", "head"}
    assert finite()


def test_the_reference_runs_beside_every_few_contenders() -> None:
    calls: list[str] = []
    names = [REFERENCE, *"abcdefg"]
    timings = interleave({name: lambda name=name: calls.append(name) for name in names}, lambda: None, budget=0.0)
    assert timings.keys() == {*names, AGAIN}
    assert all(len(timings[name].ratios) == 3 for name in (*"abcdefg", AGAIN))
    order = [name for i, name in enumerate(calls) if i == 0 or calls[i - 1] != name]  # a run is many steps
    gaps = "".join("." if name == REFERENCE else name for name in order[len(names) :]).split(".")
    assert max(map(len, gaps)) <= 3


def test_every_divides_what_a_step_costs_beyond_the_reference() -> None:
    assert mean_ratio(1.0, 7) == 1.0
    assert mean_ratio(11.0, 1) == 11.0
    assert mean_ratio(11.0, 100) == pytest.approx(1.1)


@pytest.mark.slow
def test_a_measurement_becomes_a_table_with_every_contender() -> None:
    result = run(["mlp-small"], torch.device("cpu"), batch_sizes={"mlp-small": 2}, budget=0.0)
    table = markdown(json.loads(json.dumps(result)))
    for name in (*SETTINGS, ORIGINAL):
        assert (f"| {name} |" in table) == (name not in {REFERENCE, "conv_operator_clip"})
