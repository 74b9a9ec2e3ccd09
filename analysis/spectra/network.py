"""Networks by name: ours and torchvision's, with random weights or with those of a checkpoint."""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from analysis.notation import several
from analysis.spectra.state import State
from models import ARCHITECTURES, build, import_torchvision
from tuning.nearest import nearest_name

SEED = 0
"""Of the random weights of a network that is given by its name alone."""

MOST = 2**24
"""Numbers in an image, 3x2364x2364. Above it a size is a slip of the hand, and would fill the memory."""

Image = tuple[int, int, int]

_COUNTER = "num_batches_tracked"  # BatchNorm's, younger than many a checkpoint


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """A network whose modules are known.

    Attributes:
        module: with its weights, in evaluation mode.
        image: (channels, height, width) of what it is given.
    """

    module: nn.Module
    image: Image

    @property
    def grouped(self) -> dict[str, nn.Module]:
        """The grouped convolutions by qualified name."""
        convolutions = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
        return {
            name: module
            for name, module in self.module.named_modules()
            if isinstance(module, convolutions) and module.groups != 1
        }


def random_network(name: str, image: Image | None) -> Network:
    """Return a network with random weights, always the same.

    Args:
        name: of a shipped architecture, or of one of torchvision's networks for classification.
        image: by default 3×32×32 for ours, 3×224×224 for torchvision's.

    Returns:
        The network, with the number of classes it is known for: 10, or torchvision's 1000.

    Raises:
        ValueError: the name is unknown.
    """
    if name in ARCHITECTURES:
        return _built(name, image or (3, 32, 32), classes=10)
    rule = "CHECKPOINT must be a file or a network's name"
    if Path(name).is_dir() and name not in _theirs():
        raise ValueError(f"{rule}, got {name!r}, a folder; name a file in it")
    _check_known(rule, name, _files_beside(Path(name)))
    return _built(name, image or (3, 224, 224), classes=1000)


def filled_network(name: str, image: Image | None, state: State) -> tuple[Network, State]:
    """Return a network with the weights of a checkpoint.

    Where all of the network's tensors stand under one prefix, whatever it is, they are taken from there; the others are
    not the network's, and a remark names them.

    Args:
        name: of the architecture, such as ``resnet34``.
        image: by default what the first weight suits: its columns, or its channels at 32×32 (kernels up to 3×3) or
            224×224.
        state: all of the network's tensors; its last weight has a row for each class.

    Returns:
        The network, and its tensors under its own names.

    Raises:
        ValueError: the name is unknown, or the tensors are not those of this network.
    """
    _check_known("--model must be a network's name", name)
    state = _without_prefix(name, state)
    weights = [tensor for tensor in state.tensors.values() if tensor.ndim >= 2]
    if not weights:
        raise ValueError(f"a checkpoint of {name} must hold its weights, got no matrix and no kernel")
    size, classes = image or _suitable(weights[0]), max(2, len(weights[-1]))
    with torch.device("meta"):  # shapes alone: what the file says of them may be far beyond the memory
        _check_fit(name, _built(name, size, classes).module.state_dict(), state)
    network = _built(name, size, classes)
    wanted = network.module.state_dict()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of complex weights, which are then left out
            network.module.load_state_dict({**wanted, **state.tensors})
    except RuntimeError as error:
        raise ValueError(f"a checkpoint of {name} must hold plain tensors, got {str(error).splitlines()[-1]}") from None
    return network, state


