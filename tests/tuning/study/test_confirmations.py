"""What is trained with frozen settings, as the study's settings prove it: the same seeds, and one thing changed."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from tests.tuning.studies import study, tiny
from tuning.__main__ import app
from tuning.records import CONFIRMATIONS, NOTHING_ABLATED, Phase
from tuning.settings import from_params, to_flat, to_params
from tuning.study import baseline, confirmation_trials, confirmations_planned, parse_study, unmatched

NET = {"name": "mlp-tiny", "family": "mlp", "depth": 3, "width": 16}
CONDITIONS = {
    "baseline": {"regularizer": "none"},
    "decay": {"regularizer": "weight_decay", "strength": {"log_uniform": [1e-4, 1e-1]}},
    "full": {
        "regularizer": "spectral_norm_scaling",
        "scale": {"uniform": [1, 3]},
        "initialization": "orthogonal",
    },
    "other": {"regularizer": "none", "optimizer": "muon"},
    "given": {"regularizer": "none", "learning_rate": 0.01},
}
FACTORS = {
    "initialization": {"initialization": "default"},
    "target": {"target": "initial"},
    "layers": {"where": ["hidden"]},
    "schedule": {"schedule": "constant"},
    "optimizer": {"optimizer": "sgd", "learning_rate": 0.1},
    "regularizer": {"regularizer": "none"},
}
SEEDS = 3


def data(**changes):
    return tiny(
        architectures=[NET, {**NET, "name": "mlp-deep", "depth": 4}],
        conditions=CONDITIONS,
        training={"optimizer": "adam", "epochs": 2, "batch_size": 256, "schedule": "cosine"},
        confirm={"seeds": SEEDS, "learning_rate": "matched", "baseline": "baseline"},
        ablate={"condition": "full", "factors": FACTORS},
        **changes,
    )


def a_study(**changes):
    return parse_study({**data(), **changes}, "tiny")


def chosen(whole):
    """Another draw in every cell, so that no two have the same learning rate."""
    return {cell.key: cell.draw(index) for index, cell in enumerate(whole.cells)}


@pytest.fixture(scope="module")
def trials():
    return confirmation_trials(a_study(), chosen(a_study()))


def left_out(whole):
    return unmatched(whole.confirm, whole.cells)


def every(trials):
    return [trial for cells in trials.values() for of_cell in cells.values() for trial in of_cell]


def test_every_condition_confirms_on_the_same_seeds_in_every_phase_and_cell(trials):
    seeds = {index: {trial.seed for trial in every(trials) if trial.index == index} for index in range(SEEDS)}
    splits = {index: {trial.split_seed for trial in every(trials) if trial.index == index} for index in range(SEEDS)}
    assert {len(found) for found in (*seeds.values(), *splits.values())} == {1}
    assert len(set.union(*seeds.values())) == len(set.union(*splits.values())) == SEEDS


def test_confirmation_seeds_are_none_that_was_tuned_on(trials):
    whole = a_study()
    tuned = [cell.settings(Phase.TUNE, index, cell.draw(index)) for cell in whole.cells for index in range(20)]
    assert {trial.seed for trial in every(trials)}.isdisjoint(trial.seed for trial in tuned)
    assert {trial.split_seed for trial in every(trials)}.isdisjoint(trial.split_seed for trial in tuned)


def test_keys_are_unique_over_all_phases(trials):
    keys = [trial.key for trial in every(trials)]
    assert len(set(keys)) == len(keys) == 10 * SEEDS + 4 * SEEDS + 2 * len(FACTORS) * SEEDS
    assert trials[Phase.ABLATE]["mlp-tiny/full"][1].key == "ablate__mlp-tiny__full__target__000"
    assert all(trial.ablated == NOTHING_ABLATED for trial in every(trials) if trial.phase is not Phase.ABLATE)


def test_settings_of_every_phase_turn_back_into_equal_ones(trials):
    assert all(from_params(to_params(trial)) == trial for trial in every(trials))


def test_at_the_baselines_learning_rate_nothing_else_is_changed(trials):
    for cell, of_cell in trials[Phase.MATCHED].items():
        rates = trials[Phase.CONFIRM][f"{cell.split('/')[0]}/baseline"]
        for trial, own, plain in zip(of_cell, trials[Phase.CONFIRM][cell], rates, strict=True):
            assert trial.training.learning_rate == plain.training.learning_rate != own.training.learning_rate
            assert replace(trial, phase=own.phase, training=own.training) == own
            assert replace(trial.training, learning_rate=own.training.learning_rate) == own.training


def test_conditions_of_another_optimizer_or_one_learning_rate_are_left_out_with_the_reason(trials):
    assert list(trials[Phase.MATCHED]) == ["mlp-tiny/decay", "mlp-tiny/full", "mlp-deep/decay", "mlp-deep/full"]
    assert left_out(a_study()) == {
        "other": "other is not confirmed at the learning rate of baseline: those of muon and adam are not comparable",
        "given": "given is not confirmed at the learning rate of baseline: its own is fixed",
    }
    assert left_out(study()) == {}


def test_a_cell_that_chose_the_baselines_learning_rate_itself_is_not_trained_at_it_again():
    whole = a_study()
    draws = chosen(whole)
    draws["mlp-tiny/decay"] = {**draws["mlp-tiny/decay"], **draws["mlp-tiny/baseline"]}
    assert list(confirmation_trials(whole, draws)[Phase.MATCHED]) == [
        "mlp-tiny/full",
        "mlp-deep/decay",
        "mlp-deep/full",
    ]


def test_the_baseline_is_the_one_condition_without_regularization():
    pair = {name: CONDITIONS[name] for name in ("decay", "baseline")}
    of_pair = a_study(conditions=pair, confirm={"learning_rate": "matched"}, ablate=None)
    assert baseline(of_pair.confirm, of_pair.conditions) == "baseline"
    unasked = a_study(confirm={"seeds": 2})
    assert baseline(unasked.confirm, unasked.conditions) is None


@pytest.mark.parametrize("factor", FACTORS)
def test_without_a_factor_the_tuned_setting_has_that_change_alone(trials, factor):
    expected = {
        "initialization": {"training.initialization": "default"},
        "target": {"regularizer.target": "initial"},
        "layers": {"regularizer.where": ["hidden"]},
        "schedule": {"schedule.name": "constant"},
    }
    for cell in ("mlp-tiny/full", "mlp-deep/full"):
        of_cell = [trial for trial in trials[Phase.ABLATE][cell] if trial.ablated == factor]
        for trial, whole in zip(of_cell, trials[Phase.CONFIRM][cell], strict=True):
            assert trial.title == f"full without {factor}"
            before, after = to_flat(whole), to_flat(trial)
            differ = {name for name in {**before, **after} if before.get(name) != after.get(name)}
            differ -= {"phase", "ablated"}
            if factor in expected:
                assert {name: after[name] for name in differ} == expected[factor]
            else:
                assert {name.split(".")[0] for name in differ} <= {factor, "training"}
                assert trial.optimizer.name == ("sgd" if factor == "optimizer" else "adam")


def test_a_cell_that_chose_nothing_confirms_nothing_and_the_others_go_on():
    whole = a_study()
    draws = chosen(whole)
    del draws["mlp-tiny/baseline"], draws["mlp-deep/full"]
    trials = confirmation_trials(whole, draws)
    assert set(trials[Phase.CONFIRM]) == set(draws)
    assert list(trials[Phase.MATCHED]) == ["mlp-deep/decay"]
    assert list(trials[Phase.ABLATE]) == ["mlp-tiny/full"]


def test_budgets_are_equal_across_cells_and_as_planned():
    whole = a_study()
    planned = confirmations_planned(whole)
    assert {phase: set(cells.values()) for phase, cells in planned.items()} == {
        Phase.CONFIRM: {SEEDS},
        Phase.MATCHED: {SEEDS},
        Phase.ABLATE: {SEEDS * len(FACTORS)},
    }
    trials = confirmation_trials(whole, chosen(whole))
    assert {
        phase: {cell: len(of_cell) for cell, of_cell in cells.items()} for phase, cells in trials.items()
    } == planned
    assert {trial.training.epochs for trial in every(trials)} == {2}


def test_a_study_that_asks_for_neither_has_the_confirmation_alone():
    whole = study()
    trials = confirmation_trials(whole, chosen(whole))
    assert list(trials) == list(CONFIRMATIONS)
    assert [len(cells) for cells in trials.values()] == [4, 0, 0]
    assert not {"ablate", "learning_rate", "baseline"} & {*whole.as_data(), *whole.as_data()["confirm"]}


def test_a_study_written_out_names_its_baseline_and_is_read_as_the_same_study():
    factors = {**FACTORS, "layers": {"where": None, "target": "shared"}}
    pair = {name: CONDITIONS[name] for name in ("baseline", "decay", "full")}
    first = a_study(
        confirm={"seeds": 2, "learning_rate": "matched"},
        conditions={**pair, "full": {**pair["full"], "where": ["hidden"]}},
        ablate={"condition": "full", "factors": factors},
    )
    written = json.loads(json.dumps(first.as_data()))
    assert written["confirm"] == {"seeds": 2, "learning_rate": "matched", "baseline": "baseline"}
    assert written["ablate"]["factors"]["layers"] == {"where": None, "target": "shared"}
    second = parse_study(written, "again")
    assert second.as_data() == first.as_data()
    assert confirmation_trials(second, chosen(second)) == confirmation_trials(first, chosen(first))


def test_a_plan_counts_all_of_it_and_says_what_is_left_out(tmp_path):
    (tmp_path / "study.yaml").write_text(json.dumps(data()))
    result = CliRunner().invoke(app, ["plan", str(tmp_path / "study.yaml")])
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert (
        "10 cells × (5 trials to tune + 3 seeds to confirm) + up to 4 cells × 3 seeds at the learning rate of baseline "
        "+ 2 cells × 6 factors left out × 3 seeds = 128 trainings, × 2 epochs = 256 epochs at most (asha stops some "
        "early; a cell that chooses the learning rate of baseline itself is not trained at it again)" in said
    )
    assert "given is not confirmed at the learning rate of baseline: its own is fixed" in said
    assert "other is not confirmed at the learning rate of baseline: those of muon and adam" in said
    assert "of the search + of the confirmation + at the learning rate of baseline + without a factor." in said
    assert "full 5 + 3 + 3 + 18 10 + 6 + 6 + 36" in said
    assert "given 5 + 3 + 0 + 0 10 + 6 + 0 + 0" in said


def without(*keys):
    return {name: condition for name, condition in CONDITIONS.items() if name not in keys}


MATCHED = {"seeds": 2, "learning_rate": "matched"}
CAP = {"regularizer": "spectral_soft_cap", "where": ["hidden"], "learning_rate": {"uniform": [0.01, 0.02]}}
MISTAKES = {
    "no baseline": (
        {"confirm": MATCHED, "conditions": without("baseline", "other", "given")},
        r"needs one condition with regularizer none, or a baseline by name, got none; write e\.g\. baseline: decay",
    ),
    "several baselines": (
        {"confirm": MATCHED},
        r"got baseline, other, given; write e\.g\. baseline: baseline",
    ),
    "unknown baseline": (
        {"confirm": {**MATCHED, "baseline": "basline"}},
        r"confirm: baseline must be .*got 'basline' \(did you mean 'baseline'\?\)",
    ),
    "baseline for nothing": ({"confirm": {"baseline": "baseline"}}, "baseline belongs to learning_rate: matched"),
    "unknown learning rate": (
        {"confirm": {"learning_rate": "mached"}},
        r"confirm\.learning_rate: .*did you mean 'matched'",
    ),
    "learning rate of a number": ({"confirm": {"learning_rate": 0.1}}, "confirm.learning_rate: must be a valid string"),
    "nothing to match": (
        {"confirm": {**MATCHED, "baseline": "baseline"}, "shared": {"learning_rate": 0.1}, "ablate": None},
        r"needs a condition beside the baseline .*got none \(decay is not confirmed at .*: its own is fixed;",
    ),
    "a learning rate that a condition cannot have": (
        {
            "confirm": {**MATCHED, "baseline": "baseline"},
            "shared": {"learning_rate": {"uniform": [0.01, 0.7]}},
            "conditions": {"baseline": CONDITIONS["baseline"], "cap": CAP},
            "training": {"optimizer": "muon", "epochs": 2},
            "ablate": None,
        },
        "condition cap at the baseline's learning rate: .*got update 0.8",
    ),
    "unknown condition": (
        {"ablate": {"condition": "ful", "factors": FACTORS}},
        r"ablate: condition must be .*got 'ful' \(did you mean 'full'\?\)",
    ),
    "no factors": ({"ablate": {"condition": "full", "factors": {}}}, "ablate.factors: one or more factors are needed"),
    "factors missing": ({"ablate": {"condition": "full"}}, "ablate.factors: is needed"),
    "unknown section key": (
        {"ablate": {"conditon": "full", "factors": FACTORS}},
        r"ablate: .*did you mean 'condition'",
    ),
    "factor's name": (
        {"ablate": {"condition": "full", "factors": {"a/b": {"target": "initial"}}}},
        "the name of this factor must be",
    ),
    "factor of no settings": (
        {"ablate": {"condition": "full", "factors": {"target": "initial"}}},
        "ablate.factors: target: a change is a mapping of settings, got 'initial'",
    ),
    "factor with a range": (
        {"ablate": {"condition": "full", "factors": {"scale": {"scale": {"uniform": [1, 2]}}}}},
        "ablate.factors: scale: scale must be one value",
    ),
    "factor of an unknown key": (
        {"ablate": {"condition": "full", "factors": {"rule": {"targt": "initial"}}}},
        r"ablate: factor rule: .*got 'targt' \(did you mean 'target'\?\)",
    ),
    "factor that is off already": (
        {"ablate": {"condition": "full", "factors": {"start": {"initialization": "orthogonal"}}}},
        "ablate: factor start must change something of full, got what it has already",
    ),
    "factor that the regularizer cannot take": (
        {"ablate": {"condition": "full", "factors": {"scale": {"scale": -1}}}},
        "ablate: factor scale: scale must be .*got -1",
    ),
}


@pytest.mark.parametrize(("change", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_refused_in_one_line_that_names_it(change, message):
    with pytest.raises(ValueError, match=message) as caught:
        a_study(**change)
    assert "\n" not in str(caught.value)


def test_a_factor_that_is_off_for_one_value_of_a_searched_setting_is_none_that_is_off_already():
    searched = {**CONDITIONS["full"], "target": {"choice": ["fan_ratio", "initial"]}}
    whole = a_study(conditions={**CONDITIONS, "full": searched})
    ablated = confirmation_trials(whole, chosen(whole))[Phase.ABLATE]["mlp-tiny/full"]
    assert {trial.regularizer.target for trial in ablated if trial.ablated == "target"} == {"initial"}


def test_a_factor_that_leaves_nothing_held_in_a_model_is_refused_by_name(tmp_path):
    conv = {"condition": "full", "factors": {"layers": {"where": ["conv"]}}}
    (tmp_path / "study.yaml").write_text(json.dumps({**data(), "ablate": conv}))
    result = CliRunner().invoke(app, ["plan", str(tmp_path / "study.yaml")])
    assert result.exit_code == 2
    assert "condition full without layers on mlp-tiny: where must match a weight, got conv" in result.output
