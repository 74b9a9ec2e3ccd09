"""Seeds are derived from names, never chosen, so that what should be equal between conditions is."""

import hashlib


def derive_seed(base: int, *names: str | int) -> int:
    """Return a 63-bit seed for the thing that the names describe.

    ``seed = first 63 bits of sha256("base/name₁/name₂/…")``. Equal names give equal seeds in every process and on
    every machine; names that differ in one character give unrelated ones. Conditions are paired by leaving the
    condition out of the names.

    Args:
        base: the study's seed.
        *names: what the seed is for, from the general to the particular; no name may hold a slash.

    Returns:
        An integer in [0, 2⁶³), which `torch.Generator.manual_seed` and `numpy.random.default_rng` take.

    Example:
        >>> derive_seed(0, "confirm", 3) == derive_seed(0, "confirm", 3)
        True
        >>> derive_seed(0, "confirm", 3) == derive_seed(0, "confirm", 4)
        False
    """
    parts = [str(base), *map(str, names)]
    assert not any("/" in part for part in parts), f"names of a seed hold no slash, got {parts}"
    digest = hashlib.sha256("/".join(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
