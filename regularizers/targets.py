"""Which weights are held and measured: chosen by module type and role, never by name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import cast

from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.nn.utils import parametrize

from regularizers.checks import check_known
from regularizers.module_weights import Convolution, module_weights, unheld_role

ROLES = ("hidden", "head", "first", "conv", "downsample")
"""What a weight can be to its network. A module may state its own role in the attribute ``weight_role``."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """One weight of a model, seen as a matrix.

    A convolution's kernel (Co, Ci, …) is the matrix Co × (Ci·…) that maps an unfolded input patch to the output
    channels at one position; ``fan_out`` and ``fan_in`` are always taken from this matrix. What attention and recurrent
    modules stack in one tensor is a target for each of its matrices.

    Attributes:
        name: the module's qualified name, ``"layers.0"``; where it has several weights with theirs, ``"attention.q"``.
        module: the module that owns the weight.
        role: one of ``ROLES``.
        attribute: the parameter's name in the module.
        rows: the first and the last but one of the parameter's rows that are this weight's; None for all.
    """

    name: str
    module: nn.Module
    role: str
    attribute: str = "weight"
    rows: tuple[int, int] | None = None

    @property
    def parameter(self) -> nn.Parameter:
        """The tensor that is trained: the weight, what stands behind a reparametrized one, or what holds it stacked.

        Behind a weight that is made of several it is the one of its own shape, as torch's weight normalization has the
        direction beside the norms; where there is none, the weight that the network computes with.
        """
        if not parametrize.is_parametrized(self.module, self.attribute):
            return cast(nn.Parameter, getattr(self.module, self.attribute))
        # The one dynamic corner of torch's parametrizations: a ModuleDict that answers by attribute.
        stored = cast(nn.ModuleDict, self.module.parametrizations)[self.attribute]
        if hasattr(stored, "original"):
            return cast(nn.Parameter, stored.original)
        used = getattr(self.module, self.attribute)
        several = chain(stored.parameters(recurse=False), stored.buffers(recurse=False))
        return next((cast(nn.Parameter, tensor) for tensor in several if tensor.shape == used.shape), used)

    @property
    def trained(self) -> Tensor:
        """The weight's own part of the parameter, in its own shape and with autograd."""
        return self.parameter if self.rows is None else self.parameter[slice(*self.rows)]

    @property
    def written(self) -> Tensor:
        """The weight's own part of the parameter without autograd, to be kept and written to."""
        return self.parameter if self.rows is None else self.parameter.detach()[slice(*self.rows)]

    @property
    def weight(self) -> Tensor:
        """The weight the network computes with, cut off from autograd, in its own shape."""
        used: Tensor = getattr(self.module, self.attribute).detach()
        return used if self.rows is None else used[slice(*self.rows)]

    @property
    def used_matrix(self) -> Tensor:
        """The weight the network computes with, as a (fan_out, fan_in) matrix, columns as in a contiguous kernel."""
        return self.weight.flatten(1)

    @property
    def fan_out(self) -> int:
        """Outputs of the weight: the rows of its matrix."""
        return self.trained.shape[0]

    @property
    def fan_in(self) -> int:
        """Inputs of one output: the columns of the weight's matrix."""
        return self.trained.shape[1:].numel()

    @property
    def matrix(self) -> Tensor:
        """The trained tensor as a (fan_out, fan_in) view without autograd: what is written to it is kept.

        A kernel in channels-last memory has its columns in the order (…, Ci), because only this order is a view;
        permuted columns change neither singular values nor what a method does to the weight.
        """
        return self.differentiable_matrix.detach()

    @property
    def differentiable_matrix(self) -> Tensor:
        """The trained tensor as a (fan_out, fan_in) view with autograd: what a penalty is computed from."""
        tensor = self.trained
        if tensor.ndim > 3 and not tensor.is_contiguous():
            tensor = tensor.movedim(1, -1)
        return tensor.view(self.fan_out, self.fan_in)


def check_roles(where: Iterable[str]) -> None:
    """Refuse unknown roles with a ``ValueError`` that names the nearest known one.

    Args:
        where: roles.
    """
    for role in where:
        check_known("role", role, ROLES)


