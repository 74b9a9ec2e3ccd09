"""What griffe is told of our docstrings: a section ``Example:`` holds doctests, as ``Examples:`` does."""

import re
from typing import Any

import griffe

_HEADING = re.compile(r"^( *)Example:$", re.MULTILINE)


class Examples(griffe.Extension):
    """Lets a lone example be shown as code; griffe takes only the plural for one."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rename the section, where there is one.

        Args:
            obj: whatever has a docstring.
        """
        if obj.docstring is not None:
            obj.docstring.value = _HEADING.sub(r"\1Examples:", obj.docstring.value)
