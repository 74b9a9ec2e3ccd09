import numpy as np
import pytest
import torch
from torch import nn

from analysis.spectra import spectra
from analysis.spectra.networks_inside import networks
from analysis.spectra.state import read

WEIGHT = torch.arange(6.0).view(2, 3)
STATE = {"fc.weight": WEIGHT, "fc.bias": torch.zeros(2)}


@pytest.fixture
def saved(tmp_path):
    def write(content):
        torch.save(content, tmp_path / "w.pt")
        return tmp_path / "w.pt"

    return write


@pytest.mark.parametrize("key", ["model_state", "module", "generator", "student", "backbone", "nobody's own"])
def test_a_state_dict_is_found_under_any_key(saved, key):
    state = read(saved({"epoch": 1, key: STATE}))
    assert list(state.tensors) == list(STATE)
    assert state.remarks == (f"The state dict is the file's entry {key!r}.",)


@pytest.mark.parametrize("key", ["ema", "model_ema", "params_ema", "state_dict_ema", "swa_model"])
def test_averages_are_told_by_their_name(saved, key):
    (remark,) = read(saved({key: STATE})).remarks
    assert remark == f"The state dict is the file's entry {key!r}, an average over training by its name."


def test_an_empty_holder_hides_no_other(saved):
    assert list(read(saved({"state_dict": {}, "model": STATE})).tensors) == list(STATE)


def test_settings_beside_the_tensors_hide_nothing(saved):
    state = read(saved({**STATE, "params": {"lr": 0.1}}))
    assert list(state.tensors) == list(STATE)
    assert state.remarks == ()


def test_of_several_networks_the_choice_is_told_and_key_chooses_another(saved):
    path = saved({"ema_net": {name: 2 * tensor for name, tensor in STATE.items()}, "net": STATE})
    state = read(path)
    assert torch.equal(state.tensors["fc.weight"], WEIGHT)
    assert state.remarks == (
        "The state dict is the file's entry 'net'.",
        "Also in the file, and not measured: 'ema_net' (1 weight, an average over training by its name). "
        "--key NAME chooses.",
    )
    assert torch.equal(read(path, "ema_net").tensors["fc.weight"], 2 * WEIGHT)


def test_a_network_deep_in_lists_and_dictionaries_is_found_by_its_way(saved):
    path = saved({"nets": [{"state": STATE}, {"state": STATE | {"head.weight": WEIGHT}}]})
    assert list(read(path, "nets.1.state").tensors) == ["fc.weight", "fc.bias", "head.weight"]


def test_a_dictionary_for_each_module_is_one_network(saved):
    state = read(saved({"encoder": {"fc": {"weight": WEIGHT}}, "head": {"weight": WEIGHT, "bias": torch.zeros(2)}}))
    assert list(state.tensors) == ["encoder.fc.weight", "head.weight", "head.bias"]


def test_an_optimizers_state_is_no_network(saved):
    model = nn.Linear(3, 2)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    state = read(saved({"optimizer": optimizer.state_dict(), "whatever": {"fc": model.state_dict()}}))
    assert list(state.tensors) == ["fc.weight", "fc.bias"] or list(state.tensors) == [
        "whatever.fc.weight",
        "whatever.fc.bias",
    ]
    assert not any("Also" in remark for remark in state.remarks)


def test_a_pickle_that_names_itself_in_every_entry_is_searched_once():
    content = {}
    for _ in range(50):
        content = dict.fromkeys("abcdefghij", content)
    assert networks(content) == {}


@pytest.mark.parametrize(
    ("content", "key", "message"),
    [
        ({"net": STATE, "other": STATE | {"x.weight": WEIGHT}}, "nte", "got 'nte' for"),
        ({"net": STATE, "optimizer": {"lr": 1}}, "optimizer", "name 'net'"),
        (STATE, "net", "leave out --key: the file itself is a state dict"),
    ],
)
def test_an_entry_without_a_network_is_refused_with_those_that_have_one(saved, content, key, message):
    with pytest.raises(ValueError, match="--key must be an entry that holds a network") as error:
        read(saved(content), key)
    assert message in str(error.value)


def test_a_key_without_a_file_is_refused():
    with pytest.raises(ValueError, match="--key needs a file that holds networks, got 'net' and no file 'mlp-small'"):
        spectra("mlp-small", key="net")


def test_what_stands_beside_the_entries_is_chosen_by_a_point(saved):
    path = saved({"model": {"weight": torch.eye(3)}, "head": {"weight": 2 * torch.eye(4)}})
    assert any("'.' (the file itself, 1 weight)" in remark for remark in read(path).remarks)
    assert list(read(path, key=".").tensors) == ["head.weight"]


def test_two_ways_of_one_name_are_both_told(saved):
    path = saved({"a.b": {"x.weight": torch.eye(3)}, "a": {"b": {"y.weight": torch.eye(4), "z.weight": torch.eye(4)}}})
    measured, others = read(path), read(path).remarks
    assert set(measured.tensors) | {name for name in read(path, key="a/b").tensors} >= {"x.weight"}
    assert any("not measured" in remark or "entry" in remark for remark in others)


def test_matrices_in_no_state_dict_are_named(saved):
    deep = {"weight": torch.eye(2)}
    for _ in range(12):
        deep = {"within": deep}
    path = saved({
        "model": {"fc.weight": torch.eye(3)},
        "ema": {"decay": 0.9, "shadow_params": [torch.eye(3), torch.ones(3)]},
        0: torch.eye(4),
        "packed": (torch.eye(5), None),
        "arrays": {"kept.weight": np.eye(6), "list": [np.eye(7)]},
        "deep": deep,
    })
    (said,) = [remark for remark in read(path).remarks if remark.startswith("Left out, in no state dict")]
    for way in ("ema.shadow_params[0]", "'0'", "packed[0]", "deep.within.within"):
        assert way in said or "more" in said
    assert "shadow_params[1]" not in said
    assert "arrays.list[0]" in said
    assert "kept" not in said
