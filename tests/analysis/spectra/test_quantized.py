import warnings

import pytest
import torch

from analysis.spectra.checkpoint_weights import choose
from analysis.spectra.quantized import dequantize
from analysis.spectra.state import State

FP8 = torch.float8_e4m3fn


def numbers(dtype):
    whole = torch.randint(-7, 8, (6, 4), generator=torch.Generator().manual_seed(0))
    return whole.to(dtype), whole.float()


def scaled(**tensors):
    """What ``fc.weight`` is after its scales are used, and what is said of it."""
    state = dequantize(State(tensors={f"fc.{name}": tensor for name, tensor in tensors.items()}))
    assert state.tensors.keys() <= {"fc.weight"}
    return state.tensors["fc.weight"], state.remarks


@pytest.mark.parametrize("dtype", [FP8, torch.float8_e5m2, torch.int8])
@pytest.mark.parametrize(
    "scale",
    [
        torch.tensor(0.5),
        torch.tensor([0.5]),
        torch.arange(1.0, 7.0),
        torch.arange(1.0, 7.0).view(6, 1),
        torch.full((6, 4), 0.5),
    ],
    ids=["number", "vector of one", "rows", "column", "entries"],
)
def test_a_weight_is_its_numbers_times_their_scale(dtype, scale):
    q, exact = numbers(dtype)
    weight, remarks = scaled(weight=q, weight_scale=scale)
    assert torch.equal(weight, exact * (scale.view(-1, 1) if scale.shape == (6,) else scale))
    assert remarks == ("Quantized, and measured as the numbers that the file's scales make of them: fc.weight.",)


def test_groups_of_a_row_have_a_scale_each():
    q, exact = numbers(torch.int8)
    scale = torch.arange(1.0, 13.0).view(6, 2)
    weight, _ = scaled(weight=q, weight_scale=scale)
    assert torch.equal(weight, exact * torch.cat([scale[:, :1].expand(6, 2), scale[:, 1:].expand(6, 2)], dim=1))


def test_blocks_of_128_have_a_scale_each_and_the_last_may_be_smaller():
    q = torch.ones(192, 130).to(FP8)
    weight, _ = scaled(weight=q, weight_scale_inv=torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert weight[127, 127] == 1
    assert weight[128, 127] == 3
    assert weight[127, 128] == 2
    assert weight[191, 129] == 4


def test_a_zero_point_is_taken_off_first():
    q = torch.tensor([[0, 128], [255, 130]], dtype=torch.uint8)
    zero = torch.tensor([[128], [130]], dtype=torch.uint8)
    weight, _ = scaled(weight=q, weight_scale=torch.tensor([[0.5], [2.0]]), weight_zero_point=zero)
    assert weight.tolist() == [[-64.0, 0.0], [250.0, 0.0]]


def test_bitsandbytes_rows_have_the_size_of_their_largest_entry():
    weight, _ = scaled(weight=torch.tensor([[127, 0], [-127, 127]], dtype=torch.int8), SCB=torch.tensor([3.0, 5.0]))
    torch.testing.assert_close(weight, torch.tensor([[3.0, 0.0], [-5.0, 5.0]]))


def test_comfyuis_scale_is_known():
    weight, _ = scaled(weight=torch.ones(2, 3).to(FP8), scale_weight=torch.tensor(0.25))
    assert weight.tolist() == [[0.25] * 3] * 2


def test_torchs_quantized_tensors_are_dequantized():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # torch will not make such tensors much longer; files have them
        q = torch.quantize_per_tensor(torch.tensor([[1.0, -2.0]]), 0.5, 0, torch.qint8)
    weight, _ = scaled(weight=q)
    assert weight.tolist() == [[1.0, -2.0]]


@pytest.mark.parametrize(
    ("tensors", "why"),
    [
        ({"weight": torch.ones(4, 6).to(FP8)}, "of 8 bits, with no scale beside them that is known and fits"),
        (
            {"weight": torch.ones(4, 6).to(FP8), "weight_scale": torch.ones(5)},
            "of 8 bits, with no scale beside them that is known and fits",
        ),
        (
            {"weight": torch.ones(4, 6).to(FP8), "weight_scale": torch.ones(4, 5)},
            "of 8 bits, with no scale beside them that is known and fits",
        ),
        (
            {"weight": torch.ones(4, 6).to(torch.int8)},
            "of whole or complex numbers, with no scale beside them that is known and fits",
        ),
        (
            {
                "weight": torch.ones(4, 6).to(torch.uint8),
                "weight_scale": torch.ones(4, 1),
                "weight_scale_2": torch.ones(()),
            },
            # two numbers of four bits in each
            "of whole or complex numbers, with no scale beside them that is known and fits",
        ),
    ],
)
def test_a_weight_without_a_scale_that_fits_is_left_out_and_named(tensors, why):
    state = State(tensors={"a.weight": torch.eye(2)} | {f"fc.{name}": tensor for name, tensor in tensors.items()})
    weights = choose(dequantize(state))
    assert list(weights.tensors) == ["a.weight"]
    assert f"Left out, {why}: fc.weight." in weights.remarks


@pytest.mark.parametrize("name", ["weight_scale", "weight_scale_inv", "weight_zero_point", "weight_scales"])
def test_scales_and_zero_points_are_no_weights(name):
    weights = choose(State(tensors={"fc.weight": torch.eye(2), f"fc.{name}": torch.ones(2, 3)}))
    assert list(weights.tensors) == ["fc.weight"]
    assert weights.remarks == (f"Left out, scales and zero points of quantized weights: fc.{name}.",)


@pytest.mark.parametrize("name", ["weight_scale", "weight_scale_inv"])
def test_blocks_are_of_128_and_the_last_is_cut(name):
    q = torch.randn(200, 300, generator=torch.Generator().manual_seed(0)).to(torch.float8_e4m3fn)
    scale = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    read = dequantize(State(tensors={"a.weight": q, f"a.{name}": scale})).tensors["a.weight"]
    factors = scale[torch.arange(200)[:, None] // 128, torch.arange(300) // 128]
    assert torch.equal(read, q.float() * factors)
