import argparse
import collections
import datetime
import decimal
import json
import os
import pathlib
import pickle
import types
import uuid

import numpy as np
import pytest
import safetensors.torch
import torch

from analysis.spectra.files import load
from analysis.spectra.shards import whole
from analysis.spectra.state import read

WEIGHT = torch.arange(6.0).view(2, 3)
PLAIN = {
    "namespace": argparse.Namespace(lr=0.1),
    "simple namespace": types.SimpleNamespace(a=1),
    "scalar": np.float64(0.9),
    "array": np.zeros(3),
    "array of texts": np.array(["a"]),
    "array of objects": np.array([None, {"a": 1}], dtype=object),
    "structured array": np.zeros(2, dtype=[("a", "f4"), ("b", "O")]),
    "dtype": np.dtype("f4"),
    "type": np.float32,
    "path": pathlib.PurePosixPath("x"),
    "windows path": pathlib.PureWindowsPath("x"),
    "defaultdict": collections.defaultdict(list, {"a": [1]}),
    "deque": collections.deque([1, 2], maxlen=3),
    "counter": collections.Counter(a=1),
    "date": datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC),
    "duration": datetime.timedelta(seconds=3),
    "decimal": decimal.Decimal("0.1"),
    "uuid": uuid.UUID(int=1),
    "version": torch.__version__,
    "sets": [{1, 2}, frozenset({3}), slice(1, 2), range(3), complex(1, 2)],
}


@pytest.mark.parametrize("value", PLAIN.values(), ids=PLAIN.keys())
@pytest.mark.parametrize("new_format", [True, False])
def test_harmless_values_beside_the_weights_are_no_reason_to_refuse_them(tmp_path, value, new_format):
    torch.save(
        {"args": value, "model": {"fc.weight": WEIGHT}}, tmp_path / "w.pt", _use_new_zipfile_serialization=new_format
    )
    assert torch.equal(read(tmp_path / "w.pt").tensors["fc.weight"], WEIGHT)


