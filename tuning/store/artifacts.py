"""The files of a run, without a copy where they already lie on this machine."""

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

if TYPE_CHECKING:
    from mlflow import MlflowClient


def fetch(client: "MlflowClient", run_id: str, artifact_uri: str, name: str, folder: Path) -> Path | None:
    """Return a local path of a run's artifact.

    Args:
        client: of the run's store.
        run_id: the run.
        artifact_uri: where the run's artifacts are.
        name: the artifact's file name.
        folder: where to put a downloaded copy.

    Returns:
        The artifact itself where it is a local file, else the copy; ``None`` where the run has none.
    """
    local = local_folder(artifact_uri)
    if local is not None:
        path = local / name
        return path if path.is_file() else None
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
