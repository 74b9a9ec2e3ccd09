"""What griffe is told of our docstrings: ``Example:`` holds doctests as ``Examples:`` does, and σ* is no emphasis."""

import re
from typing import Any

import griffe

_HEADING = re.compile(r"^( *)Example:$", re.MULTILINE)


class Examples(griffe.Extension):
    """Lets a lone example be shown as code, of which griffe takes only the plural, and stars as they are."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rename the section, where there is one, and escape the stars of formulas.

        Args:
            obj: whatever has a docstring.
        """
        if obj.docstring is not None:
            obj.docstring.value = _HEADING.sub(r"\1Examples:", obj.docstring.value).replace("σ*", "σ\\*")