class Command:
    """A pickle that would run a command."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "value",
    [Command(os.mkdir, "made"), Command(eval, "1"), Command(getattr, "a", "upper"), Command(pickle.loads, b"")],
    ids=["system", "eval", "getattr", "pickle"],
)
def test_nothing_in_a_file_is_ever_executed(tmp_path, monkeypatch, value):
    monkeypatch.chdir(tmp_path)
    torch.save({"fc.weight": WEIGHT, "value": value}, "w.pt")
    with pytest.raises(
        ValueError, match=r"a checkpoint must (hold tensors and plain values alone|be a file of torch.save)"
    ):
        read(pathlib.Path("w.pt"))
    assert not pathlib.Path("made").exists()


def test_what_stands_for_a_class_is_never_the_class(tmp_path):
    torch.save(
        {"fc.weight": WEIGHT, "args": argparse.Namespace(lr=0.1), "x": pathlib.PurePosixPath("x")}, tmp_path / "w.pt"
    )
    found = load(tmp_path / "w.pt")
    assert not isinstance(found["args"], argparse.Namespace)
    assert not isinstance(found["x"], pathlib.PurePath)


def test_numpys_arrays_are_weights_too(tmp_path):
    arrays = {
        "fc.weight": np.arange(6.0).reshape(2, 3),
        "c.weight": np.asfortranarray(np.arange(6, dtype=">f4").reshape(3, 2)),
    }
    torch.save({"model": arrays}, tmp_path / "w.pt")
    found = read(tmp_path / "w.pt").tensors
    assert found["fc.weight"].tolist() == arrays["fc.weight"].tolist()
    assert found["c.weight"].tolist() == arrays["c.weight"].tolist()


@pytest.mark.parametrize("name", ["w.safetensors", "renamed.pt"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float8_e4m3fn, torch.int8])
def test_safetensors_are_read(tmp_path, name, dtype):
    safetensors.torch.save_file({"fc.weight": WEIGHT.to(dtype)}, tmp_path / name)
    found = read(tmp_path / name).tensors["fc.weight"]
    assert found.dtype == dtype
    assert torch.equal(found.float(), WEIGHT)


def test_npz_is_read_and_arrays_of_objects_are_refused(tmp_path):
    np.savez(tmp_path / "w.npz", **{"fc.weight": WEIGHT.numpy()})
    assert torch.equal(read(tmp_path / "w.npz").tensors["fc.weight"], WEIGHT)
    np.savez_compressed(tmp_path / "big.npz", **{"fc.weight": WEIGHT.numpy().astype(">f8")})
    assert read(tmp_path / "big.npz").tensors["fc.weight"].tolist() == WEIGHT.tolist()
    np.savez(tmp_path / "o.npz", a=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match=r"must hold arrays of numbers, got npz .* allow_pickle=False"):
        read(tmp_path / "o.npz")


@pytest.fixture
def shards(tmp_path):
    """A folder as transformers writes it, of safetensors or of torch.save."""

    def write(ending="safetensors"):
        stem = "model" if ending == "safetensors" else "pytorch_model"
        places = {}
        for place, tensors in enumerate([{"a.weight": WEIGHT}, {"b.weight": 2 * WEIGHT, "b.bias": torch.ones(2)}], 1):
            name = f"{stem}-0000{place}-of-00002.{ending}"
            if ending == "safetensors":
                safetensors.torch.save_file(tensors, tmp_path / name)
            else:
                torch.save(tensors, tmp_path / name)
            places |= dict.fromkeys(tensors, name)
        index = tmp_path / f"{stem}.{ending}.index.json"
        index.write_text(json.dumps({"metadata": {}, "weight_map": places}), encoding="utf-8")
        return index

    return write


@pytest.mark.parametrize("ending", ["safetensors", "bin"])
def test_shards_are_one_checkpoint_by_their_index_and_by_their_folder(shards, ending):
    index = shards(ending)
    for path in (index, index.parent):
        found = read(path).tensors
        assert list(found) == ["a.weight", "b.weight", "b.bias"]
        assert torch.equal(found["b.weight"], 2 * WEIGHT)


def test_a_folder_with_one_file_is_read_and_one_with_several_is_refused(tmp_path):
    safetensors.torch.save_file({"fc.weight": WEIGHT}, tmp_path / "model.safetensors")
    assert list(read(tmp_path).tensors) == ["fc.weight"]
    safetensors.torch.save_file({"fc.weight": WEIGHT}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match=r"must hold one checkpoint, got 'model.safetensors', 'other.safetensors' in"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "must be JSON with a weight_map"),
        ('{"weight_map": {}}', "must be JSON with a weight_map"),
        ('{"weight_map": {"a": 1}}', "must be JSON with a weight_map"),
        ('{"weight_map": {"a.weight": "gone.bin"}}', "must name files beside it, got 'gone.bin'"),
        ('{"weight_map": {"a.weight": "../w.pt"}}', "must name files beside it, got '../w.pt'"),
        ('{"weight_map": {"nosuch": "w.pt"}}', "must fit its files, got no 'nosuch' in 'w.pt'"),
    ],
)
def test_an_index_that_does_not_fit_is_refused_in_words(tmp_path, content, message):
    (tmp_path / "folder").mkdir()
    for folder in (tmp_path, tmp_path / "folder"):
        torch.save({"a.weight": WEIGHT}, folder / "w.pt")
    (tmp_path / "folder" / "model.bin.index.json").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match="an index must") as error:
        whole(tmp_path / "folder" / "model.bin.index.json")
    assert message in str(error.value)


def test_texts_in_npz_are_passed_over_and_long_numbers_shortened(tmp_path):
    arrays = {"fc.weight": np.eye(3), "name": np.array("x"), "long.weight": np.eye(2, dtype=np.longdouble)}
    np.savez(tmp_path / "a.npz", **arrays)
    found = load(tmp_path / "a.npz")
    assert list(found) == ["fc.weight", "long.weight"]
    assert found["long.weight"].dtype == torch.float64
