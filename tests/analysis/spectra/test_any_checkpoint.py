"""Checkpoints that nobody would think of: each weight is measured as numpy does it, or named as left out."""

import argparse
import collections
import datetime
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.spectra import spectra

EXAMPLES = int(os.environ.get("SPECTUNE_EXAMPLES", "60"))
"""How many the suite makes; more by this variable."""

sizes = st.integers(1, 6)
words = st.sampled_from([
    "fc",
    "conv",
    "up",
    "block.0",
    "module",
    "model",
    "a b",
    "ünder",
    "x\ny",
    "_orig_mod",
    "expert_1",
])
wrappers = st.lists(
    st.sampled_from(["module.", "_orig_mod.", "_fsdp_wrapped_module.", "model.", "_checkpoint_wrapped_module."]),
    max_size=4,
)
keys = st.lists(
    st.sampled_from(["state_dict", "model", "generator", "ema", "params", "state", "Ω", "net.1", "weights"]), max_size=4
)
plain = st.sampled_from([
    argparse.Namespace(lr=0.1),
    Path("x"),
    np.float64(0.5),
    np.ones((3, 3)),
    collections.defaultdict(list),
    datetime.date(2024, 1, 1),
    {"lr": 0.1, "deep": [{"a": 1}, None, 2.5, "text"]},
    [torch.ones(2), {}],
    {"state": {0: {"exp_avg": torch.ones(4, 4)}}, "param_groups": [{"lr": 0.1, "params": [0]}]},
    None,
    float("nan"),
])
dtypes = st.sampled_from([torch.float32, torch.float64, torch.float16, torch.bfloat16])


@dataclass
class Parts:
    """One module's tensors, and what becomes of them: matrices by layer, names of what is left out."""

    tensors: dict
    measured: dict = field(default_factory=dict)
    left_out: tuple = ()


def numbers(draw, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(draw(st.integers(0, 99))))


def exact(tensor):
    return tensor.double().numpy()


@st.composite
def linear(draw):
    out, inside, kernel = draw(sizes), draw(sizes), draw(st.lists(st.integers(1, 3), max_size=3))
    weight = numbers(draw, out, inside, *kernel).to(draw(dtypes))
    tensors = {"weight": weight}
    if draw(st.booleans()):
        tensors["bias"] = torch.zeros(out)
    if "bias" in tensors and out == 1 and inside == 1 and not kernel:
        del tensors["bias"]
    return Parts(tensors, {"": exact(weight).reshape(out, -1)})


@st.composite
def transposed(draw):
    inside, out = draw(st.tuples(sizes, sizes).filter(lambda pair: pair[0] != pair[1] and pair[0] % pair[1]))
    weight = numbers(draw, inside, out, *draw(st.lists(st.integers(1, 3), max_size=3))).to(draw(dtypes))
    return Parts({"weight": weight, "bias": torch.zeros(out)}, {"": np.moveaxis(exact(weight), 1, 0).reshape(out, -1)})


@st.composite
def norm(draw):
    shape = draw(st.lists(sizes, min_size=1, max_size=3))
    tensors = {"weight": torch.ones(shape), "bias": torch.zeros(shape)}
    return Parts(tensors, left_out=tuple(tensors) if len(shape) > 1 else ())


@st.composite
def quantized(draw):
    out, inside = draw(sizes), draw(sizes)
    q = torch.randint(-9, 9, (out, inside), generator=torch.Generator().manual_seed(draw(st.integers(0, 9))))
    weight = q.to(draw(st.sampled_from([torch.int8, torch.float8_e4m3fn])))
    scale = numbers(draw, out, 1)
    return Parts({"weight": weight, "weight_scale": scale}, {"": exact(weight.float()) * exact(scale)})


@st.composite
def low_rank(draw):
    rank, out, inside = draw(sizes), draw(sizes), draw(sizes)
    a, b = numbers(draw, rank, inside), numbers(draw, out, rank)
    return Parts({"lora_A.weight": a, "lora_B.weight": b}, {".lora": exact(b) @ exact(a)})


