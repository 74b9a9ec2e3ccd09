"""What is refused before a trial starts."""

import pytest

from tests.tuning.studies import study
from tuning.engine.preflight import check_study


def test_a_part_that_holds_nothing_of_a_model_is_refused_by_its_number():
    parts = [{"regularizer": "none"}, {"regularizer": "weight_decay", "strength": 0.1, "where": ["conv"]}]
    asked = study(conditions={"both": {"regularizer": "combined", "parts": parts}})
    with pytest.raises(ValueError, match=r"condition both on mlp-tiny: parts\.1: where must match a weight, got conv"):
        check_study(asked)


def test_a_reparametrized_weight_shared_by_two_parts_is_refused():
    parts = [{"regularizer": "weight_decay", "strength": 0.1}, {"regularizer": "weight_normalization"}]
    asked = study(conditions={"both": {"regularizer": "combined", "parts": parts}})
    with pytest.raises(ValueError, match="condition both on mlp-tiny: a reparametrized weight is held by one part"):
        check_study(asked)


def test_a_study_whose_conditions_all_hold_something_passes():
    check_study(study())


def test_more_training_images_than_are_left_are_refused_before_any_trial():
    asked = study(dataset={"name": "digits", "training_images": 1400})
    with pytest.raises(ValueError, match=r"training_images must lie between the 10 classes and the 129. images"):
        check_study(asked)
