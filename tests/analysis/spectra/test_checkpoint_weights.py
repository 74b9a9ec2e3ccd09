import warnings

import pytest
import torch
from torch import nn

from analysis.spectra.checkpoint_weights import choose
from analysis.spectra.state import State

MATRIX, BIAS = torch.ones(2, 3), torch.ones(2)


def quantized():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # torch will not make such tensors much longer; files have them
        return torch.quantize_per_tensor(MATRIX, 0.1, 0, torch.qint8)


def chosen(**tensors):
    return choose(State(tensors={name.replace("__", "."): tensor for name, tensor in tensors.items()}))


def test_matrices_and_kernels_called_weight_are_taken_in_their_order():
    model = nn.ModuleDict({
        "image": nn.Conv2d(2, 3, 3),
        "norm": nn.BatchNorm2d(3),
        "video": nn.Conv3d(2, 3, 3),
        "sound": nn.Conv1d(2, 3, 3),
        "words": nn.Embedding(5, 2),
        "attention": nn.MultiheadAttention(4, 2),
        "memory": nn.LSTM(2, 3),
        "head": nn.Linear(3, 4),
    })
    assert list(choose(State(tensors=model.state_dict())).tensors) == [
        "image.weight",
        "video.weight",
        "sound.weight",
        "words.weight",
        "attention.in_proj_weight",
        "attention.out_proj.weight",
        "memory.weight_ih_l0",
        "memory.weight_hh_l0",
        "head.weight",
    ]


@pytest.mark.parametrize(
    ("name", "tensor", "why"),
    [
        ("mask", torch.ones(1, 1, 4, 4), "not called weight"),
        ("weight", torch.ones(2, 3, dtype=torch.int8), "of whole or complex numbers"),
        ("weight", torch.ones(2, 3, dtype=torch.complex64), "of whole or complex numbers"),
        ("weight", MATRIX.to_sparse(), "sparse"),
        ("weight", quantized(), "quantized"),
        ("weight", MATRIX.to(torch.float8_e4m3fn), "of 8 bits"),
        ("weight", MATRIX.to("meta"), "without data"),
        ("weight", torch.ones(1, 1, 1, 1, 2, 2), "of more dimensions than a kernel"),
        ("weight", torch.ones(0, 3), "empty"),
    ],
)
def test_what_is_left_out_is_named_with_its_reason(name, tensor, why):
    weights = chosen(**{"fc__weight": MATRIX, "fc__bias": BIAS, f"odd__{name}": tensor})
    assert list(weights.tensors) == ["fc.weight"]
    (remark,) = weights.remarks
    assert remark.startswith(f"Left out, {why}")
    assert remark.endswith(f": odd.{name}.")


def test_a_tensor_under_two_names_counts_once_and_both_are_named():
    tied = torch.ones(4, 4)
    weights = chosen(words__weight=tied, head__weight=tied, other__weight=tied.clone())
    assert list(weights.tensors) == ["words.weight", "other.weight"]
    assert weights.remarks == ("Shared and counted once: head.weight is words.weight.",)


def test_a_part_of_a_tensor_is_another_weight():
    whole = torch.ones(4, 2)
    assert len(chosen(a__weight=whole, b__weight=whole[:2], c__weight=whole.T).tensors) == 3


def test_without_modules_what_may_be_depthwise_is_said_but_grey_images_are_no_reason():
    first, depthwise = torch.ones(8, 1, 3, 3), torch.ones(8, 1, 3, 3)
    assert chosen(stem__weight=first, stem__bias=torch.ones(8)).remarks == ()
    *_, remark = chosen(stem__weight=first, next__weight=depthwise).remarks
    assert "depthwise" in remark
    assert "next.weight." in remark


@pytest.mark.parametrize("tensors", [{"fc__bias": torch.ones(3)}, {"table": MATRIX}, {"fc__weight": MATRIX.int()}])
def test_a_checkpoint_without_a_matrix_is_refused_in_words(tensors):
    with pytest.raises(
        ValueError, match="must hold a matrix or kernel of floating numbers called weight, got 1 tensor"
    ):
        chosen(**tensors)


def test_a_convolution_within_an_expert_is_one_map():
    tensors = {"expert.conv.weight": torch.ones(16, 8, 3), "expert.conv.bias": torch.ones(16)}
    weights = choose(State(tensors=tensors))
    assert {name: tuple(tensor.shape) for name, tensor in weights.tensors.items()} == {"expert.conv.weight": (16, 8, 3)}


def test_a_kernel_of_one_row_is_said_to_be_one():
    *_, remark = chosen(conv__weight=torch.ones(1, 32, 16, 3, 3)).remarks
    assert remark.startswith("One row, whose norms are all its Frobenius norm")
