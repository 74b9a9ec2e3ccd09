"""Which matrices a module has: one in most, several stacked in one tensor in attention and recurrent modules."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import nn
from torch.nn.modules.conv import _ConvTransposeNd

Convolution = nn.Conv1d | nn.Conv2d | nn.Conv3d

_GATES = {
    nn.RNN: ("",),
    nn.LSTM: ("input", "forget", "cell", "output"),
    nn.GRU: ("reset", "update", "new"),
    nn.RNNCell: ("",),
    nn.LSTMCell: ("input", "forget", "cell", "output"),
    nn.GRUCell: ("reset", "update", "new"),
}
"""The maps whose matrices a recurrent module stacks in one tensor, in torch's order."""


@dataclass(frozen=True, kw_only=True)
class ModuleWeight:
    """One matrix of a module.

    Attributes:
        name: within the module; empty where it has no other.
        attribute: the parameter's name.
        rows: the first and the last but one of the parameter's rows; None for all.
    """

    name: str = ""
    attribute: str = "weight"
    rows: tuple[int, int] | None = None


def module_weights(module: nn.Module) -> list[ModuleWeight]:
    """Return the matrices of a module's own parameters; none of a module whose weights are not held.

    Attention has q, k and v, which it stacks in ``in_proj_weight`` where their widths are equal. A recurrent module has
    one matrix a gate, of the input and of the state each.

    Args:
        module: any.

    Example:
        >>> [(weight.name, weight.rows) for weight in module_weights(nn.MultiheadAttention(8, 2))]
        [('q', (0, 8)), ('k', (8, 16)), ('v', (16, 24))]
    """
    if isinstance(module, nn.Linear | Convolution):
        return [ModuleWeight()]
    if isinstance(module, nn.MultiheadAttention):
        return list(_attention(module))
    if isinstance(module, nn.RNNBase | nn.RNNCellBase):
        return list(_recurrent(module))
    return []


def unheld_role(module: nn.Module) -> str | None:
    """Return the role that a module's weight would have if it were held, None where it has none that is not.

    A transposed convolution's kernel has its inputs first, a bilinear form is no matrix, and the rows of an embedding
    are vectors for each word, which no map takes to one another. Of a module that torch does not have, as GPT-2's
    ``Conv1D``, nobody can say what the dimensions of its ``weight`` are, nor of which role it is but by its attribute
    ``weight_role``.

    Args:
        module: any.

    Example:
        >>> unheld_role(nn.Embedding(4, 2)), unheld_role(nn.ConvTranspose2d(4, 2, 3)), unheld_role(nn.ReLU())
        ('embedding', 'conv', None)
    """
    if isinstance(module, _ConvTransposeNd):
        return "conv"
    if isinstance(module, nn.Bilinear):
        return "hidden"
    if isinstance(module, nn.Embedding | nn.EmbeddingBag):
        return "embedding"
    return _role_elsewhere(module)


def _role_elsewhere(module: nn.Module) -> str | None:
    weight = module._parameters.get("weight")
    if weight is None or weight.ndim < 2 or module_weights(module) or type(module).__module__.startswith("torch.nn."):
        return None
    bias = module._parameters.get("bias")
    by_entry = bias is not None and bias.shape == weight.shape
    return None if by_entry else str(getattr(module, "weight_role", "hidden"))


def _attention(module: nn.MultiheadAttention) -> Iterator[ModuleWeight]:
    for place, name in enumerate("qkv"):
        if module._qkv_same_embed_dim:
            rows = (place * module.embed_dim, (place + 1) * module.embed_dim)
            yield ModuleWeight(name=name, attribute="in_proj_weight", rows=rows)
        else:
            yield ModuleWeight(name=name, attribute=f"{name}_proj_weight")


def _recurrent(module: nn.RNNBase | nn.RNNCellBase) -> Iterator[ModuleWeight]:
    gates = next(gates for kind, gates in _GATES.items() if isinstance(module, kind))
    for attribute, _ in module.named_parameters(recurse=False):
        if not attribute.startswith("weight_"):
            continue
        if len(gates) == 1 or attribute.startswith("weight_hr"):  # an LSTM's projection of its state is one matrix
            yield ModuleWeight(name=attribute, attribute=attribute)
            continue
        size = module.hidden_size
        for place, gate in enumerate(gates):
            rows = (place * size, (place + 1) * size)
            yield ModuleWeight(name=f"{attribute}.{gate}", attribute=attribute, rows=rows)
