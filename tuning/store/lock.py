"""The lock by which at most one process writes in a study's folder."""

from pathlib import Path

from filelock import FileLock, Timeout

from tuning.store.connection import describe


def lock_folder(study: str, folder: Path) -> FileLock:
    """Take a study's folder for this process alone.

    Args:
        study: the study's name, for the message.
        folder: the study's folder, made if it is missing.

    Returns:
        The lock, held; whoever takes it releases it.

    Raises:
        ValueError: where another process has it, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "writer.lock", thread_local=False)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ValueError(
            f"a study is written by one process at a time, got a second one for {study!r} in {folder}; "
            "wait for the other, stop it, or give another --storage"
        ) from error
    except OSError as error:
        raise ValueError(
            f"a study's folder must be writable, got {folder} ({describe(error)}); give another --storage"
        ) from error
    return lock
