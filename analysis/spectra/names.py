"""The names of tensors without what wrappers of networks put into them."""

from collections.abc import Mapping

from torch import Tensor

_MARKS = {"_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_fpw_module"}
# What torch.compile, FSDP (torch's, then fairscale's) and activation checkpointing add wherever a module is wrapped
_WRAPPER = "module."  # DataParallel's and AveragedModel's, before every name
_ATTRIBUTE = "model."  # where Lightning and many a training program keep the network
_COUNTER = "n_averaged"  # AveragedModel's, beside the network


def unwrapped(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Take the marks of wrappers out of names, in any nesting, and make names printable on any terminal.

    Args:
        tensors: by the names in the file.

    Returns:
        The same tensors by shorter names, and remarks. Where two would have the same name, all keep what they had.
    """
    remarks = []
    names = {name: ".".join(part for part in name.split(".") if part not in _MARKS) for name in tensors}
    while prefix := _shared(names):
        counter = next((name for name, short in names.items() if short == _COUNTER), None)
        if counter is not None:
            del names[counter]
            remarks.append("The weights are averages over training: torch's AveragedModel.")
        names = {name: short.removeprefix(prefix) for name, short in names.items()}
        if prefix == _ATTRIBUTE:
            remarks.append(f"Every name in the file begins with {_ATTRIBUTE!r}, which is left out here.")
    plain = {_printable(short): tensors[name] for name, short in names.items()}
    if len(plain) < len(names):
        return {ascii(name)[1:-1]: tensor for name, tensor in tensors.items()}, ()
    return plain, tuple(dict.fromkeys(remarks))


def _shared(names: Mapping[str, str]) -> str:
    """The prefix of all names; a counter of averages stands beside the network that its wrapper has the prefix of."""
    for prefix in (_WRAPPER, _ATTRIBUTE):
        others = [short for short in names.values() if not (prefix == _WRAPPER and short == _COUNTER)]
        if others and all(short.startswith(prefix) and len(short) > len(prefix) for short in others):
            return prefix
    return ""


def _printable(name: str) -> str:
    return name if name.isprintable() else ascii(name)[1:-1]
