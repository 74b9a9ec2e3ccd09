import random
import warnings
from collections import OrderedDict

import pytest
import torch
from torch import nn

from analysis.spectra import spectra
from analysis.spectra.state import HOLDERS, read
from tests.tuning.studies import settings
from tuning.trial.trainer import Loop
from tuning.trial.trial_data import TrialData


@pytest.fixture
def weight():
    return torch.arange(6.0).view(2, 3)


@pytest.fixture
def save(tmp_path):
    def write(content, name="weights.pt", **options):
        torch.save(content, tmp_path / name, **options)
        return tmp_path / name

    return write


def test_a_plain_state_dict_is_read_as_it_is(save, weight):
    for content in ({"fc.weight": weight}, OrderedDict({"fc.weight": weight})):
        state = read(save(content))
        assert list(state.tensors) == ["fc.weight"]
        assert torch.equal(state.tensors["fc.weight"], weight)
        assert state.remarks == ()


def test_a_file_of_the_old_format_is_read(save, weight):
    state = read(save({"fc.weight": weight}, _use_new_zipfile_serialization=False))
    assert torch.equal(state.tensors["fc.weight"], weight)


def test_nested_tensors_are_left_out_and_named(save, weight):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # torch would have another layout used
        nested = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])
    state = read(save({"fc.weight": weight, "odd.weight": nested}))
    assert list(state.tensors) == ["fc.weight"]
    assert state.remarks == ("Left out, nested: odd.weight.",)


@pytest.mark.parametrize("holder", HOLDERS)
def test_a_state_dict_beside_other_things_is_found_and_its_place_is_said(save, weight, holder):
    state = read(save({"epoch": 3, "loss": torch.tensor(0.1), holder: {"fc.weight": weight}}))
    assert list(state.tensors) == ["fc.weight"]
    assert state.remarks == (f"The state dict is the file's entry {holder!r}.",)


def test_the_checkpoint_of_a_trial_of_ours_is_read(save):
    loop = Loop.build(settings(), TrialData.open(settings(), torch.device("cpu")))
    state = read(save(loop.state_dict()))
    assert state.tensors.keys() == loop.model.state_dict().keys()


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("module.fc.weight", "fc.weight"),
        ("_orig_mod.fc.weight", "fc.weight"),
        ("module._orig_mod.fc.weight", "fc.weight"),
        ("layers._orig_mod.0.weight", "layers.0.weight"),
        ("a\nb\x1b[31m.weight", r"a\nb\x1b[31m.weight"),
    ],
)
def test_names_lose_the_marks_of_wrappers_and_what_no_terminal_should_see(save, weight, stored, shown):
    assert list(read(save({stored: weight})).tensors) == [shown]


def test_a_module_called_module_beside_others_keeps_its_name(save, weight):
    names = ["module.weight", "head.weight"]
    assert list(read(save(dict.fromkeys(names, weight))).tensors) == names


class Foreign:
    """What a pickle may hold beside tensors."""


def holding_itself():
    content = {}
    content["model"] = content
    return content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1, 2], "got a list in"),
        (7, "got an int in"),
        (torch.ones(2, 2), "got a Tensor in"),
        ({"epoch": 1, "lr": 0.1}, "got a dict of 'epoch', 'lr' in"),
        ({}, "got a dict of nothing in"),
        (holding_itself(), "got a dict of 'model' in"),
        ({"a": Foreign()}, "tests.analysis.spectra.test_state.Foreign"),
        (nn.Linear(2, 2), "got torch.nn.modules.linear.Linear in"),
    ],
    ids=["list", "int", "tensor", "no tensors", "nothing", "itself", "code", "module"],
)
def test_what_is_no_state_dict_is_refused_in_words(save, content, message):
    path = save(content)
    with pytest.raises(ValueError, match="a checkpoint must") as error:
        read(path)
    assert message in str(error.value)
    assert "torch.save(model.state_dict(), FILE)" in str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.pt", b"", "got an empty file"),
        ("text.pt", b"these are no weights", "which torch cannot read"),
        ("zip.pt", b"PK\x03\x04" + bytes(100), "which torch cannot read"),
        ("w.safetensors", b"\x40" + bytes(7) + b'{"a":1}', "got safetensors"),
        ("renamed.pt", b"\x40" + bytes(7) + b'{"a":1}', "got safetensors"),
    ],
)
def test_a_file_of_another_kind_is_refused_in_words(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read(tmp_path / name)


def test_a_folder_is_refused_in_words(tmp_path):
    with pytest.raises(ValueError, match=r"must be a file that can be read, got .*: Is a directory"):
        read(tmp_path)


def test_a_program_is_refused_in_words(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch would have people export instead
        torch.jit.save(torch.jit.script(nn.Linear(2, 2)), tmp_path / "program.pt")
    with pytest.raises(ValueError, match="got a TorchScript program"):
        read(tmp_path / "program.pt")


def mutated(content, generator):
    """The file cut off, or with some of its bytes changed."""
    if generator.random() < 0.25:
        return content[: generator.randrange(len(content))]
    changed = bytearray(content)
    for _ in range(generator.choice((1, 2, 8, 64))):
        changed[generator.randrange(len(changed))] = generator.randrange(256)
    return bytes(changed)


@pytest.mark.parametrize("new_format", [True, False])
def test_a_damaged_file_is_measured_or_refused_in_words(save, tmp_path, new_format):
    model = nn.Sequential(nn.Conv2d(2, 3, 3), nn.Flatten(), nn.Linear(3, 4))
    content = save(model.state_dict(), _use_new_zipfile_serialization=new_format).read_bytes()
    generator = random.Random(0)
    ends, said = set(), set()
    for _ in range(200):
        (tmp_path / "damaged.pt").write_bytes(mutated(content, generator))
        try:
            spectra(str(tmp_path / "damaged.pt"))
            ends.add("measured")
        except ValueError as error:
            ends.add("refused")
            said.add(str(error))
    assert ends == {"measured", "refused"}
    assert all(text.isprintable() for text in said)
