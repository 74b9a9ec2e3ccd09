"""Facts about the measures of a model's weights."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from regularizers import LayerSpectrum, lipschitz_log10_bound
from regularizers.measure import BUNDLES, MEASURES, MOVEMENT, Movement, measure
from tests import oracles


def layer_of(weight: Tensor) -> nn.Module:
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=False, dtype=weight.dtype)
    layer.weight.data = weight
    return nn.Sequential(layer)


def of(weight: Tensor) -> LayerSpectrum:
    return measure(layer_of(weight), (weight.shape[1],))["0"]


class Branched(nn.Module):
    """Convolutions of several sizes, BatchNorm, dropout, and a train() of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(2, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.b = nn.Conv2d(4, 3, 3, stride=2, padding=1)
        self.shortcut = nn.Conv2d(4, 3, 1, stride=2)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.a(x)))
        return self.head(self.drop(self.b(x) + self.shortcut(x)).mean((2, 3)))

    def train(self, mode: bool = True) -> "Branched":
        super().train(mode)
        self.norm.training = False
        return self


@pytest.fixture
def branched() -> Branched:
    torch.manual_seed(0)
    return Branched()


def test_an_orthogonal_matrix_has_full_ranks_of_every_kind() -> None:
    for n in (1, 2, 64):
        spectrum = of(3 * torch.eye(n))
        assert (spectrum.rank, spectrum.spectral_norm) == (n, 3)
        assert (spectrum.stable_rank, spectrum.effective_rank) == pytest.approx((n, n))
        assert spectrum.frobenius_norm == pytest.approx(3 * math.sqrt(n))


def test_a_rank_one_matrix_has_ranks_of_one() -> None:
    spectrum = of(torch.outer(torch.linspace(1, 2, 20), torch.linspace(-1, 1, 30)))
    assert spectrum.rank == 1
    assert (spectrum.stable_rank, spectrum.effective_rank) == pytest.approx((1, 1), rel=1e-4)


def test_powers_of_one_half_give_the_closed_forms() -> None:
    n = 10
    spectrum = of(torch.diag(0.5 ** torch.arange(n, dtype=torch.float64)))
    p = [0.5**i / (2 - 0.5 ** (n - 1)) for i in range(n)]
    assert spectrum.rank == n
    assert spectrum.stable_rank == pytest.approx((1 - 0.25**n) / 0.75)
    assert spectrum.effective_rank == pytest.approx(math.exp(-sum(q * math.log(q) for q in p)))


def test_a_zero_matrix_measures_zero_and_nothing_is_nan() -> None:
    spectrum = of(torch.zeros(4, 3))
    assert set(spectrum.measures.values()) == {0.0}


@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (1, 1)], ids=str)
def test_one_row_or_column_has_ranks_of_one_and_its_own_length_as_norm(shape: tuple[int, int]) -> None:
    weight = torch.arange(1.0, 1 + shape[0] * shape[1]).view(shape)
    spectrum = of(weight)
    assert spectrum.spectral_norm == pytest.approx(weight.norm().item())
    assert (spectrum.rank, spectrum.stable_rank) == (1, pytest.approx(1))
    assert spectrum.effective_rank == pytest.approx(1)


@pytest.mark.parametrize(("dtype", "rank"), [(torch.float32, 2), (torch.float64, 3)], ids=["float32", "float64"])
def test_the_numeric_rank_is_that_of_the_weights_own_precision(dtype: torch.dtype, rank: int) -> None:
    assert of(torch.diag(torch.tensor([1.0, 1e-3, 1e-8], dtype=dtype))).rank == rank


HALF = (torch.bfloat16, torch.float16)


def spectra_of(model: nn.Module, views: tuple[str, ...] = ("flat",)) -> list[LayerSpectrum]:
    return [spectrum for view in views for spectrum in measure(model, (3, 8, 8), view).values()]


@pytest.mark.parametrize("dtype", HALF, ids=str)
@pytest.mark.parametrize("size", [(256, 512), (1024, 1024)], ids=str)
def test_a_weight_in_half_precision_has_every_measure_of_the_same_numbers_in_float32(dtype, size) -> None:
    weight = (torch.randn(size, generator=torch.Generator().manual_seed(0)) / size[1] ** 0.5).to(dtype)
    half, wide = of(weight), of(weight.float())
    assert half.rank == np.linalg.matrix_rank(weight.double().numpy()) == size[0]
    assert {"alpha", "D", "mp_softrank", "num_spikes", "condition_number"} <= half.measures.keys()
    assert half.measures == wide.measures
    assert half.missing == wide.missing == {}


