"""What torch takes up without a look: a kept state must fit the training that it is loaded into."""

from typing import Any

from torch import Tensor

from tuning.trial.optim import UpdateRule


def check_epoch(epoch: Any, epochs: int) -> None:
    """Refuse an epoch after which no state is kept.

    Args:
        epoch: the state's.
        epochs: of the training.

    Raises:
        ValueError: it is no whole number between the first and the last but one.
    """
    if type(epoch) is not int or not 0 < epoch < epochs:
        raise ValueError(f"a kept state's epoch must be from 1 to {epochs - 1}, got {epoch!r}")


def check_tensors(kept: Any, own: dict[str, Tensor]) -> None:
    """Refuse weights of other names, shapes or types; torch would round a number of another type.

    Args:
        kept: the state's.
        own: the model's.

    Raises:
        ValueError: they differ.
    """
    expected = {name: (tuple(tensor.shape), tensor.dtype) for name, tensor in own.items()}
    got = {name: (tuple(tensor.shape), tensor.dtype) for name, tensor in kept.items()}
    other = next((name for name in (*expected, *got) if expected.get(name) != got.get(name)), None)
    if other is not None:
        raise ValueError(f"a kept state's {other} must be {expected.get(other)}, got {got.get(other)}")


def check_optimizer(kept: dict[str, Any], optimizer: UpdateRule) -> None:
    """Refuse an update rule's state whose tensors cannot belong to its parameters; torch's rules do not look.

    What a rule keeps of a parameter is a number, of the parameter's shape, or as long as its flattened rows.

    Args:
        kept: the state's; numbered by parameter, a list of such under ``parts`` where several rules are joined.
        optimizer: that will take it up.

    Raises:
        ValueError: a tensor has another shape.
    """
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for part in kept.get("parts", [kept]):
        count = sum(len(group["params"]) for group in part["param_groups"])
        own, parameters = parameters[:count], parameters[count:]
        for number, entries in part["state"].items():
            shape = own[number].shape
            for name, value in entries.items():
                if isinstance(value, Tensor) and value.shape not in {(), shape, (shape[1:].numel(),)}:
                    raise ValueError(f"{name} of a weight of shape {tuple(shape)} cannot be {tuple(value.shape)}")
