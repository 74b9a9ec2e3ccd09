"""Facts about weights that stand stacked in one parameter, and about modules whose weights are not held."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from models import import_torchvision
from regularizers import REGULARIZERS, select
from regularizers.measure import measure
from tests import oracles
from tests.cases import LR, ROWS

REPARAMETRIZING = [name for name, row in ROWS.items() if row.settings.reparametrizes]
every_regularizer = pytest.mark.parametrize("name", list(REGULARIZERS))


def attention() -> nn.MultiheadAttention:
    torch.manual_seed(0)
    return nn.MultiheadAttention(12, 3)


def recurrent() -> nn.LSTM:
    torch.manual_seed(0)
    module = nn.LSTM(12, 7, bidirectional=True, proj_size=5)
    module.weight_role = "hidden"
    return module


def one_dimensional() -> nn.Conv1d:
    torch.manual_seed(0)
    module = nn.Conv1d(3, 7, 4)
    module.weight_role = "hidden"
    return module


def roles(model: nn.Module) -> dict[str, str]:
    return {target.name: target.role for target in select(model)}


def test_a_vision_transformers_attention_is_hidden() -> None:
    torch.manual_seed(0)
    vit = import_torchvision().models.VisionTransformer(
        image_size=8, patch_size=4, num_layers=1, num_heads=2, hidden_dim=8, mlp_dim=16, num_classes=3
    )
    block = "encoder.layers.encoder_layer_0"
    assert roles(vit) == {
        "conv_proj": "first",
        **{f"{block}.self_attention.{name}": "hidden" for name in ("q", "k", "v", "out_proj")},
        f"{block}.mlp.0": "hidden",
        f"{block}.mlp.3": "hidden",
        "heads.head": "head",
    }


def test_what_begins_or_ends_with_attention_has_no_first_or_no_head_there() -> None:
    assert roles(nn.TransformerEncoderLayer(8, 2, 16)) == {
        **{f"self_attn.{name}": "hidden" for name in ("q", "k", "v", "out_proj")},
        "linear1": "hidden",
        "linear2": "head",
    }
    assert set(roles(attention()).values()) == {"hidden"}
    assert list(roles(nn.Sequential(nn.Linear(4, 4), nn.MultiheadAttention(4, 2))).values()) == ["first"] + 4 * [
        "hidden"
    ]
    assert roles(nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 4), nn.Linear(4, 9))) == {"1": "hidden", "2": "head"}


def test_attention_of_several_widths_has_q_k_and_v_of_their_own() -> None:
    found = {
        target.name: (target.fan_out, target.fan_in) for target in select(nn.MultiheadAttention(8, 2, kdim=6, vdim=5))
    }
    assert found == {"q": (8, 8), "k": (8, 6), "v": (8, 5), "out_proj": (8, 8)}


@pytest.mark.parametrize(
    ("module", "gates"),
    [(nn.RNN(4, 3), 1), (nn.GRU(4, 3), 3), (nn.LSTM(4, 3), 4), (nn.LSTMCell(4, 3), 4), (nn.GRUCell(4, 3), 3)],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_a_recurrent_module_has_a_matrix_a_gate_of_the_input_and_of_the_state(module: nn.Module, gates: int) -> None:
    targets = select(module)
    assert [(target.fan_out, target.fan_in) for target in targets] == gates * [(3, 4)] + gates * [(3, 3)]
    assert {target.role for target in targets} == {"first"}
    stacked = torch.cat([target.weight for target in targets[:gates]])
    assert torch.equal(stacked, next(module.parameters()).detach())


@pytest.mark.parametrize("kind", [nn.Conv1d, nn.Conv3d])
def test_a_kernel_of_one_or_three_dimensions_is_its_outputs_times_the_rest(kind: type[nn.Module]) -> None:
    torch.manual_seed(0)
    module = kind(2, 5, 3)
    (target,) = select(module)
    assert target.matrix.shape == (5, module.weight[0].numel())
    expected = oracles.dense_singular_values(module.weight.detach().flatten(1))
    found = measure(nn.Sequential(module), ())["0"].singular_values
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-6)


@every_regularizer
@pytest.mark.parametrize("build", [attention, recurrent, one_dimensional])
def test_each_matrix_is_held_as_the_slow_exact_twin_says(name: str, build: type[nn.Module]) -> None:
    module, row = build(), ROWS[name]
    if build is recurrent and name in REPARAMETRIZING:
        with pytest.raises(ValueError, match="recurrent module's weights cannot be reparametrized, got 'weight_ih_l0"):
            row.settings.attach(module)
        return
    if build is one_dimensional and name in OF_IMAGES:
        with pytest.raises(ValueError, match=r'view "circular" is of a Conv2d, got the Conv1d'):
            row.settings.attach(module)
        return
    before = {target.name: target.used_matrix.clone() for target in select(module)}
    expected = {weight: row.twin(matrix, LR) for weight, matrix in before.items()}
    regularizer = row.settings.attach(module)
    assert [target.name for target in regularizer.targets] == list(before)
    penalty = sum(row.penalty(matrix) for matrix in before.values())
    assert regularizer.penalty().item() == pytest.approx(penalty, rel=1e-4, abs=1e-9)
    regularizer.before_step(LR)
    regularizer.after_step(LR)
    for target in select(module):
        torch.testing.assert_close(target.used_matrix.double(), expected[target.name], rtol=1e-4, atol=1e-5)


OF_IMAGES = ("conv_operator_clip",)


@pytest.mark.parametrize("name", REPARAMETRIZING)
def test_attention_computes_with_what_its_weights_were_made(name: str) -> None:
    module, plain = attention(), attention()
    REGULARIZERS[name]().attach(module)
    with torch.no_grad():
        for mine, theirs in zip(select(plain), select(module), strict=True):
            mine.written.copy_(theirs.weight)
        x = torch.randn(5, 2, 12, generator=torch.Generator().manual_seed(0))
        torch.testing.assert_close(module(x, x, x)[0], plain(x, x, x)[0])
    module(x, x, x)[0].square().sum().backward()
    assert module.parametrizations.in_proj_weight.original.grad.abs().sum() > 0


def test_a_penalty_of_stacked_weights_reaches_their_parameter() -> None:
    module = attention()
    REGULARIZERS["l2_penalty"](strength=0.5).attach(module).penalty().backward()
    torch.testing.assert_close(module.in_proj_weight.grad, 0.5 * module.in_proj_weight.detach())


class InputsFirst(nn.Module):
    """As GPT-2's Conv1D."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4, 6))
        self.bias = nn.Parameter(torch.ones(6))