def _without_prefix(name: str, state: State) -> State:
    """The tensors that stand under the first prefix below which the network is whole; all where there is none."""
    with torch.device("meta"):
        wanted = [key for key in _built(name, (3, 224, 224), 10).module.state_dict() if not key.endswith(_COUNTER)]
    longest = max(wanted, key=len)
    prefixes = [key.removesuffix(longest) for key in state.tensors if key.endswith(longest)]
    whole = (prefix for prefix in prefixes if all(prefix + key in state.tensors for key in wanted))
    prefix = next(whole, "")
    if not prefix:
        return state
    tensors = {key.removeprefix(prefix): state.tensors[key] for key in state.tensors if key.startswith(prefix)}
    outputs = {key.removeprefix(prefix): dim for key, dim in state.outputs.items() if key.startswith(prefix)}
    remarks = [f"The tensors of {name} are those under {prefix!r}."]
    if others := [key for key in state.tensors if not key.startswith(prefix)]:
        remarks.append(f"Not of {name} and left out: {several(others)}.")
    return State(tensors=tensors, remarks=(*state.remarks, *remarks), outputs=outputs)


def _suitable(first: Tensor) -> Image:
    if first.ndim == 2:
        return first.shape[1], 1, 1  # networks of matrices take their images flattened
    side = 32 if first.shape[-1] <= 3 else 224
    return first.shape[1], side, side


def _built(name: str, image: Image, classes: int) -> Network:
    """A network with its random weights.

    Raises:
        ValueError: it cannot be built for such an image, or does not fit into memory.
    """
    shown = "x".join(map(str, image))
    if math.prod(image) > MOST:
        raise ValueError(f"--input must hold at most {MOST:,} numbers, got {shown}; give the size of an image")
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two of torchvision's networks warn of how slowly they are initialized
        torch.manual_seed(SEED)
        try:
            if name in ARCHITECTURES:
                module = build(name, image, classes)
            else:
                module = _torchvision().get_model(name, weights=None, num_classes=classes)
        except RuntimeError:  # of the allocator
            raise ValueError(
                f"a network must fit into memory, got {name} for {shown} and {classes:,} classes; give another file "
                "or a smaller --input"
            ) from None
    return Network(module=module.eval(), image=image)


def _torchvision() -> Any:
    return import_torchvision().models


def _theirs() -> list[str]:
    names: list[str] = _torchvision().list_models(module=_torchvision())  # networks for classification
    return names


def _check_known(rule: str, name: str, files: Sequence[str] | None = None) -> None:
    """Refuse a name that no network has, with the nearest name, or file where it may be one.

    Raises:
        ValueError: the name is unknown.
    """
    if name in ARCHITECTURES:
        return
    theirs = _theirs()
    if name in theirs:
        return
    near = nearest_name(name, [*ARCHITECTURES, *theirs, *(files or ())])
    names = f"{', '.join(ARCHITECTURES)} or one of torchvision's for classification, e.g. resnet34"
    if files is None:
        came, cure = repr(name), f"name {names}"
    else:
        is_path = Path(name).suffix or Path(name).name != name
        came, cure = f"{name!r}, and no such file exists", "check the path" if is_path else f"name a file, {names}"
    raise ValueError(f"{rule}, got {came}; {f'did you mean {near!r}?' if near else cure}")


def _files_beside(path: Path) -> list[str]:
    try:
        return [str(file) for file in path.parent.iterdir() if file.is_file()]
    except (OSError, ValueError):  # a folder that is not there, cannot be read or has an impossible name
        return []


def _check_fit(name: str, wanted: dict[str, Tensor], state: State) -> None:
    """Refuse tensors that are not those of the network.

    Raises:
        ValueError: one is missing, one is of another shape, or there is one more.
    """
    counters = {key for key in wanted if key.endswith(_COUNTER)}
    missing = wanted.keys() - state.tensors.keys() - counters
    added = state.tensors.keys() - wanted.keys()
    other = {key for key in wanted.keys() & state.tensors.keys() if wanted[key].shape != state.tensors[key].shape}
    told = [
        f"{len(keys)} {what}, {min(keys)!r} among them"
        for keys, what in ((missing, "missing"), (added, "unknown to it"), (other, "of another shape"))
        if keys
    ]
    if told:
        raise ValueError(
            f"a checkpoint must hold the tensors of {name}, got {'; '.join(told)}; give the network it was saved from, "
            "or leave out --model"
        )
