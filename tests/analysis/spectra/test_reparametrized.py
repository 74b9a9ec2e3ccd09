import warnings

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune

from analysis.spectra.checkpoint_weights import choose
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
    torch.manual_seed(0)  # u and v are torch's own draws: of a σ near zero by chance, W/σ has few digits
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


UNKNOWN = "Left out, made from its parts in a way that the file does not tell"


class Symmetric(nn.Module):
    def forward(self, weight):
        return weight.triu() + weight.triu(1).mT


class RankOne(nn.Module):
    def forward(self, left, right):
        return left @ right

    def right_inverse(self, weight):
        return weight[:, :1], weight[:1]


def chained(*wraps):
    module = nn.Linear(4, 4)
    for wrap in wraps:
        wrap(module)
    return module


def parametrized(parametrization):
    return lambda module: nn.utils.parametrize.register_parametrization(module, "weight", parametrization)


@pytest.mark.parametrize(
    "module",
    [
        chained(lambda module: REGULARIZERS["spectral_normalization"]().attach(nn.Sequential(module))),
        chained(parametrized(Symmetric())),
        chained(parametrized(Symmetric()), parametrizations.spectral_norm),
        chained(parametrizations.weight_norm, parametrized(Symmetric()), parametrizations.spectral_norm),
        chained(parametrizations.orthogonal),
        chained(parametrized(RankOne())),
        chained(parametrizations.spectral_norm, parametrized(nn.Linear(4, 4))),
    ],
    ids=["ours", "no state", "no state, then spectral", "in the middle", "orthogonal", "two originals", "a module"],
)
def test_a_weight_made_in_an_unknown_way_is_left_out_and_named(module):
    state = resolve(State(tensors=nn.ModuleDict({"fc": module, "head": nn.Linear(4, 2)}).state_dict()))
    assert state.tensors.keys() == {"fc.bias", "head.weight", "head.bias"}
    assert state.remarks == (f"{UNKNOWN}: fc.weight.",)


def rank_one(module):
    """Weights whose first singular value is far from their others, so that one iteration finds it."""
    with torch.no_grad():
        noise = torch.randn(module.weight.shape, generator=torch.Generator().manual_seed(1))
        module.weight.copy_(noise + 2)
    return module


def trained(module, x):
    """After some steps in training, in which u and v become those of the weight."""
    with torch.no_grad():
        for _ in range(30):
            module.train()(x)
    module.eval()(x)
    return module


KINDS = {
    "transposed, 1d": (lambda: nn.ConvTranspose1d(6, 6, 3), torch.ones(1, 6, 5)),
    "transposed, 2d": (lambda: nn.ConvTranspose2d(6, 6, 3), torch.ones(1, 6, 5, 5)),
    "transposed, 3d": (lambda: nn.ConvTranspose3d(6, 6, 3), torch.ones(1, 6, 4, 4, 4)),
    "transposed, in groups": (lambda: nn.ConvTranspose2d(6, 6, 3, groups=2), torch.ones(1, 6, 5, 5)),
    "convolution": (lambda: nn.Conv2d(6, 6, 3), torch.ones(1, 6, 5, 5)),
    "convolution in groups": (lambda: nn.Conv2d(6, 6, 3, groups=2), torch.ones(1, 6, 5, 5)),
    "linear": (lambda: nn.Linear(6, 6), torch.ones(1, 6)),
}


@pytest.mark.parametrize(("make", "x"), KINDS.values(), ids=KINDS.keys())
@pytest.mark.parametrize("wrap", [old(nn.utils.spectral_norm), parametrizations.spectral_norm], ids=["old", "new"])
def test_the_layout_that_sizes_do_not_tell_is_that_of_u_and_v(wrap, make, x):
    module = trained(wrap(rank_one(make())), x)
    state = resolve(State(tensors=module.state_dict()))
    torch.testing.assert_close(state.tensors["weight"], module.weight.detach())
    transposed = isinstance(module, nn.modules.conv._ConvTransposeNd)
    assert state.outputs == {"weight": int(transposed)}
    assert state.remarks == ()
    tensor = choose(state).tensors["weight"]
    assert float(torch.linalg.matrix_norm(tensor.flatten(1), 2)) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("wrap", [old(nn.utils.spectral_norm), parametrizations.spectral_norm], ids=["old", "new"])
