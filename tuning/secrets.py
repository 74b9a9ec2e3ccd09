"""What nobody may read in a message, a log or a report: passwords and tokens.

Standard library only.
"""

import os
import re

_CREDENTIALS = re.compile(r"//\S+@")  # up to the last @: a password may hold one, and a slash
_CREDENTIAL = re.compile(r"(?<=[?&])(user|username|password|passwd|pwd|passfile|sslpassword)=[^&\s]*", re.IGNORECASE)
_SECRET_NAMES = re.compile(r"PASSWORD|PASSWD|MLFLOW_TRACKING_USERNAME|TOKEN|SECRET|CREDENTIAL|ACCESS_KEY|API_KEY")
_PLACES = ("_PATH", "_FILE", "_DIR")
"""How names end that hold the place of a secret, and a few values that are none."""

_WORDS = {"true", "false", "yes", "no", "on", "off", "none", "token", "0", "1"}


def hide_password(text: str) -> str:
    """Return the text without the user and password of any URI in it."""
    return _CREDENTIAL.sub(r"\1=***", _CREDENTIALS.sub("//***@", text))


def hide_secrets(text: str) -> str:
    """Return the text without what `hide_password` hides, and without the secrets of this process's environment.

    A secret is the value of a variable whose name says so: MLFLOW_TRACKING_PASSWORD, RAY_AUTH_TOKEN,
    AWS_SECRET_ACCESS_KEY, or any other with such a word in it.

    Args:
        text: for people.
    """
    hidden = hide_password(text)
    for value in _secrets():
        hidden = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "***", hidden)
    return hidden


def _secrets() -> list[str]:
    """Return the secrets, the longest first: one may hold another."""
    found = {
        value
        for name, value in os.environ.items()
        if _SECRET_NAMES.search(name.upper()) and not name.upper().endswith(_PLACES)
    }
    return sorted((value for value in found if value and value.lower() not in _WORDS), key=len, reverse=True)
