import pytest

from tests.tuning.studies import study
from tuning.settings.space import Choice, LogUniform
from tuning.study import parse_study
from tuning.study.points import points_within, read_point, values_within

CONDITIONS = {
    "baseline": {"regularizer": "none"},
    "decay": {"regularizer": "weight_decay", "strength": {"log_uniform": [1e-4, 1e-1]}},
    "soft": {"regularizer": "soft_orthogonality", "every": {"int_uniform": [1, 8]}, "strength": {"uniform": [0, 1]}},
}
SHARED = {"learning_rate": {"log_uniform": [1e-3, 1e-1]}, "batch_size": {"choice": [64, 128]}}


def a_study(*points, algorithm="random", trials=4, **changes):
    search = {"algorithm": algorithm, "trials": trials, "points": list(points)}
    return study(**{"conditions": CONDITIONS, "shared": SHARED, "search": search, **changes})


def by_condition(*points, **changes):
    return {cell.condition_name: cell for cell in a_study(*points, **changes).cells}


@pytest.mark.parametrize("algorithm", ["sobol", "random", "tpe"])
def test_a_point_is_the_first_trial_and_the_rest_of_it_the_common_draw(algorithm):
    point = {"learning_rate": 0.01, "strength": 0.001}
    with_point, without = by_condition(point, algorithm=algorithm), by_condition(algorithm=algorithm)
    drawn = without["decay"].draw(0)
    assert with_point["decay"].draw(0) == {
        "training.learning_rate": 0.01,
        "training.batch_size": drawn["training.batch_size"],
        "regularizer.strength": 0.001,
    }
    assert [with_point["decay"].draw(index) for index in (1, 2)] == [without["decay"].draw(index) for index in (1, 2)]


def test_a_point_is_tried_in_every_condition_that_searches_all_of_its_names():
    cells = by_condition({"strength": 0.01})
    assert cells["baseline"].starting_points == []
    assert cells["decay"].starting_points == cells["soft"].starting_points == [{"regularizer.strength": 0.01}]


def test_a_point_may_be_meant_for_one_condition_alone():
    cells = by_condition({"condition": "soft", "strength": 0.5}, {"learning_rate": 0.002})
    assert cells["soft"].starting_points == [{"regularizer.strength": 0.5}, {"training.learning_rate": 0.002}]
    assert cells["decay"].starting_points == [{"training.learning_rate": 0.002}]


def test_flat_names_and_short_ones_mean_the_same():
    short = by_condition({"learning_rate": 0.01, "every": 3})
    flat = by_condition({"training.learning_rate": 0.01, "regularizer.every": 3})
    assert short["soft"].draw(0) == flat["soft"].draw(0)


def test_values_are_given_the_type_of_their_range():
    within = points_within(
        [read_point(0, {"a": 1, "b": 64})], "any", {"x.a": LogUniform(0.1, 10), "x.b": Choice((64,))}
    )
    assert [(type(value), value) for value in within[0].values()] == [(float, 1.0), (int, 64)]


def test_points_written_out_whole_are_read_as_the_same_points():
    first = a_study({"condition": "decay", "strength": 0.01}, {"batch_size": 64})
    second = parse_study(first.as_data(), "again")
    assert first.as_data()["search"]["points"] == [{"condition": "decay", "strength": 0.01}, {"batch_size": 64}]
    assert second.as_data() == first.as_data()


def test_a_short_name_of_two_hyperparameters_is_refused():
    with pytest.raises(ValueError, match=r"got 'a', which means x.a and y.a; write the whole name"):
        values_within(read_point(0, {"a": 1.0}), {"x.a": LogUniform(0.1, 10), "y.a": LogUniform(0.1, 10)})


MISTAKES = {
    "misspelt": (
        [{"learning_rat": 0.01}],
        r"points.0 gives what is searched, got 'learning_rat' \(did you mean 'learnin",
    ),
    "not searched": ([{"momentum": 0.9}], "got 'momentum'; searched are learning_rate, batch_size, strength, every"),
    "not searched there": ([{"condition": "baseline", "strength": 0.01}], "got 'strength'; searched are learning_rate"),
    "never together": ([{"strength": 0.01}, {"momentum.x": 1}], "points.1 gives what is searched, got 'momentum.x'"),
    "above its range": (
        [{"learning_rate": 0.5}],
        r"condition baseline: points.0: learning_rate must be .*\[0.001, 0.1\], ",
    ),
    "below its range": ([{"learning_rate": 1e-9}], "got 1e-09; move it inside"),
    "no number": ([{"learning_rate": "high"}], "learning_rate must be a number in .*got 'high'"),
    "true for a number": ([{"learning_rate": True}], "got True"),
    "not a number": ([{"learning_rate": float("nan")}], "got nan"),
    "beyond a float": ([{"learning_rate": 10**400}], "learning_rate must be a number"),
    "half of a whole number": ([{"every": 2.5}], "every must be a whole number in the searched .*got 2.5"),
    "no choice of those": ([{"batch_size": 100}], "batch_size must be one of 64, 128, got 100; or add it there"),
    "true for a choice": ([{"batch_size": True}], "batch_size must be one of 64, 128, got True"),
    "unknown condition": ([{"condition": "deca", "strength": 0.1}], r"points.0: condition .*got 'deca' \(did you mean"),
    "more than trials": (
        [{"batch_size": 64}] * 5,
        "starting points count as trials, got 5 for mlp-tiny/baseline and tr",
    ),
    "no mapping": ([0.1], "points.0 must map hyperparameters to values, got 0.1"),
    "nothing": ([{}], r"points.0 must map hyperparameters to values, got \{\}"),
    "condition alone": ([{"condition": "decay"}], "points.0 must map hyperparameters to values"),
    "list": ([{"learning_rate": [0.1, 0.2]}], r"points.0: learning_rate must be one plain value, got \[0.1, 0.2\]"),
    "range": ([{"learning_rate": {"uniform": [0, 1]}}], "points.0: learning_rate must be one plain value"),
}


@pytest.mark.parametrize(("points", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistaken_point_is_refused_in_one_line(points, message):
    with pytest.raises(ValueError, match=message) as caught:
        a_study(*points)
    assert "\n" not in str(caught.value)


def test_names_that_no_condition_searches_together_are_refused():
    apart = {"one": CONDITIONS["decay"], "two": {"regularizer": "spectral_norm_scaling", "scale": {"uniform": [1, 2]}}}
    with pytest.raises(
        ValueError, match=r"points.0: a condition must search all of strength, scale, got none that does"
    ):
        a_study({"strength": 0.01, "scale": 1.5}, conditions=apart)


def test_points_that_are_no_list_are_refused():
    with pytest.raises(ValueError, match=r"points must be a list, got \{'learning_rate': 0.01\}"):
        study(search={"trials": 2, "points": {"learning_rate": 0.01}})
