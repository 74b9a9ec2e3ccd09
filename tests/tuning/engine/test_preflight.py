"""What is refused before a trial starts."""

import os

import pytest
import torch

from tests.tuning.place import Place
from tests.tuning.studies import study
from tuning.engine.preflight import check_machine, check_study


def test_a_part_that_holds_nothing_of_a_model_is_refused_by_its_number():
    parts = [{"regularizer": "none"}, {"regularizer": "weight_decay", "strength": 0.1, "where": ["conv"]}]
    the_study = study(conditions={"both": {"regularizer": "combined", "parts": parts}})
    with pytest.raises(ValueError, match=r"condition both on mlp-tiny: parts\.1: where must match a weight, got conv"):
        check_study(the_study)


def test_a_reparametrized_weight_shared_by_two_parts_is_refused():
    parts = [{"regularizer": "weight_decay", "strength": 0.1}, {"regularizer": "weight_normalization"}]
    the_study = study(conditions={"both": {"regularizer": "combined", "parts": parts}})
    with pytest.raises(ValueError, match="condition both on mlp-tiny: a reparametrized weight is held by one part"):
        check_study(the_study)


def test_a_study_whose_conditions_all_hold_something_passes():
    check_study(study())


def test_more_training_images_than_are_left_are_refused_before_any_trial():
    the_study = study(dataset={"name": "digits", "training_images": 1400})
    with pytest.raises(ValueError, match=r"training_images must lie between the 10 classes and the 129. images"):
        check_study(the_study)


def test_more_cores_than_there_are_are_refused_on_this_machine():
    cores = os.cpu_count() + 1
    with pytest.raises(ValueError, match=rf"fit on this machine, got {cores} CPU wanted and {cores - 1} here; lower"):
        check_machine(study(resources={"cpu": cores, "gpu": 0}))
    check_machine(study(resources={"cpu": cores - 1, "gpu": 0}))


@pytest.mark.skipif(torch.cuda.is_available(), reason="for a machine without a GPU")
def test_a_gpu_that_is_not_there_is_refused_before_ray_starts(tmp_path):
    """No Ray can start here: what it would have to write has no place."""
    done = Place(tmp_path, resources={"cpu": 1, "gpu": 1}).run(RAY_TMPDIR=str(tmp_path / "study.yaml"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: resources: a trial must fit on this machine, got 1 GPU wanted and 0 here; lower it in the study, or "
        "name a cluster with --address\n"
    )
