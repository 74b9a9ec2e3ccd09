"""What a job on a cluster is told of itself, by names in its environment."""

COMMIT = "SPECTUNE_GIT_COMMIT"
"""The commit of the code, which travels without its checkout."""

VERSION = "SPECTUNE_VERSION"
"""The version of the code, which travels without being installed."""

IN_A_JOB = "SPECTUNE_JOB"
"""Set where the working folder ends with the job."""
