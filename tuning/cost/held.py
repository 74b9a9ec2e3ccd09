"""Which weights of each network each condition holds, and as what."""

from dataclasses import dataclass

from regularizers import select
from regularizers.methods.none import NoRegularization
from tuning.cost.cell import typical
from tuning.study import Study
from tuning.trial import without_numbers
from tuning.trial.data.dataset_info import DatasetInfo


@dataclass(frozen=True, kw_only=True)
class HeldWeight:
    """One weight of a network.

    Attributes:
        name: its layer's.
        role: by which ``where`` chooses it.
        shape: rows and columns of its matrix.
        conditions: those that hold it, in the study's order.
    """

    name: str
    role: str
    shape: tuple[int, int]
    conditions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class HeldWeights:
    """The weights of one network.

    Attributes:
        architecture: the network's name.
        weights: in its order.
        unheld: numbers in all its other parameters, biases and norms, which no condition holds.
    """

    architecture: str
    weights: tuple[HeldWeight, ...]
    unheld: int


def held_weights(study: Study, dataset_info: DatasetInfo) -> tuple[HeldWeights, ...]:
    """Ask every condition which weights it holds of every network.

    Args:
        study: already checked.
        dataset_info: what is known of its data set.

    Returns:
        One for each architecture, in the study's order.

    Raises:
        ValueError: where a condition holds nothing of a network, or not what it has.
    """
    found = []
    for architecture in study.architectures:
        model = without_numbers(architecture, dataset_info.input_shape, dataset_info.num_classes)
        holders: dict[str, list[str]] = {}
        for cell in [cell for cell in study.cells if cell.architecture is architecture]:
            regularizer = typical(cell).regularizer
            for target in () if isinstance(regularizer, NoRegularization) else regularizer.held(model):
                holders.setdefault(target.name, []).append(cell.condition_name)
        weights = tuple(
            HeldWeight(
                name=target.name,
                role=target.role,
                shape=(target.fan_out, target.fan_in),
                conditions=tuple(holders.get(target.name, ())),
            )
            for target in select(model)
        )
        numbers = sum(rows * columns for rows, columns in (weight.shape for weight in weights))
        others = sum(parameter.numel() for parameter in model.parameters()) - numbers
        found.append(HeldWeights(architecture=architecture.name, weights=weights, unheld=others))
    return tuple(found)