@st.composite
def weight_normalized(draw):
    out, inside = draw(sizes), draw(sizes)
    g, v = numbers(draw, out, 1), numbers(draw, out, inside)
    made = exact(v) * exact(g) / np.linalg.norm(exact(v), axis=1, keepdims=True)
    older = draw(st.booleans())
    names = ("weight_g", "weight_v") if older else [f"parametrizations.weight.original{place}" for place in (0, 1)]
    return Parts(dict(zip(names, (g, v), strict=True)), {"": made})


@st.composite
def odd(draw):
    weight = draw(
        st.sampled_from([
            torch.ones(2, 3, dtype=torch.int64),
            torch.ones(2, 3, dtype=torch.complex64),
            torch.ones(2, 3, dtype=torch.float8_e5m2),
            torch.ones(2, 3).bool(),
            torch.ones(1, 1, 1, 1, 1, 2),
            torch.ones(0, 3),
            torch.ones(2, 3).to_sparse(),
            torch.ones(2, 3, device="meta"),
        ])
    )
    return Parts({"weight": weight}, left_out=("weight",))


@st.composite
def unknown(draw):
    return Parts({"parametrizations.weight.original": numbers(draw, draw(sizes), draw(sizes))}, left_out=("weight",))


modules = st.lists(
    st.tuples(
        words, st.one_of(linear(), transposed(), norm(), quantized(), low_rank(), weight_normalized(), odd(), unknown())
    ),
    min_size=1,
    max_size=5,  # of more the remarks would name five and count the rest
)


def named(parts, prefix):
    tensors, measured, left_out = {}, {}, []
    for place, (word, each) in enumerate(parts):
        owner = f"{word}.m{place}"
        tensors |= {f"{prefix}{owner}.{name}": tensor for name, tensor in each.tensors.items()}
        measured |= {f"m{place}{name}": matrix for name, matrix in each.measured.items()}
        left_out += [f"m{place}.{name}" for name in each.left_out]
    return tensors, measured, left_out


def written(folder, tensors, way, beside, form):
    if form == "safetensors" and not way and all(tensor.layout == torch.strided for tensor in tensors.values()):
        kept = {name: tensor.contiguous().clone() for name, tensor in tensors.items() if not tensor.is_meta}
        if len(kept) == len(tensors):
            safetensors.torch.save_file(kept, folder / "w.safetensors")
            return folder / "w.safetensors"
    content = tensors
    for key in reversed(way):
        content = {"beside": beside, key: content}
    eight_bits = any(tensor.is_floating_point() and tensor.itemsize == 1 for tensor in tensors.values())
    old = form == "old" and not eight_bits  # of these torch writes files that it cannot read
    torch.save(content, folder / "w.pt", _use_new_zipfile_serialization=not old)
    return folder / "w.pt"


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(modules, wrappers, keys, plain, st.sampled_from(["new", "old", "safetensors"]))
def test_every_weight_is_measured_as_numpy_does_or_named_as_left_out(parts, prefix, way, beside, form):
    tensors, measured, left_out = named(parts, "".join(prefix))
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), tensors, way, beside, form)
        if not measured:
            with pytest.raises(ValueError, match=r"\A.*\Z"):  # a line
                spectra(str(path))
            return
        result = spectra(str(path))
    layers = {name: layer for layer in result.layers for name in measured if f".{layer.name}".endswith(f".{name}")}
    assert layers.keys() == measured.keys()
    assert len(result.layers) == len(measured)
    for name, matrix in measured.items():
        spectrum = layers[name].spectrum
        values = np.linalg.svd(matrix, compute_uv=False)
        tolerance = 2e-6 * values[0]
        assert (spectrum.fan_out, spectrum.fan_in) == matrix.shape
        np.testing.assert_allclose(spectrum.singular_values.numpy(), values, rtol=0, atol=tolerance)
    said = " ".join(result.remarks)
    assert all(name in said for name in left_out)