@pytest.mark.parametrize("dtype", HALF, ids=str)
def test_a_convolution_in_half_precision_has_the_spectrum_of_its_numbers_in_every_view(dtype) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 200, 3, bias=False), nn.Conv2d(200, 150, 1, bias=False)).to(dtype)
    half = spectra_of(model, ("flat", "circular", "padded"))
    wide = spectra_of(model.float(), ("flat", "circular", "padded"))
    assert [(s.view, s.missing) for s in half] == [(s.view, s.missing) for s in wide]
    for narrow, same in zip(half, wide, strict=True):  # the order in which numbers are added may differ
        assert narrow.measures == pytest.approx(same.measures, rel=1e-10)
    assert {spectrum.rank for spectrum in wide if spectrum.view == "flat"} == {27, 150}
    assert all(len(s.singular_values) == s.rank for s in half if s.view != "padded")


@pytest.mark.parametrize("view", ["flat", "circular", "padded"])
@pytest.mark.parametrize("dtype", HALF, ids=str)
def test_a_kernel_in_half_precision_that_is_not_finite_ends_nothing(dtype, view: str) -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False)).to(dtype)
    model[0].weight.data[0, 0, 0, 0] = math.nan
    (spectrum,) = measure(model, (3, 8, 8), view).values()
    assert spectrum.measures == {}
    assert set(spectrum.missing.values()) == {"the weight is not finite"}


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.float8_e5m2, torch.int8, torch.complex64], ids=str)
def test_codes_and_complex_numbers_are_refused_by_name(dtype: torch.dtype) -> None:
    model = nn.Sequential(nn.Linear(5, 4), nn.Linear(4, 3))
    model[1].weight = nn.Parameter(torch.ones(3, 4).to(dtype), requires_grad=False)
    message = rf"real floating numbers of at least 16 bits, got {dtype} in '1'; dequantize"
    for look in (lambda: measure(model, (5,)), lambda: Movement(model)):
        with pytest.raises(ValueError, match=message):
            look()


class Scaled(nn.Module):
    """Dequantizes what is stored."""

    def forward(self, codes: Tensor) -> Tensor:
        return codes.float() * 0.5


def test_a_layer_that_dequantizes_its_weight_is_measured_by_what_it_computes_with() -> None:
    layer = nn.Linear(4, 3, bias=False)
    layer.weight = nn.Parameter(2 * torch.eye(3, 4).to(torch.int8), requires_grad=False)
    parametrize.register_parametrization(layer, "weight", Scaled(), unsafe=True)
    assert measure(nn.Sequential(layer), (4,))["0"].singular_values.tolist() == [1, 1, 1]


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
    spectra = {name: of(weight) for name, weight in weights.items()}
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
    spectrum = of(torch.tensor([[1.0, value], [0.0, 1.0]]))
    assert spectrum.singular_values.isnan().all()
    assert spectrum.measures == {}
    assert spectrum.routine == "gram"


def test_every_measure_is_a_finite_number_even_of_the_largest_and_smallest_weights() -> None:
    for factor in (1e-30, 1e-15, 1.0, 1e15, 1e30):
        measures = of(factor * torch.randn(20, 30, generator=torch.Generator().manual_seed(0))).measures
        assert all(math.isfinite(number) for number in measures.values())
        assert measures["rank"] == 20


def test_the_bundles_hold_one_another_and_all_measures_between_them() -> None:
    torch.manual_seed(0)
    model = nn.Linear(30, 20)
    economy, standard, full = (measure(model, (30,), bundle=bundle)[""].measures for bundle in BUNDLES)
    assert economy.keys() < standard.keys()
    assert standard == full
    assert standard.keys() == MEASURES.keys() - MOVEMENT.keys()
    assert economy == {name: standard[name] for name in economy}


def test_the_same_weights_give_the_same_bits_for_any_number_of_threads(branched: Branched) -> None:
    threads = torch.get_num_threads()
    found = []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            views = [measure(branched, (2, 8, 6), view) for view in ("flat", "circular", "padded")]
            found.append([(s.measures, s.singular_values.tolist()) for spectra in views for s in spectra.values()])
    finally:
        torch.set_num_threads(threads)
    assert found[0] == found[1] == found[2]


def test_a_routine_that_never_converges_ends_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> Tensor:
        raise torch.linalg.LinAlgError("did not converge")

    monkeypatch.setattr(torch.linalg, "eigvalsh", fails)
    monkeypatch.setattr(torch.linalg, "svdvals", fails)
    spectrum = of(torch.eye(3))
    assert spectrum.routine == "gram: none converged"
    assert spectrum.measures == {}
    assert set(spectrum.missing.values()) == {"no routine converged"}


