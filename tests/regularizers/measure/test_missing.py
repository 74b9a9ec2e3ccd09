"""Facts about measures that a weight does not have."""

import math

import pytest
import torch
from torch import Tensor

from regularizers.measure import MEASURES, MOVEMENT
from tests.regularizers.measure.networks import spectrum_of


def test_every_measure_of_the_bundle_is_a_number_or_has_its_reason() -> None:
    torch.manual_seed(0)
    normal = torch.randn(9, 12)
    low = torch.outer(torch.arange(1.0, 10), torch.arange(1.0, 12))
    weights = {
        "plain": normal,
        "few": normal[:7],
        "zero": torch.zeros(9, 12),
        "small": 1e-4 * normal,
        "rank one": low,
        "orthogonal": torch.eye(9, 12),
        "not finite": normal * math.nan,
    }
    spectra = {name: spectrum_of(weight) for name, weight in weights.items()}
    for spectrum in spectra.values():
        assert spectrum.measures.keys() | spectrum.missing.keys() == MEASURES.keys() - MOVEMENT.keys()
        assert not spectrum.measures.keys() & spectrum.missing.keys()
    fitted = ("alpha", "D", "alpha_weighted", "log_alpha_norm")
    bulk = ("mp_softrank", "num_spikes")
    assert spectra["plain"].missing == {}
    assert spectra["few"].missing == dict.fromkeys(fitted, "there are fewer than 8 values")
    assert spectra["zero"].missing == dict.fromkeys(
        ("condition_number", *fitted, "log_spectral_norm", *bulk), "every value is zero"
    )
    assert spectra["small"].missing == dict.fromkeys(fitted, "fewer than two σ² exceed 10⁻⁵")
    assert spectra["rank one"].missing["condition_number"] == "the rank is not full"
    assert spectra["orthogonal"].missing == dict.fromkeys((*fitted, *bulk), "all values are equal up to rounding")
    assert set(spectra["not finite"].missing.values()) == {"the weight is not finite"}


@pytest.mark.parametrize("value", [math.nan, math.inf], ids=str)
def test_a_weight_that_is_not_finite_has_nan_values_and_no_measures_and_ends_nothing(value: float) -> None:
    spectrum = spectrum_of(torch.tensor([[1.0, value], [0.0, 1.0]]))
    assert spectrum.singular_values.isnan().all()
    assert spectrum.measures == {}
    assert spectrum.routine == "gram"


def test_a_routine_that_never_converges_ends_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> Tensor:
        raise torch.linalg.LinAlgError("did not converge")

    monkeypatch.setattr(torch.linalg, "eigvalsh", fails)
    monkeypatch.setattr(torch.linalg, "svdvals", fails)
    spectrum = spectrum_of(torch.eye(3))
    assert spectrum.routine == "gram: none converged"
    assert spectrum.measures == {}
    assert set(spectrum.missing.values()) == {"no routine converged"}