def test_a_square_weight_normalized_by_its_columns_is_what_the_network_computes_with(wrap):
    module = trained(wrap(rank_one(nn.Linear(6, 6)), dim=1), torch.ones(1, 6))
    state = resolve(State(tensors=module.state_dict()))
    torch.testing.assert_close(state.tensors["weight"], module.weight.detach())


def test_u_and_v_of_no_layout_are_said():
    module = old(nn.utils.spectral_norm)(rank_one(nn.ConvTranspose2d(64, 64, 4)))  # before its first step
    with torch.no_grad():
        module.weight_u.copy_(
            nn.functional.normalize(torch.randn(64, generator=torch.Generator().manual_seed(2)), dim=0)
        )
        module.weight_v.copy_(
            nn.functional.normalize(torch.randn(1024, generator=torch.Generator().manual_seed(3)), dim=0)
        )
    (remark,) = resolve(State(tensors=module.state_dict())).remarks
    assert remark.startswith("Spectral normalization's u and v are not yet those of the weight in any layout")
    assert remark.endswith(": weight.")


def test_chained_parametrizations_are_applied_one_after_the_other():
    module = parametrizations.weight_norm(rank_one(nn.Conv2d(4, 4, 3)))
    with torch.no_grad():
        module.parametrizations.weight.original0.mul_(torch.arange(1.0, 5.0).view(4, 1, 1, 1))
    module = trained(parametrizations.spectral_norm(module), torch.ones(1, 4, 5, 5))
    state = resolve(State(tensors=module.state_dict()))
    torch.testing.assert_close(state.tensors["weight"], module.weight.detach())
    assert state.remarks == ()
    assert float(torch.linalg.matrix_norm(state.tensors["weight"].flatten(1), 2)) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    ("wrap", "pruned"), [(old(nn.utils.weight_norm), "weight_v"), (parametrizations.weight_norm, "original1")]
)
def test_a_part_that_is_pruned_is_made_first(wrap, pruned):
    torch.manual_seed(0)  # a row of which all is pruned has no direction, in torch either
    module = wrap(nn.Linear(5, 4))
    owner = module if hasattr(module, pruned) else module.parametrizations["weight"]
    prune.l1_unstructured(owner, pruned, 0.5)
    module(torch.ones(1, 5))
    state = resolve(State(tensors=module.state_dict()))
    torch.testing.assert_close(state.tensors["weight"], module.weight.detach())
    assert (state.tensors["weight"] == 0).sum() == 10


def test_the_name_bar_of_older_generators_is_known():
    u, v = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0, 0.0])
    weight = torch.tensor([[0.0, 4.0, 0.0], [1.0, 0.0, 0.0]])
    state = resolve(State(tensors={"c.weight_bar": weight, "c.weight_u": u, "c.weight_v": v}))
    torch.testing.assert_close(state.tensors["c.weight"], weight / 4)


def test_a_weight_that_stands_beside_its_parts_is_the_one():
    parts = {"fc.weight_orig": torch.eye(2), "fc.weight_u": torch.ones(2), "fc.weight": 3 * torch.eye(2)}
    assert torch.equal(resolve(State(tensors=parts)).tensors["fc.weight"], parts["fc.weight"])


SPECTRAL = ("weight_orig", "weight_u", "weight_v")
TODAY = tuple(f"parametrizations.weight.{part}" for part in ("original", "0._u", "0._v"))
OURS = ("parametrizations.weight.original", "parametrizations.weight.0.g")
PRUNED = ("weight_orig", "weight_mask")


@pytest.mark.parametrize(
    ("names", "shapes", "said"),
    [
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
