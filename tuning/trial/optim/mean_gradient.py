"""What Muon, Scion and the spectral update share: steps of a set length along the running mean of gradients."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from regularizers import Target, select


class MeanGradientRule(torch.optim.Optimizer):
    """M ← μM + (1 − μ)G, then W ← (1 − lr·shrink)·W − lr · scale · direction(M), for each group of parameters.

    With ``nesterov`` the direction is taken at μM + (1 − μ)G instead of M. Nothing in a step reads a number out of a
    tensor.

    Args:
        groups: parameters under ``params`` and the factor of their steps under ``scale``; what else a rule needs.
        learning_rate: of every group.
        momentum: μ, in [0, 1).
        nesterov: look ahead along the mean.
        shrink: 1 for the Frank–Wolfe form, 0 for a plain step.
    """

    def __init__(
        self,
        groups: Iterable[dict[str, Any]],
        learning_rate: float,
        *,
        momentum: float,
        nesterov: bool = False,
        shrink: float = 0.0,
    ) -> None:
        super().__init__(groups, {"lr": learning_rate})
        self._momentum = momentum
        self._nesterov = nesterov
        self._shrink = shrink

    @abstractmethod
    def directions(self, group: dict[str, Any], parameters: list[nn.Parameter], means: list[Tensor]) -> list[Tensor]:
        """Return the direction of each step, at unit length in the rule's own norm.

        Args:
            group: the parameter group.
            parameters: those of the group that have a gradient.
            means: the mean gradient of each, not to be written to.
        """

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # torch's also takes a closure
        """Move the parameters that have a gradient.

        Args:
            closure: None; torch's schedulers call it so.
        """
        assert closure is None, "the training computes the gradients itself"
        for group in self.param_groups:
            parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
            if not parameters:
                continue
            directions = self.directions(group, parameters, self._means(parameters))
            lr = group["lr"]
            if self._shrink:
                torch._foreach_mul_(parameters, 1.0 - lr * self._shrink)
            torch._foreach_add_(parameters, directions, alpha=-lr * group["scale"])

    def _means(self, parameters: Sequence[nn.Parameter]) -> list[Tensor]:
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        if self._momentum == 0:
            return gradients
        for parameter in parameters:
            if "mean" not in self.state[parameter]:
                self.state[parameter]["mean"] = torch.zeros_like(parameter)
        means = [self.state[parameter]["mean"] for parameter in parameters]
        torch._foreach_lerp_(means, gradients, 1.0 - self._momentum)
        return list(torch._foreach_lerp(gradients, means, self._momentum)) if self._nesterov else means


@dataclass(frozen=True, kw_only=True)
class Parts:
    """A model's parameters by what they are: weights by role, and everything else.

    Attributes:
        weights: of ``Linear`` and ``Conv2d``, with their roles.
        vectors: biases, norms and whatever else is trained.
    """

    weights: list[Target]
    vectors: list[nn.Parameter]

    @classmethod
    def of(cls, model: nn.Module) -> "Parts":
        """Divide the parameters of a model into the parts that are updated in different ways.

        Args:
            model: with at least one weight.

        Raises:
            ValueError: a parameter holds several weights.
        """
        weights = select(model)
        for target in weights:
            if target.rows is not None:
                raise ValueError(
                    "an optimizer of whole matrices must find each in a parameter of its own, got several in that of "
                    f"{target.name!r}; choose sgd or adam"
                )
        taken = {id(target.parameter) for target in weights}
        return cls(
            weights=weights, vectors=[parameter for parameter in model.parameters() if id(parameter) not in taken]
        )


def unit_size(stack: Tensor) -> Tensor:
    """Return each tensor of a stack over its largest magnitude; a zero stays zero.

    Afterwards a norm can neither overflow nor vanish by underflow, so that a rule's steps have the same length however
    small the gradient.

    Args:
        stack: (k, …), one tensor an entry.
    """
    largest = torch.linalg.vector_norm(stack.flatten(1), ord=torch.inf, dim=1)
    return stack / largest.clamp(min=torch.finfo(stack.dtype).tiny).view(-1, *[1] * (stack.ndim - 1))


STACKED = 2**18
"""The largest matrix, in entries, of which those of one shape are copied together into one batched call. Larger ones
are bound by their products, and their copies would cost memory for nothing: on one CPU thread five Newton–Schulz steps
took 0.3 ms for eight 32 × 32 matrices stacked and 0.8 ms one by one, and for four of 512 × 512 as long either way."""


def stacks(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Return matrices of one shape as stacks (k, m, n) that are worth one call each, in their order.

    Args:
        tensors: weights or gradients of one flattened shape; kernels are flattened to Co × Ci·kh·kw.
    """
    matrices = [tensor.flatten(1) for tensor in tensors]
    if matrices[0].numel() <= STACKED:
        return [torch.stack(matrices)]
    return [matrix.unsqueeze(0) for matrix in matrices]


def unstacked(results: Sequence[Tensor], parameters: Sequence[nn.Parameter]) -> list[Tensor]:
    """Return the matrices of `stacks` in the parameters' own shapes.

    Args:
        results: stacks, in the order of the parameters.
        parameters: give the shapes.
    """
    matrices = [matrix for stack in results for matrix in stack.unbind()]
    return [matrix.reshape(parameter.shape) for matrix, parameter in zip(matrices, parameters, strict=True)]
