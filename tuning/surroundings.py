"""What this process finds around itself: a job's environment, a home folder, and what lies where it is called."""

import os
from pathlib import Path

COMMIT = "SPECTUNE_GIT_COMMIT"
"""The commit of the code, which travels without its checkout."""

VERSION = "SPECTUNE_VERSION"
"""The version of the code, which travels without being installed."""

IN_A_JOB = "SPECTUNE_JOB"
"""Set where the working folder ends with the job."""


def no_home() -> str:
    """Say why there is no home folder: a container's user may be a mere number."""
    return f"HOME is not set, and the system knows no home of user {os.getuid()}"


def check_home() -> None:
    """See that there is a home folder: Ray asks for it while it is imported, and keeps its token there.

    Raises:
        ValueError: where there is none.
    """
    try:
        Path.home()
    except RuntimeError as error:
        raise ValueError(
            f"Ray needs a home folder, got none: {no_home()}; set HOME to a folder that can be written"
        ) from error


def check_current_folder() -> None:
    """See that Ray's workers find this very package: they look in their driver's current folder before all others.

    Raises:
        ValueError: where that folder has a ``tuning`` of its own.
    """
    ours = Path(__file__).resolve().parent
    for there in (Path.cwd() / "tuning", Path.cwd() / "tuning.py"):
        if there.exists() and there.resolve() != ours:
            raise ValueError(
                "Ray's workers look for packages in the current folder first, where there must be no other tuning, got "
                f"{there}; call from another folder"
            )
