import copy

import pytest
import torch
from torch import nn

from analysis.spectra import spectra
from analysis.spectra.names import unwrapped
from models import build

FEW = "No alpha, D, alpha_weighted and log_alpha_norm, because there are fewer than 8 values: layers.2."
"""Of the head, which has seven outputs."""


@pytest.fixture(scope="module")
def network():
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return build("mlp-small", (1, 8, 8), 7)


@pytest.mark.parametrize(
    "prefix",
    [
        "module.",
        "_orig_mod.",
        "module._orig_mod.",
        "_orig_mod.module.",
        "_fsdp_wrapped_module.",
        "_fsdp_wrapped_module._checkpoint_wrapped_module.",
        "module.module.",
        "model.",
        "model.module._orig_mod.",
    ],
)
def test_the_marks_of_wrappers_go_in_any_nesting(tmp_path, network, prefix):
    plain = network.state_dict()
    torch.save({prefix + name: tensor for name, tensor in plain.items()}, tmp_path / "w.pt")
    measured = spectra(str(tmp_path / "w.pt"), model="mlp-small")
    assert [layer.name for layer in measured.layers] == ["layers.0", "layers.1", "layers.2"]
    for layer in measured.layers:
        values = torch.linalg.svdvals(plain[f"{layer.name}.weight"].double())
        assert layer.spectrum.spectral_norm == pytest.approx(float(values[0]), rel=1e-6)
    assert [layer.name for layer in spectra(str(tmp_path / "w.pt")).layers] == ["layers.0", "layers.1", "layers.2"]


def test_torchs_averaged_model_is_read_and_told(tmp_path, network):
    torch.save(torch.optim.swa_utils.AveragedModel(copy.deepcopy(network)).state_dict(), tmp_path / "w.pt")
    measured = spectra(str(tmp_path / "w.pt"), model="mlp-small")
    assert [layer.name for layer in measured.layers] == ["layers.0", "layers.1", "layers.2"]
    assert measured.remarks == ("The weights are averages over training: torch's AveragedModel.", FEW)


def test_a_network_is_found_under_any_prefix_and_what_is_not_its_own_is_named(tmp_path, network):
    tensors = {f"student.encoder.{name}": tensor for name, tensor in network.state_dict().items()}
    torch.save({"state_dict": {**tensors, "loss.weight": torch.ones(3, 4)}}, tmp_path / "w.pt")
    measured = spectra(str(tmp_path / "w.pt"), model="mlp-small")
    assert [layer.name for layer in measured.layers] == ["layers.0", "layers.1", "layers.2"]
    assert measured.remarks == (
        "The state dict is the file's entry 'state_dict'.",
        "The tensors of mlp-small are those under 'student.encoder.'.",
        "Not of mlp-small and left out: loss.weight.",
        FEW,
    )


def test_a_prefix_that_not_all_names_have_stays():
    names = ["model.fc.weight", "head.weight"]
    assert list(unwrapped(dict.fromkeys(names, torch.ones(2, 2)))[0]) == names


def test_names_that_would_meet_keep_their_marks():
    names = ["_orig_mod.fc.weight", "fc.weight"]
    assert list(unwrapped(dict.fromkeys(names, torch.ones(2, 2)))[0]) == names


def test_what_every_name_begins_with_is_told():
    tensors = nn.ModuleDict({"model": nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2))}).state_dict()
    found, remarks = unwrapped(tensors)
    assert list(found) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert remarks == ("Every name in the file begins with 'model.', which is left out here.",)


def test_averages_are_told_within_another_wrapper_too():
    tensors = {"module.n_averaged": torch.ones(()), "module.module.0.weight": torch.eye(2)}
    names, remarks = unwrapped(tensors)
    assert list(names) == ["0.weight"]
    assert remarks == ("The weights are averages over training: torch's AveragedModel.",)
