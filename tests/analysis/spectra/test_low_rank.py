import numpy as np
import pytest
import torch

from analysis.spectra import spectra
from analysis.spectra.checkpoint_weights import choose
from analysis.spectra.state import State


@pytest.fixture
def pair():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(4, 20, generator=generator), torch.randn(30, 4, generator=generator)


@pytest.mark.parametrize(
    ("down", "up", "shown"),
    [
        ("q.lora_A.weight", "q.lora_B.weight", "q.lora"),
        ("q.lora_A.default.weight", "q.lora_B.default.weight", "q.lora.default"),
        ("q.lora_A", "q.lora_B", "q.lora"),
        ("q.lora_embedding_A", "q.lora_embedding_B", "q.lora"),
        ("unet_q.lora_down.weight", "unet_q.lora_up.weight", "unet_q.lora"),
        ("to_q.lora.down.weight", "to_q.lora.up.weight", "to_q.lora"),
        ("lora_A.weight", "lora_B.weight", "lora"),
    ],
)
def test_the_factors_are_one_map_of_their_rank(tmp_path, pair, down, up, shown):
    a, b = pair
    torch.save({down: a, up: b}, tmp_path / "lora.pt")
    measured = spectra(str(tmp_path / "lora.pt"))
    (layer,) = measured.layers
    expected = np.linalg.svd(b.double().numpy() @ a.double().numpy(), compute_uv=False)
    np.testing.assert_allclose(layer.spectrum.singular_values[:4], expected[:4], rtol=1e-5)
    assert (layer.name, layer.shape, layer.spectrum.rank) == (shown, (30, 20), 4.0)
    assert (measured.held, measured.parameters) == (200, 200)
    assert measured.remarks == (
        "LoRA's factors are measured as B·A, without the factor alpha/r, which the file does not hold: "
        f"{shown} of rank 4 at most.",
        f"No condition_number, because the rank is not full: {shown}.",
    )


def test_alpha_scales_the_product_where_the_file_holds_it(pair):
    a, b = pair
    tensors = {"q.lora_down.weight": a, "q.lora_up.weight": b, "q.alpha": torch.tensor(2.0)}
    weights = choose(State(tensors=tensors))
    torch.testing.assert_close(weights.tensors["q.lora"], 0.5 * b @ a)
    assert weights.remarks == ("LoRA's factors are measured as (alpha/r)·B·A: q.lora of rank 4 at most.",)


def test_a_kernels_factors_make_a_kernel():
    a, b = torch.randn(2, 3, 3, 3), torch.randn(5, 2, 1, 1)
    weights = choose(State(tensors={"c.lora_A.weight": a, "c.lora_B.weight": b}))
    torch.testing.assert_close(weights.tensors["c.lora"], torch.einsum("or,rikl->oikl", b[:, :, 0, 0], a))


def test_a_factor_without_one_that_fits_is_left_out_and_named(pair):
    a, b = pair
    tensors = {"fc.weight": torch.eye(2), "q.lora_A.weight": a, "k.lora_A.weight": a, "k.lora_B.weight": b[:, :3]}
    weights = choose(State(tensors=tensors))
    assert list(weights.tensors) == ["fc.weight"]
    assert weights.remarks == (
        "Left out, LoRA's factors without one that fits: q.lora_A.weight, k.lora_A.weight, k.lora_B.weight.",
    )


def test_alpha_may_be_a_whole_number(pair):
    a, b = pair
    tensors = {"q.lora_down.weight": a, "q.lora_up.weight": b, "q.alpha": torch.tensor(1)}
    weights = choose(State(tensors=tensors))
    torch.testing.assert_close(weights.tensors["q.lora"], b @ a / len(a))
    assert any("(alpha/r)·B·A" in remark for remark in weights.remarks)


def test_an_adapters_name_may_have_a_hyphen(pair):
    a, b = pair
    tensors = {"q.lora_A.my-adapter.weight": a, "q.lora_B.my-adapter.weight": b}
    torch.testing.assert_close(choose(State(tensors=tensors)).tensors["q.lora.my-adapter"], b @ a)


def test_factors_with_a_kernel_between_them_are_left_out_and_named():
    tensors = {
        "fc.weight": torch.eye(2),
        "q.lora_down.weight": torch.ones(4, 8, 1, 1),
        "q.lora_up.weight": torch.ones(16, 4, 1, 1),
        "q.lora_mid.weight": torch.ones(4, 4, 3, 3),
    }
    weights = choose(State(tensors=tensors))
    assert list(weights.tensors) == ["fc.weight"]
    assert weights.remarks == (
        "Left out, LoRA's factors with a kernel between them: q.lora_down.weight, q.lora_up.weight, q.lora_mid.weight.",
    )
