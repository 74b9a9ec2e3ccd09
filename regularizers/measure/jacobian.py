"""How strongly a network's outputs react to small changes of an image."""

import torch
from torch import Tensor, nn

from regularizers.linalg.decomposition import eigenpairs
from regularizers.linalg.lanczos import start_vector
from regularizers.measure.undisturbed import undisturbed

BASIS = 10
"""Directions among the outputs in which a Jacobian is looked at. Up to so many outputs its norm is exact."""


def jacobian_norms(model: nn.Module, images: Tensor, *, basis: int = BASIS, chunk: int = 32) -> Tensor:
    """‖J‖₂ of each image's Jacobian J = ∂ logits / ∂ image, in evaluation mode.

    The largest of them is a lower bound of the network's Lipschitz constant, to be read beside the upper bound of
    ``lipschitz_bound``. With an orthonormal basis Q of outputs (k × C), ‖QJ‖₂ ≤ ‖J‖₂ always, and QJ takes k passes
    backwards. Up to ``basis`` outputs Q is everything and the norm exact. Beyond, Q spans the Krylov space
    {q, JJᵀq, …, (JJᵀ)^(k−1) q} from a fixed start q, as in Lanczos' method, which finds the norm to many digits
    where the largest singular value stands apart.

    Products with J come from differentiating those with Jᵀ, which are linear in what they are taken with; so the
    network needs a second derivative where it has a first, and no forward-mode rules.

    Training is not disturbed: flags, buffers, gradients and random states stay as they are.

    Args:
        model: from images to logits (B, C); in evaluation each image for itself.
        images: (B, …), on the model's device.
        basis: k, ≥ 1.
        chunk: images at a time, ≥ 1; it bounds the memory.

    Returns:
        (B,), never above the norms but by rounding; NaN for a network that is not finite.

    Example:
        >>> net = nn.Linear(2, 2)
        >>> net.weight.data = torch.tensor([[3.0, 0.0], [4.0, 0.0]])
        >>> jacobian_norms(net, torch.zeros(1, 2))
        tensor([5.])
    """
    with undisturbed(model), torch.enable_grad():
        return torch.cat([_norms(model, part.detach(), basis) for part in images.split(chunk)])


def _norms(model: nn.Module, images: Tensor, basis: int) -> Tensor:
    images = images.requires_grad_()
    logits = model(images.clone())  # a leaf could not go through a function that works in place
    count, outputs = logits.shape
    if outputs <= basis:
        blocks = torch.eye(outputs).to(logits).unsqueeze(1).expand(-1, count, -1)
        rows = torch.stack([_adjoint(logits, images, q) for q in blocks], dim=1)
    else:
        rows = _krylov_rows(logits, images, basis)
    finite = rows.isfinite().flatten(1).all(1)
    size = rows.abs().amax((1, 2), keepdim=True).double()
    unit = rows.double() / torch.where(size > 0, size, 1)  # whose squares neither over- nor underflow
    gram = (unit @ unit.mT).where(finite[:, None, None], 0)
    values, _ = eigenpairs(gram)
    norms = values[:, 0].clamp(min=0).sqrt() * size.flatten()
    return norms.where(finite, torch.nan).to(logits.dtype)


def _adjoint(logits: Tensor, images: Tensor, q: Tensor, *, differentiable: bool = False) -> Tensor:
    """Jᵀq of each image, (B, …)."""
    (products,) = torch.autograd.grad(logits, images, q, retain_graph=True, create_graph=differentiable)
    return products.flatten(1)


def _krylov_rows(logits: Tensor, images: Tensor, size: int) -> Tensor:
    """QJ of each image, (B, k, n), with Q an orthonormal basis of a Krylov space of JJᵀ."""
    count, outputs = logits.shape
    # Jᵀu as a function of u: linear, so the u it is differentiated at does not matter.
    u = torch.zeros_like(logits, requires_grad=True)
    products = _adjoint(logits, images, u, differentiable=True)
    basis = start_vector(outputs, logits.double()).expand(count, 1, -1)
    rows: list[Tensor] = []
    while True:
        rows.append(_adjoint(logits, images, basis[:, -1].to(logits)))
        if len(rows) == size:
            return torch.stack(rows, dim=1)
        # Of the next direction nothing but the direction counts, and JJᵀ would square the size of J.
        (new,) = torch.autograd.grad(products, u, _unit(rows[-1]), retain_graph=True)
        basis = torch.cat([basis, _next_direction(basis, _unit(new.double()))], dim=1)


def _unit(rows: Tensor) -> Tensor:
    """Each row (B, n) over its norm; zero stays zero."""
    size = rows.abs().amax(1, keepdim=True)
    level = rows / torch.where(size > 0, size, 1)  # whose squares neither over- nor underflow
    norms = torch.linalg.vector_norm(level, dim=1, keepdim=True)
    return level / torch.where(norms > 0, norms, 1)


def _next_direction(basis: Tensor, new: Tensor) -> Tensor:
    """The unit vector (B, 1, C) that a new one adds to an orthonormal basis (B, k, C); zero where it adds none."""
    before = torch.linalg.vector_norm(new, dim=-1, keepdim=True)
    for _ in range(2):  # once leaves rounding errors behind, twice is enough
        new = new - ((basis @ new.unsqueeze(-1)) * basis).sum(1)
    norm = torch.linalg.vector_norm(new, dim=-1, keepdim=True)
    # Far below the new vector's own rounding there is no direction left, and to scale noise up would not be
    # orthogonal.
    some = norm > 1e-6 * before
    return torch.where(some, new / norm, 0).unsqueeze(1)
