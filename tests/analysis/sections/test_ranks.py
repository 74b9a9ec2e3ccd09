import itertools

import numpy as np
import pytest

from analysis.notation import plus_minus, spanned
from analysis.sections.ranks import ranks
from analysis.stats import mean_interval, paired_difference
from tests.analysis import planted
from tuning import records

SEEDS = 8
SHIFTS = {"baseline": 0.0, "decay": 0.0, "spectral": -5.0}


@pytest.fixture(scope="module")
def values():
    rng = np.random.default_rng(19)
    return {
        (architecture, condition): 40.0 + shift + rng.normal(size=SEEDS)
        for architecture, (condition, shift) in itertools.product(("mlp-small", "resnet-small"), SHIFTS.items())
    }


@pytest.fixture(scope="module")
def section(values):
    runs = [
        planted.run(
            {1: {records.EFFECTIVE_RANK_MEAN: value, records.STABLE_RANK_MEAN: 2 * value}},
            phase="confirm", architecture=architecture, condition=condition, index=index,
        )
        for (architecture, condition), each in values.items() for index, value in enumerate(each)
    ]  # fmt: skip
    return ranks(planted.tables(runs))


def test_a_planted_loss_of_rank_is_said_to_be_lower_and_a_null_to_be_no_difference_seen(values, section):
    stated = {
        name: paired_difference(values["mlp-small", name], values["mlp-small", "baseline"]).stated
        for name in ("decay", "spectral")
    }
    texts = {name: spanned(interval.mean, interval.low, interval.high, sign=True) for name, interval in stated.items()}
    assert section.said[0] == (
        f"mlp-small, effective rank: lower with spectral ({texts['spectral']}); "
        f"no difference seen with decay ({texts['decay']})."
    )
    assert [said.split(":")[0] for said in section.said] == [
        f"{architecture}, {rank}"
        for architecture in ("mlp-small", "resnet-small")
        for rank in ("effective rank", "stable rank")
    ]
    assert section.sheet.groups["mlp-small"][2][2] == texts["spectral"]


def test_the_baseline_stands_in_the_table_with_its_level(values, section):
    row = section.sheet.groups["resnet-small"][0]
    assert row[:3] == ("baseline", plus_minus(mean_interval(values["resnet-small", "baseline"])), "—")


def test_ranks_that_no_run_measured_have_no_column_and_no_run_at_all_is_one_sentence(section):
    assert section.sheet.headings[1:] == (
        "condition",
        *("effective rank", "effective rank, difference"),
        *("stable rank", "stable rank, difference"),
    )
    found = ranks(planted.tables(planted.confirmed({}, seeds=2)))
    assert len(found.said) == 1
    assert found.picture is None
