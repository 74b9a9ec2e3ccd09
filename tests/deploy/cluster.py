"""A cluster of two machines that are not there, made by ``ray up`` of ``deploy/on-premises.yaml``."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.deploy.conftest import ROOT
from tests.deploy.machine import Machine, make_key
from tests.postgresql import PostgreSQL

SECONDS = 240.0
_STATUS = """
import sys, urllib.error, urllib.request
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=10).status)
except urllib.error.HTTPError as error:
    print(error.code)
except OSError:
    print(0)
"""
HEAD, WORKER = "10.77.0.1", "10.77.0.2"


class Cluster:
    """A head and a worker behind ssh, a folder that both share, and the file that ``ray up`` reads.

    Args:
        folder: an empty one below ``/tmp``, its path short: Ray keeps sockets there.
        postgresql: whose data base MLflow will write.
    """

    def __init__(self, folder: Path, postgresql: PostgreSQL):
        self.folder, self.file = folder, folder / "on-premises.yaml"
        self.shared = folder / "shared"
        self.shared.mkdir()
        make_key(folder / "key")
        self.base = postgresql.base()
        self.head, self.worker = (
            Machine(folder / name, folder / "key", self.shared, folder, postgresql.folder)
            for name in ("head", "worker")
        )
        self.head.connect(self.worker, (HEAD, WORKER))
        self.file.write_text(yaml.safe_dump(self._configuration()))

    def _configuration(self) -> dict[str, Any]:
        """The file as it is, with what its user says; and Python is there already, as its setup would download it."""
        config: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "on-premises.yaml").read_text())
        config["provider"] |= {"head_ip": HEAD, "worker_ips": [WORKER]}
        config["auth"] = {"ssh_user": "root", "ssh_private_key": str(self.folder / "key")}
        config["setup_commands"] = [line for line in config["setup_commands"] if "/uv " not in line]
        return config

    def call(self, *command: str | Path, check: bool = True, **environment: str) -> str:
        """What a command prints that the cluster's user calls, with the token and the notes of ``ray up`` at hand."""
        notes = str(self.folder / "laptop")  # the head keeps its own
        modes = {"RAY_UP_enable_autoscaler_v2": "0", "RAY_AUTH_MODE": "token", "RAY_TMPDIR": notes}
        return self.head.run(*command, check=check, **modes, **environment).stdout

    def up(self) -> None:
        """Make the cluster, and wait for its worker and for MLflow."""
        settings = f"MLFLOW_BACKEND_STORE_URI={self.base}\nMLFLOW_ARTIFACTS_DESTINATION=/mnt/spectune/artifacts\n"
        self.head.run("bash", "-c", f"mkdir ~/mlflow && printf '{settings}' > ~/mlflow/environment")
        self.call("ray", "get-auth-token", "--generate")
        self.call("ray", "up", "--yes", "--no-config-cache", self.file)
        self.until(lambda: "2 local.cluster.node" in self.call("ray", "status", check=False))
        self.until(lambda: self.status("http://127.0.0.1:5000/health") == 200)

    def status(self, url: str) -> int:
        """The status of an answer on the head to one who shows no token, 0 where nobody answers."""
        return int(self.head.run("python", "-c", _STATUS, url).stdout)

    @staticmethod
    def until(true: Callable[[], bool]) -> None:
        """Wait for something that the cluster brings about."""
        deadline = time.monotonic() + SECONDS
        while not true():
            assert time.monotonic() < deadline
            time.sleep(1)

    def end(self) -> None:
        for machine in (self.head, self.worker):
            machine.end()