def test_orthogonal_initialization_times_the_root_of_the_fan_ratio_has_rms_norm_one() -> None:
    for rows, columns, frobenius in (
        (200, 307, math.sqrt(200 * 200 / 307)),
        (10, 200, math.sqrt(10 * 10 / 200)),
    ):
        torch.manual_seed(0)
        weight = nn.init.orthogonal_(torch.empty(rows, columns)) * math.sqrt(rows / columns)
        spectrum = of(weight)
        assert spectrum.rms_norm == pytest.approx(1, rel=1e-5)
        assert spectrum.frobenius_norm == pytest.approx(frobenius, rel=1e-5)
        assert spectrum.singular_values.numpy() == pytest.approx(math.sqrt(rows / columns), rel=1e-5)


@pytest.mark.parametrize(
    ("rows", "columns", "norm"),
    [(2000, 2000, 1.1547), (100, 2000, 0.7064), (512, 4608, 0.7698)],
    ids=["square", "head", "convolution 512-512-3-3"],
)
def test_default_initialization_has_the_norm_of_random_matrix_theory(rows: int, columns: int, norm: float) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(columns, rows, bias=False)
    spectrum = of(layer.weight.detach())
    assert spectrum.spectral_norm == pytest.approx(norm, rel=0.02)  # (√m + √n) / √(3n), an asymptote
    assert spectrum.frobenius_norm == pytest.approx(math.sqrt(rows / 3), rel=0.02)
    if rows == columns:
        assert spectrum.stable_rank == pytest.approx(rows / 4, rel=0.02)
        assert spectrum.effective_rank / rows == pytest.approx(0.805, rel=0.02)


def test_the_flat_view_has_every_weight_in_order_with_float32_values_on_the_cpu(branched: Branched) -> None:
    spectra = measure(branched, (2, 8, 6))
    assert list(spectra) == ["a", "b", "shortcut", "head"]
    assert (spectra["b"].fan_out, spectra["b"].fan_in) == (3, 36)
    for name, spectrum in spectra.items():
        weight = branched.get_submodule(name).weight.detach()
        exact = oracles.dense_singular_values(weight)
        assert spectrum.view == "flat"
        assert spectrum.singular_values.dtype == torch.float32
        torch.testing.assert_close(spectrum.singular_values, exact.float(), rtol=0, atol=1e-6 * exact[0].item())
        assert spectrum.frobenius_norm == pytest.approx(weight.norm().item(), rel=1e-5)


def test_weights_of_equal_shape_are_measured_as_if_alone() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 2))
    spectra = measure(model, (6,))
    assert spectra["1"].spectral_norm == pytest.approx(of(model[1].weight.detach()).spectral_norm, rel=1e-6)
    assert spectra["0"].spectral_norm != spectra["1"].spectral_norm


def test_the_circular_view_takes_each_convolution_at_its_real_input_size(branched: Branched) -> None:
    spectra = measure(branched, (2, 8, 6), view="circular")
    assert list(spectra) == ["a", "b", "shortcut"]
    for name, spectrum in spectra.items():
        weight = branched.get_submodule(name).weight.detach()
        dense = oracles.dense_singular_values(oracles.circular_matrix(weight, (8, 6)))
        values = spectrum.singular_values
        torch.testing.assert_close(values.double(), dense[: len(values)], rtol=0, atol=1e-6 * dense[0].item())
        assert spectrum.rms_norm == pytest.approx(spectrum.spectral_norm * math.sqrt(weight.shape[1] / weight.shape[0]))
        assert spectrum.stable_rank <= spectrum.rank


def test_a_model_without_convolutions_has_no_circular_view() -> None:
    assert measure(nn.Linear(3, 2), (3,), view="circular") == {}
    assert measure(nn.Linear(3, 2), (3,), view="padded") == {}


def test_measuring_gives_back_every_flag_buffer_gradient_and_random_state(branched: Branched) -> None:
    branched.train()
    branched.b.eval()
    branched(torch.ones(3, 2, 8, 6)).sum().backward()
    flags = [module.training for module in branched.modules()]
    before = {name: tensor.clone() for name, tensor in branched.state_dict().items()}
    gradients = [parameter.grad.clone() for parameter in branched.parameters()]
    state = torch.get_rng_state()
    for view in ("flat", "circular", "padded"):
        measure(branched, (2, 8, 6), view)
    assert [module.training for module in branched.modules()] == flags
    assert all(torch.equal(tensor, before[name]) for name, tensor in branched.state_dict().items())
    assert all(torch.equal(p.grad, g) for p, g in zip(branched.parameters(), gradients, strict=True))
    assert torch.equal(torch.get_rng_state(), state)
    assert not branched.a._forward_pre_hooks


def test_flags_and_hooks_are_given_back_when_the_forward_pass_fails(branched: Branched) -> None:
    with pytest.raises(
        ValueError, match=r"input_shape, got 5 × 8 × 6 \(.* 2 channels.*\); give the shape of its images"
    ):
        measure(branched, (5, 8, 6), view="circular")
    assert branched.drop.training
    assert not branched.a._forward_pre_hooks


