"""Which weights are held and measured: chosen by module type and role, never by name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from torch import Tensor, nn
from torch.nn.utils import parametrize

from regularizers.names import check_name

ROLES = ("hidden", "head", "first", "conv", "downsample")
"""What a weight can be to its network. A module may state its own role in the attribute ``weight_role``."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """One weight of a model, seen as a matrix.

    A convolution's kernel (Co, Ci, kh, kw) is the matrix Co × (Ci·kh·kw) that maps an unfolded input patch to
    the output channels at one position; ``fan_out`` and ``fan_in`` are always taken from this matrix.

    Attributes:
        name: the module's qualified name, ``"layers.0"``.
        module: the ``Linear`` or ``Conv2d`` that owns the weight.
        role: one of ``ROLES``.
    """

    name: str
    module: nn.Linear | nn.Conv2d
    role: str

    @property
    def parameter(self) -> nn.Parameter:
        """The tensor that is trained: the weight, or what stands behind a reparametrized one."""
        if parametrize.is_parametrized(self.module, "weight"):
            # The one dynamic corner of torch's parametrizations: a ModuleDict that answers by attribute.
            stored = cast(nn.ModuleDict, self.module.parametrizations)["weight"]
            return cast(nn.Parameter, stored.original)
        return cast(nn.Parameter, self.module.weight)

    @property
    def weight(self) -> Tensor:
        """The weight the network computes with, cut off from autograd, in its own shape."""
        return self.module.weight.detach()

    @property
    def fan_out(self) -> int:
        """Rows of the matrix."""
        return self.parameter.shape[0]

    @property
    def fan_in(self) -> int:
        """Columns of the matrix."""
        return self.parameter.shape[1:].numel()

    @property
    def matrix(self) -> Tensor:
        """The trained tensor as a (fan_out, fan_in) view without autograd: what is written to it is kept.

        A kernel in channels-last memory has its columns in the order (kh, kw, Ci), because only this order
        is a view; permuted columns change neither singular values nor what a method does to the weight.
        """
        return self.differentiable_matrix.detach()

    @property
    def differentiable_matrix(self) -> Tensor:
        """The same view with autograd: what a penalty is computed from."""
        tensor: Tensor = self.parameter
        if tensor.ndim == 4 and not tensor.is_contiguous():
            tensor = tensor.permute(0, 2, 3, 1)
        return tensor.view(self.fan_out, self.fan_in)


def check_roles(where: Iterable[str]) -> None:
    """Refuse unknown roles with a ``ValueError`` that names the nearest known one.

    Args:
        where: roles.
    """
    for role in where:
        check_name("role", role, ROLES)


def select(model: nn.Module, where: Sequence[str] | None = None) -> list[Target]:
    """The weights of a model that play the given roles, in the order in which the modules were registered.

    Weights are those of ``Linear`` and ``Conv2d`` modules, of subclasses too; a weight shared by several
    modules counts once. A module's attribute ``weight_role`` decides its role. Without it, the last
    ``Linear`` is the head, the first of all weights is first, every other ``Conv2d`` is conv, every other
    ``Linear`` hidden. (So a network of one ``Linear`` has a head and nothing else.)

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
    targets = _with_roles(_weighted(model))
    found = [target for target in targets if where is None or target.role in where]
    if found:
        return found
    if not targets:
        kind = type(model).__name__
        raise ValueError(f"a model must have a Linear or Conv2d weight, got {kind} with none; add one")
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


def _weighted(model: nn.Module) -> dict[str, nn.Linear | nn.Conv2d]:
    """Modules with a weight of their own, by qualified name, each weight once.

    Raises:
        ValueError: a convolution is grouped.
    """
    found: dict[str, nn.Linear | nn.Conv2d] = {}
    seen: set[int] = set()
    for name, module in model.named_modules():
        if not isinstance(module, nn.Linear | nn.Conv2d):
            continue
        weight = Target(name=name, module=module, role=ROLES[0]).parameter
        if id(weight) in seen:
            continue
        seen.add(id(weight))
        if isinstance(module, nn.Conv2d) and module.groups != 1:
            raise ValueError(
                f"a convolution must have groups=1, got groups={module.groups} in {name!r}; "
                "a grouped one is a block-diagonal map: build it from separate convolutions"
            )
        found[name] = module
    return found


def _with_roles(modules: dict[str, nn.Linear | nn.Conv2d]) -> list[Target]:
    """The same modules, each with its role."""
    linears = [name for name, module in modules.items() if isinstance(module, nn.Linear)]
    head = linears[-1] if linears else None
    first = next(iter(modules), None)
    targets = []
    for name, module in modules.items():
        stated = getattr(module, "weight_role", None)
        if stated is not None:
            check_name(f"weight_role of {name!r}", stated, ROLES)
            role = stated
        elif name == head:
            role = "head"
        elif name == first:
            role = "first"
        else:
            role = "conv" if isinstance(module, nn.Conv2d) else "hidden"
        targets.append(Target(name=name, module=module, role=role))
    return targets
