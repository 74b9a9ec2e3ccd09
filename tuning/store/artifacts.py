"""The files of a run, without a copy where they already lie on this machine, and wherever a store was moved to."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from tuning.store.census import Seen
from tuning.store.tables import TABLES, sha256

if TYPE_CHECKING:
    from mlflow import MlflowClient


def fetch(
    client: "MlflowClient", run_id: str, artifact_uri: str, name: str, folder: Path, beside: Path | None = None
) -> Path | None:
    """Return a local path of a run's artifact.

    Args:
        client: of the run's store.
        run_id: the run.
        artifact_uri: where the run's artifacts are.
        name: the artifact's file name.
        folder: where to put a downloaded copy.
        beside: where artifacts of this machine are looked for, too, should they have been moved with their store.

    Returns:
        The artifact itself where it is a local file, else the copy; ``None`` where the run has none.
    """
    local = local_folder(artifact_uri)
    if local is not None:
        folders = [local] if beside is None else [local, *_moved(local, beside)]
        return next((path for place in folders if (path := place / name).is_file()), None)
    if name not in {file.path for file in client.list_artifacts(run_id)}:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    return Path(client.download_artifacts(run_id, name, str(folder)))


def local_folder(artifact_uri: str) -> Path | None:
    """Return the folder of a run's artifacts where it is one of this machine's, else None.

    Args:
        artifact_uri: where the run's artifacts are.
    """
    if artifact_uri.startswith("/"):
        return Path(artifact_uri)
    parts = urlsplit(artifact_uri)
    return Path(url2pathname(parts.path)) if parts.scheme == "file" else None


def _moved(folder: Path, beside: Path) -> Iterator[Path]:
    """Yield where the folder of a run's artifacts may lie by now: as much of its path as possible, at another place.

    MLflow keeps absolute paths. The last two parts of one, the run's id and ``artifacts``, name no other run's folder.
    """
    parts = folder.parts[1:]
    for start in range(len(parts) - 1):
        for root in (beside, *(beside / name for name in _ROOTS)):
            yield root.joinpath(*parts[start:])


_ROOTS = ("mlartifacts", "mlruns")
"""The folders that spectune and MLflow make for artifacts."""


def stored_digests(client: "MlflowClient", run: Seen) -> dict[str, str]:
    """Return the digests of a run's tables as they lie in the store, which are read for it.

    Args:
        client: of the run's store.
        run: the run.

    Returns:
        By name, those that are there.
    """
    with tempfile.TemporaryDirectory(prefix="spectune-") as folder:
        found = {name: fetch(client, run.run_id, run.artifact_uri, name, Path(folder)) for name in TABLES}
        return {name: sha256(path) for name, path in found.items() if path is not None}