@pytest.mark.parametrize(
    ("module", "where", "message"),
    [
        (nn.Embedding(9, 4), None, "got the Embedding '0'; name the roles of the others by where"),
        (nn.ConvTranspose1d(4, 4, 3), None, "got the ConvTranspose1d '0'"),
        (nn.ConvTranspose2d(4, 4, 3), ("conv", "head"), "got the ConvTranspose2d '0'; .*, e.g. of 'head'"),
        (nn.Bilinear(4, 4, 4), ("hidden", "head"), "got the Bilinear '0'"),
        (InputsFirst(), None, "got the InputsFirst '0'; .*, e.g. of 'head', 'first'"),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("name", [name for name in ROWS if name != "none"])
def test_a_weight_that_cannot_be_held_is_refused_by_name(name, module, where, message) -> None:
    model = nn.Sequential(module, nn.Linear(4, 4), nn.Linear(4, 2))
    settings = replace(ROWS[name].settings, where=where)
    if name == "combined":
        settings = replace(settings, parts=[replace(part, where=None) for part in settings.parts])
    with pytest.raises(ValueError, match=message):
        settings.attach(model)


def test_roles_that_leave_out_what_cannot_be_held_hold_the_others() -> None:
    model = nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 4), nn.Linear(4, 9))
    regularizer = REGULARIZERS["weight_decay"](strength=0.1, where=["hidden", "head"]).attach(model)
    assert [target.name for target in regularizer.targets] == ["1", "2"]
    model[2].weight = model[0].weight
    tied = REGULARIZERS["weight_decay"](strength=0.1).attach(model)  # the table is the head's matrix
    assert [target.role for target in tied.targets] == ["hidden", "head"]
