"""The door: from an optimizer's settings to its rule over the parameters of a model."""

from collections.abc import Callable
from typing import Any

from torch import nn

from tuning.settings import SGD, Adam, Muon, Optimizer, Scion, Spectral
from tuning.trial.optim.adam import build_adam
from tuning.trial.optim.joined import UpdateRule
from tuning.trial.optim.muon import build_muon
from tuning.trial.optim.scion import build_scion
from tuning.trial.optim.sgd import build_sgd
from tuning.trial.optim.spectral import build_spectral

BUILDERS: dict[type[Optimizer], Callable[[nn.Module, Any, float], UpdateRule]] = {
    SGD: build_sgd,
    Adam: build_adam,
    Muon: build_muon,
    Scion: build_scion,
    Spectral: build_spectral,
}
"""By the class of its settings (`tuning.settings.OPTIMIZERS`), what makes the rule."""


def build_optimizer(model: nn.Module, optimizer: Optimizer, learning_rate: float) -> UpdateRule:
    """Return the rule that updates all parameters of the model.

    Its weight decay is always 0: decay belongs to the regularizers, so that the baseline runs the same code as its
    rivals. Each parameter group keeps the learning rate it begins with in ``initial_lr``, as torch's schedulers have
    it; a schedule sets ``lr`` to its factor times that.

    Args:
        model: the model, its regularizer attached (a reparametrization replaces parameters).
        optimizer: which update rule, and its numbers.
        learning_rate: before the schedule's factor.

    Returns:
        The rule, its state empty.

    Raises:
        ValueError: where the model has no weight that the rule is about.
    """
    rule = BUILDERS[type(optimizer)](model, optimizer, learning_rate)
    for group in rule.param_groups:
        group["initial_lr"] = group["lr"]
    return rule
