import warnings

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune

from analysis.spectra.reparametrized import resolve
from analysis.spectra.state import State
from regularizers import REGULARIZERS


def old(wrap):
    def wrapped(module, **options):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # torch would have the new ones used
            return wrap(module, **options)

    return wrapped


def ours(module):
    model = nn.Sequential(module)
    REGULARIZERS["weight_normalization"]().attach(model)
    return module


MADE = {
    "weight normalization of rows": (parametrizations.weight_norm, nn.Linear(3, 4)),
    "weight normalization of columns": (lambda m: parametrizations.weight_norm(m, dim=1), nn.Linear(3, 4)),
    "weight normalization of all": (lambda m: parametrizations.weight_norm(m, dim=None), nn.Conv2d(2, 3, 3)),
    "weight normalization of a kernel": (parametrizations.weight_norm, nn.Conv2d(2, 3, 3)),
    "weight normalization of a row": (parametrizations.weight_norm, nn.Linear(5, 1)),
    "weight normalization, older": (old(nn.utils.weight_norm), nn.Conv2d(2, 3, 3)),
    "weight normalization, ours": (ours, nn.Conv2d(2, 3, 3)),
    "spectral normalization": (parametrizations.spectral_norm, nn.Conv2d(2, 3, 3)),
    "spectral normalization, transposed": (parametrizations.spectral_norm, nn.ConvTranspose2d(2, 3, 3)),
    "spectral normalization, older": (old(nn.utils.spectral_norm), nn.Linear(3, 4)),
    "pruning": (lambda m: prune.l1_unstructured(m, "weight", 0.5), nn.Linear(3, 4)),
}


@pytest.mark.parametrize(("wrap", "module"), MADE.values(), ids=MADE.keys())
def test_the_weight_is_what_the_network_computes_with(wrap, module):
    generator = torch.Generator().manual_seed(0)
    nn.init.normal_(module.weight, generator=generator)
    wrapped = wrap(module)
    for name, parameter in wrapped.named_parameters():
        if name.endswith(("_g", "original0", ".g")):
            nn.init.normal_(parameter, generator=generator)  # else g is the norm of V, and W is V
    model = nn.Sequential(wrapped).eval()
    model(torch.ones(1, 2, 5, 5) if module.weight.ndim == 4 else torch.ones(1, module.weight.shape[1]))
    state = resolve(State(tensors=model.state_dict()))
    assert state.tensors.keys() == {"0.weight", "0.bias"}
    torch.testing.assert_close(state.tensors["0.weight"], wrapped.weight.detach())
    assert state.remarks == ()


def test_a_weight_made_in_an_unknown_way_is_taken_as_stored_and_named():
    model = nn.Sequential(nn.Linear(3, 4))
    stored = model[0].weight.detach().clone()
    REGULARIZERS["spectral_normalization"]().attach(model)
    state = resolve(State(tensors=model.state_dict()))
    assert torch.equal(state.tensors["0.weight"], stored)
    assert state.tensors.keys() == {"0.weight", "0.bias"}
    assert state.remarks == ("Taken as stored, for what the network makes of it is not in the file: '0.weight'.",)


NORMALIZED = ("weight_g", "weight_v")
SPECTRAL = ("weight_orig", "weight_u", "weight_v")
TODAY = tuple(f"parametrizations.weight.{part}" for part in ("original", "0._u", "0._v"))
OURS = ("parametrizations.weight.original", "parametrizations.weight.0.g")
PRUNED = ("weight_orig", "weight_mask")


@pytest.mark.parametrize(
    ("names", "shapes", "said"),
    [
        (NORMALIZED, [(7, 1), (4, 3)], "original0 (7, 1), original1 (4, 3)"),
        (NORMALIZED, [(3,), (4, 3)], "original0 (3,), original1 (4, 3)"),
        (SPECTRAL, [(4,), (4,), (1,)], "original (4,), 0._u (4,), 0._v (1,)"),
        (SPECTRAL, [(), (1,), (1,)], "original (), 0._u (1,), 0._v (1,)"),
        (SPECTRAL, [(4, 3), (3, 4), (3,)], "original (4, 3), 0._u (3, 4), 0._v (3,)"),
        (TODAY, [(4,), (4,), (1,)], "original (4,), 0._u (4,), 0._v (1,)"),
        (TODAY, [(), (), ()], "original (), 0._u (), 0._v ()"),
        (OURS, [(4,), (4,)], "original (4,), 0.g (4,)"),
        (OURS, [(4, 3), (1,)], "original (4, 3), 0.g (1,)"),
        (PRUNED, [(4, 3), (3,)], "original (4, 3), mask (3,)"),
    ],
)
def test_parts_that_do_not_fit_are_refused_in_words(names, shapes, said):
    tensors = {f"fc.{name}": torch.ones(shape) for name, shape in zip(names, shapes, strict=True)}
    with pytest.raises(ValueError, match="must be plain tensors that fit together") as error:
        resolve(State(tensors=tensors))
    assert f"got {said} for 'fc.weight'; save the effective weight" in str(error.value)


def test_tensors_that_only_end_like_parts_keep_their_names():
    tensors = {name: torch.ones(2, 2) for name in ("a.weight_g", "b.weight_v", "c.weight_u", "mlp_v.weight")}
    assert resolve(State(tensors=tensors)).tensors.keys() == tensors.keys()
