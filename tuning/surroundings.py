"""What this process finds around itself: what a job on a cluster is told by its environment, and a home folder."""

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
