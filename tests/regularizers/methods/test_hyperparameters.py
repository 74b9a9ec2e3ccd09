"""Facts about hyperparameters that methods have in common: what is refused, and what changes nothing."""

import math

import pytest
import torch

from regularizers import REGULARIZERS
from tests.regularizers.steps import LR, network, train


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("spectral_soft_cap", {"bound": 0.0}, "bound must be a finite number > 0"),
        ("spectral_soft_cap", {"update_bound": -1.0}, "update_bound must be a finite number > 0"),
        ("spectral_hard_cap", {"form": "polynomal"}, "did you mean 'polynomial'"),
        ("spectral_hard_cap", {"bound": math.inf}, "bound must be a finite number > 0"),
        ("stiefel_projection", {"bound": 0}, "bound must be a finite number > 0"),
        ("stiefel_projection", {"every": 0}, "every must be a whole number >= 1"),
    ],
)
def test_what_is_no_hyperparameter_is_refused(name: str, fields: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        REGULARIZERS[name](**fields)


@pytest.mark.parametrize("name", ["weight_decay", "l2_penalty"])
def test_strength_zero_is_the_baseline_bit_for_bit(name: str) -> None:
    model, twin = network(), network()
    ours = train(model, torch.optim.Adam(model.parameters(), lr=LR), REGULARIZERS[name](strength=0.0))
    theirs = train(twin, torch.optim.Adam(twin.parameters(), lr=LR), REGULARIZERS["none"]())
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("strength", [-1e-3, float("nan"), float("inf"), "0.1", True], ids=repr)
@pytest.mark.parametrize("name", ["weight_decay", "l2_penalty"])
def test_a_strength_that_is_no_number_of_at_least_zero_is_refused(name: str, strength: object) -> None:
    with pytest.raises(ValueError, match="strength must be a finite number >= 0, got"):
        REGULARIZERS[name](strength=strength)


PENALTIES = ["soft_orthogonality", "srip"]


@pytest.mark.parametrize("name", PENALTIES)
def test_a_negative_strength_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="strength must be a finite number >= 0, got -1"):
        REGULARIZERS[name](strength=-1.0)


SPECTRAL = ["spectral_norm_scaling", "spectral_normalization"]


@pytest.mark.parametrize("name", ["spectral_norm_scaling", "spectral_weight_decay"])
def test_a_rank_one_update_is_refused_in_a_view_of_images(name: str) -> None:
    own = {"strength": 0.1} if name == "spectral_weight_decay" else {}
    with pytest.raises(ValueError, match="view must be \"flat\" where a rank-one matrix is added, got 'circular'"):
        REGULARIZERS[name](view="circular", **own)


@pytest.mark.parametrize("name", SPECTRAL)
@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf"), "1"], ids=repr)
def test_a_scale_that_is_no_number_above_zero_is_refused(name: str, scale: object) -> None:
    with pytest.raises(ValueError, match=r"scale must be a finite number > 0, got .*; choose e.g. 1.0"):
        REGULARIZERS[name](scale=scale)


@pytest.mark.parametrize("name", SPECTRAL)
@pytest.mark.parametrize("iterations", [0, 1.5, True], ids=repr)
def test_power_iterations_are_a_whole_number_of_at_least_one(name: str, iterations: object) -> None:
    with pytest.raises(ValueError, match="power_iterations must be a whole number >= 1, got"):
        REGULARIZERS[name](power_iterations=iterations)


@pytest.mark.parametrize("scale", [0.0, -1.0, math.nan, "1"], ids=repr)
def test_a_radius_that_is_no_number_above_zero_is_refused(scale: object) -> None:
    with pytest.raises(ValueError, match="scale must be a finite number > 0, got"):
        REGULARIZERS["frobenius_norm_scaling"](scale=scale)