def select(model: nn.Module, where: Sequence[str] | None = None) -> list[Target]:
    """The weights of a model that play the given roles, in the order in which the modules were registered.

    Weights are those of ``Linear``, of ``Conv1d``, ``Conv2d`` and ``Conv3d``, of ``MultiheadAttention`` (q, k, v and
    what follows them) and of recurrent modules (a matrix a gate), of subclasses too; a weight shared by several
    modules counts once. A module's attribute ``weight_role`` decides its role. Without it, attention's are hidden, the
    last ``Linear`` is the head, the first of all weights is first, every other convolution is conv, all else hidden.
    (So a network of one ``Linear`` has a head and nothing else.) A network that begins with an embedding or with
    attention has no first, one that ends with attention no head.

    A grouped convolution is refused: its map is block-diagonal, and the norm of the flattened kernel is not
    the norm of that map.

    Args:
        model: the network.
        where: the wanted roles; None for all weights.

    Returns:
        At least one target.

    Raises:
        ValueError: nothing matches, a role is unknown, or a convolution is grouped.

    Example:
        >>> net = nn.Sequential(nn.Linear(8, 5), nn.ReLU(), nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 3))
        >>> [(target.name, target.role) for target in select(net)]
        [('0', 'first'), ('2', 'hidden'), ('4', 'head')]
    """
    if where is not None:
        check_roles(where)
    targets = _with_roles(model, _weighted(model))
    found = [target for target in targets if where is None or target.role in where]
    if found:
        return found
    if not targets:
        kind = type(model).__name__
        raise ValueError(
            f"a model must have a weight of a linear, convolutional, attention or recurrent module, got {kind} with "
            "none; add one"
        )
    present = ", ".join(dict.fromkeys(target.role for target in targets))
    wanted = ", ".join(where or ()) or "no role"
    raise ValueError(f"where must match a weight, got {wanted}; this model has {present}: name one of these too")


def check_entries(targets: Iterable[Target]) -> None:
    """Refuse weights without entries, which have no singular values.

    Args:
        targets: the weights.

    Raises:
        ValueError: there is one.
    """
    for target in targets:
        if target.parameter.numel() == 0:
            shape = tuple(target.parameter.shape)
            raise ValueError(f"a weight must have entries, got shape {shape} in {target.name!r}; remove the layer")


def by_shape(targets: Iterable[Target]) -> list[list[Target]]:
    """Targets of equal matrix shape, dtype and device together, so that a group can be one batched call.

    Args:
        targets: any targets.

    Returns:
        The groups in the order of their first members.
    """
    groups: dict[object, list[Target]] = {}
    for target in targets:
        tensor = target.parameter
        groups.setdefault((target.fan_out, target.fan_in, tensor.dtype, tensor.device), []).append(target)
    return list(groups.values())


def check_unheld(model: nn.Module, where: Sequence[str] | None) -> None:
    """Refuse a model with a weight that would have to be held and cannot be.

    Args:
        model: the network.
        where: the roles to hold; None for all weights.

    Raises:
        ValueError: there is one.
    """
    taken = {id(target.parameter) for target in _weighted(model)}
    for name, module in model.named_modules():
        role = unheld_role(module)
        if role is None or id(getattr(module, "weight", None)) in taken:  # an embedding may share the head's weight
            continue
        if where is None or role in where:
            others = ", ".join(f"'{known}'" for known in ROLES if known in (where or ROLES) and known != role)
            raise ValueError(
                f"every weight of a role must be one that can be held, got the {type(module).__name__} {name!r}; name "
                f"the roles of the others by where, e.g. of {others or 'no role'}"
            )


def _weighted(model: nn.Module) -> list[Target]:
    """Every weight once, its role still to be found.

    Raises:
        ValueError: a convolution is grouped, or a module waits for its first input.
    """
    found: list[Target] = []
    seen: set[tuple[int, tuple[int, int] | None]] = set()
    for name, module in model.named_modules():
        if any(map(is_lazy, module.parameters(recurse=False))):
            raise ValueError(
                f"a weight must have its shape, got the {type(module).__name__} {name!r}, which takes it from its "
                "first input; run the model on one example first"
            )
        for weight in module_weights(module):
            target = Target(
                name=".".join(filter(None, (name, weight.name))),
                module=module,
                role=ROLES[0],
                attribute=weight.attribute,
                rows=weight.rows,
            )
            key = (id(target.parameter), weight.rows)
            if key in seen:
                continue
            seen.add(key)
            if isinstance(module, Convolution) and module.groups != 1:
                raise ValueError(
                    f"a convolution must have groups=1, got groups={module.groups} in {name!r}; "
                    "a grouped one is a block-diagonal map: build it from separate convolutions"
                )
            found.append(target)
    return found


def _with_roles(model: nn.Module, weights: Sequence[Target]) -> list[Target]:
    """The weights of a model, each with the role that it plays there."""
    attentions = [module for module in model.modules() if isinstance(module, nn.MultiheadAttention)]
    of_attention = {id(module) for module in (*attentions, *(module.out_proj for module in attentions))}
    linears = [target.module for target in weights if isinstance(target.module, nn.Linear)]
    head = linears[-1] if linears else None
    begins = next((m for m in model.modules() if module_weights(m) or unheld_role(m) == "embedding"), None)
    targets = []
    for target in weights:
        module = target.module
        stated = getattr(module, "weight_role", None)
        if stated is not None:
            check_known(f"weight_role of {target.name!r}", stated, ROLES)
            role = stated
        elif id(module) in of_attention:
            role = "hidden"
        elif module is head:
            role = "head"
        elif module is begins:
            role = "first"
        else:
            role = "conv" if isinstance(module, Convolution) else "hidden"
        targets.append(replace(target, role=role))
    return targets
