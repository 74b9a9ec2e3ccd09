"""A network with half of what each of its weights does: the strong half of its singular values, or the weak one."""

import copy
from collections.abc import Iterable, Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from regularizers.linalg.decomposition import eigenpairs, lower_gram
from regularizers.targets import ROLES, select

BODY = tuple(role for role in ROLES if role != "head")
"""All weights but the last: the layer that names the classes is left whole."""

_BatchNorm = nn.modules.batchnorm._BatchNorm


def spectral_halves(model: nn.Module, where: Sequence[str] = BODY) -> tuple[nn.Module, nn.Module]:
    """Two copies of a network: one with the top half of every weight's singular values, one with the bottom half.

    Of W = Σ_{i ≤ r} sᵢ uᵢ vᵢᵀ in the flat view, with s₁ ≥ … ≥ s_r, the top half is Σ_{i ≤ ⌈r/2⌉} and the bottom half
    the rest, so that both together are W. If what a network has learned stands in few directions, the first copy
    classifies about as well as the network and the second hardly better than chance (Yunis et al. 2024,
    https://arxiv.org/abs/2408.11804). BatchNorm's statistics are those of the whole network; see
    ``reestimate_batchnorm``.

    A weight with a single singular value has no halves and stays whole in both copies.

    Args:
        model: left as it is.
        where: roles of the weights to halve.

    Returns:
        The copies (top, bottom), in evaluation mode, without reparametrizations. A weight that is not finite stays
        as it is.

    Raises:
        ValueError: no weight has one of these roles, or a role is unknown.

    Example:
        >>> net = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 1))
        >>> net[0].weight.data = torch.tensor([[3.0, 0.0], [0.0, 1.0]])
        >>> top, bottom = spectral_halves(net)
        >>> top[0].weight.tolist(), bottom[0].weight.tolist()
        ([[3.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]])
    """
    top = _plain_copy(model)
    bottom = copy.deepcopy(top)
    with torch.no_grad():
        for strong, weak in zip(select(top, where), select(bottom, where), strict=True):
            if min(strong.fan_out, strong.fan_in) < 2 or not strong.weight.isfinite().all():
                continue
            half = top_half(strong.used_matrix).view_as(strong.weight)
            strong.weight.copy_(half)
            weak.weight.sub_(half)
    return top, bottom


def top_half(matrix: Tensor) -> Tensor:
    """The ⌈r/2⌉ largest of a matrix's r = min(m, n) singular values, with their vectors.

    W is projected on the leading eigenvectors of its smaller Gram matrix, in float64: there singular values down to
    10⁻⁸ of the largest are told apart, which is finer than a float32 weight is known.

    Args:
        matrix: W, (m, n), finite.

    Returns:
        (m, n), in the dtype of W.
    """
    W = matrix.double()
    wide = W.shape[0] <= W.shape[1]
    _, vectors = eigenpairs(lower_gram(W if wide else W.mT))
    kept = vectors[:, : -(-len(vectors) // 2)]
    return (kept @ (kept.mT @ W) if wide else (W @ kept) @ kept.mT).to(matrix)


def reestimate_batchnorm(model: nn.Module, batches: Iterable[Tensor]) -> None:
    """Set every BatchNorm's running statistics anew: the mean over batches of the batches' means and variances.

    After a change of the weights the old statistics belong to another network. The batches go through the network
    once, every BatchNorm normalizing with what it sees, all else as in evaluation.

    Args:
        model: changed in place, flags excepted. Without BatchNorm no batch is taken.
        batches: images (B, …), on the model's device; at least one, and of about equal size, for each counts the same.
    """
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm) and module.track_running_stats]
    if not norms:
        return
    flags = {module: module.training for module in model.modules()}
    momenta = {norm: norm.momentum for norm in norms}
    try:
        for module in flags:
            module.training = False
        for norm in norms:
            norm.reset_running_stats()
            norm.training, norm.momentum = True, None  # without momentum torch takes the plain mean
        with torch.no_grad():
            for images in batches:
                model(images)
    finally:
        for module, training in flags.items():
            module.training = training
        for norm, momentum in momenta.items():
            norm.momentum = momentum


def _plain_copy(model: nn.Module) -> nn.Module:
    """A copy in evaluation mode whose weights are plain parameters, with the values the network computes with."""
    plain = copy.deepcopy(model)
    for module in plain.modules():
        module.training = False  # before a weight is read: some reparametrizations move when read in training
    for module in list(plain.modules()):
        if parametrize.is_parametrized(module):
            _make_plain(module)
    return plain


def _make_plain(module: nn.Module) -> None:
    # Not torch's remove_parametrizations: it changes the module's class, which a copy shares with the original.
    reparametrized = cast(nn.ModuleDict, module.parametrizations)
    tensors = {name: getattr(module, name).detach().clone() for name in reparametrized}
    module.__class__ = parametrize.type_before_parametrizations(module)
    del module.parametrizations
    for name, tensor in tensors.items():
        module.register_parameter(name, nn.Parameter(tensor))