def test_torchs_own_spectral_norm_is_read_without_moving_its_state() -> None:
    torch.manual_seed(0)
    layer = nn.utils.parametrizations.spectral_norm(nn.Linear(6, 4)).train()
    before = {name: tensor.clone() for name, tensor in layer.state_dict().items()}
    assert measure(nn.Sequential(layer), (6,))["0"].spectral_norm == pytest.approx(1, rel=1e-2)
    assert all(torch.equal(tensor, before[name]) for name, tensor in layer.state_dict().items())


def test_the_lipschitz_bound_is_the_sum_of_logarithms_of_the_norms() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[0].weight.data, model[1].weight.data = 10 * torch.eye(2), 0.001 * torch.eye(2)
    assert lipschitz_log10_bound(measure(model, (2,))) == pytest.approx(-2, abs=1e-6)


@pytest.mark.parametrize("value", [0.0, math.nan, math.inf], ids=str)
def test_there_is_no_lipschitz_bound_with_a_layer_that_is_zero_or_not_finite(value: float) -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].weight.data.fill_(value)
    assert lipschitz_log10_bound(measure(model, (2,))) is None
    assert lipschitz_log10_bound({}) is None


def test_unknown_views_unused_and_dilated_convolutions_are_refused(branched: Branched) -> None:
    with pytest.raises(ValueError, match="did you mean 'circular'"):
        measure(branched, (2, 8, 6), view="circula")
    with pytest.raises(ValueError, match="bundle must be one of economy, standard, full; got 'all'"):
        measure(branched, (2, 8, 6), bundle="all")
    branched.extra = nn.Conv2d(2, 2, 3)
    with pytest.raises(ValueError, match="got unused 'extra'"):
        measure(branched, (2, 8, 6), view="circular")
    dilated = nn.Sequential(nn.Conv2d(2, 2, 3, dilation=2))
    with pytest.raises(ValueError, match=r"dilation 1, got \(2, 2\) in '0'"):
        measure(dilated, (2, 8, 8), view="circular")


@pytest.mark.parametrize("view", ["circular", "padded"])
def test_an_image_smaller_than_the_kernel_is_refused_in_words(view: str) -> None:
    with pytest.raises(ValueError, match=r"take an image of input_shape, got 2 × 3 × 3 \(.*Kernel size"):
        measure(nn.Sequential(nn.Conv2d(2, 2, 5)), (2, 3, 3), view)


class ByName(nn.Module):
    """One convolution called by keyword, on images of so many sizes."""

    def __init__(self, *sizes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 2, 3, padding=1)
        self.sizes = sizes

    def forward(self, x: Tensor) -> Tensor:
        return sum(self.conv(input=x[..., :size, :]).mean() for size in self.sizes)


@pytest.mark.parametrize("view", ["circular", "padded"])
def test_a_convolution_that_is_called_by_keyword_is_measured_as_any(view: str) -> None:
    model = ByName(6)
    expected = measure(nn.Sequential(model.conv), (2, 6, 5), view)["0"]
    assert measure(model, (2, 8, 5), view)["conv"].measures == expected.measures


@pytest.mark.parametrize("view", ["circular", "padded"])
def test_a_convolution_of_images_of_two_sizes_is_refused_with_both(view: str) -> None:
    assert measure(ByName(6, 6), (2, 8, 5), view).keys() == {"conv"}
    with pytest.raises(
        ValueError, match=r"one image size for each convolution, got 8 × 5 and 6 × 5 in 'conv'; measure"
    ):
        measure(ByName(8, 6), (2, 8, 5), view)
    assert measure(ByName(8, 6), (2, 8, 5)).keys() == {"conv"}


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors is a no-op:UserWarning")
@pytest.mark.parametrize("sizes", [(5, 0), (0, 5)])
def test_a_weight_without_entries_is_refused_in_words(sizes: tuple[int, int]) -> None:
    model = nn.Sequential(nn.Linear(5, 5), nn.Linear(*sizes))
    shape = str(sizes[::-1]).replace("(", r"\(").replace(")", r"\)")
    with pytest.raises(ValueError, match=f"a weight must have entries, got shape {shape} in '1'; remove the layer"):
        measure(model, (5,))


@pytest.mark.parametrize("factor", [1e-200, 1e200])
def test_norms_and_ranks_of_float64_weights_hold_at_any_size(factor: float) -> None:
    torch.manual_seed(0)
    weight = torch.randn(5, 4, dtype=torch.float64)
    unit, scaled = of(weight), of(factor * weight)
    for name in ("spectral_norm", "rms_norm", "frobenius_norm", "nuclear_norm"):
        assert scaled.measures[name] == pytest.approx(factor * unit.measures[name], rel=1e-12)
    assert scaled.stable_rank == pytest.approx(unit.stable_rank, rel=1e-12)
