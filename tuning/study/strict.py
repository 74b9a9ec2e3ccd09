"""What every section of a study file is: frozen, and strict about its keys."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from tuning.nearest import nearest


class Strict(BaseModel):
    """Frozen, and every key that it does not know is refused with the nearest one that it does."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True)

    @classmethod
    def known_keys(cls) -> tuple[str, ...]:
        """Return the keys that the section has, in the order in which messages list them."""
        return tuple(cls.model_fields)

    @model_validator(mode="before")
    @classmethod
    def _known_keys_only(cls, data: Any) -> Any:
        if isinstance(data, dict):
            known = cls.known_keys()
            for key in data:
                if key not in known:
                    raise ValueError(f"known keys are {', '.join(known)}, got {key!r}{nearest(str(key), known)}")
        return data


def named(value: Any) -> Any:
    """Return ``{"name": value}`` for a bare name, so that ``digits`` and ``{name: digits}`` mean the same."""
    return {"name": value} if isinstance(value, str) else value
