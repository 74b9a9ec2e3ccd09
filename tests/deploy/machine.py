"""A machine that is not there: Linux namespaces with a home, a ``/tmp``, a network and processes of their own.

Whatever is started on it ends with it, and what runs there sees, and can end, nothing else: ``ray stop`` too, which
ends every Ray that it finds.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.deploy.conftest import ROOT

NEEDED = ("setpriv", "unshare", "nsenter", "ip", "ssh-keygen", "/usr/sbin/sshd", "rsync")
NAMESPACES = ("unshare", "--pid", "--net", "--mount", "--ipc", "--fork", "--mount-proc", "--kill-child")
SECONDS = 60.0


def what_is_missing() -> str | None:
    """Why no such machine can be made here, None where it can."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        return f"there must be {', '.join(missing)}"
    if os.geteuid() != 0:
        return "a machine of namespaces takes root"
    tried = subprocess.run([*NAMESPACES, "true"], capture_output=True, check=False)
    return None if tried.returncode == 0 else "root has no namespaces of its own here"


def make_key(path: Path) -> None:
    """Make a key for ssh, its public one beside it."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)


class Machine:
    """One machine, which answers to ssh.

    Args:
        folder: an empty one, for its logs.
        key: a private key that opens it, its public one beside it.
        shared: what it mounts at ``/mnt/spectune``.
        kept: further folders of the real machine's ``/tmp`` that it sees too.
    """

    path = f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin"
    """Where programs are looked for there."""

    def __init__(self, folder: Path, key: Path, shared: Path, *kept: Path):
        self.folder = folder
        folder.mkdir()
        shutil.copy(key.with_suffix(".pub"), folder / "key.pub")
        make_key(folder / "host_key")
        seen = [path for path in (folder, ROOT, Path(sys.prefix), *kept) if path.is_relative_to("/tmp")]
        mortal = ["setpriv", "--pdeathsig", "KILL"]  # a test that is killed leaves no machine behind
        script = ["bash", ROOT / "tests" / "deploy" / "machine.sh", folder, sys.prefix, shared, *seen]
        with (folder / "machine.log").open("w") as log:
            self._process = subprocess.Popen([*mortal, *NAMESPACES, *script], stdout=log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + SECONDS
        while not (folder / "ready").exists():
            assert self._process.poll() is None, (folder / "machine.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        self._first = children.read_text().split()[0]

    def run(self, *command: str | Path, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command on the machine, in the checkout, as one who sits before it."""
        enter = ["nsenter", "--target", self._first, "--pid", "--net", "--mount", "--ipc", f"--wdns={ROOT}"]
        kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
        done = subprocess.run(
            [*enter, *command],
            env={**kept, "PATH": self.path, "PYTHONPATH": str(ROOT), "COLUMNS": "160", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        with (self.folder / "commands.log").open("a") as log:
            log.write(f"$ {' '.join(map(str, command))}\n{done.stdout}\n[{done.returncode}]\n\n")
        assert done.returncode == 0 or not check, done.stdout[-6000:]
        return done

    def processes(self) -> dict[int, str]:
        """The command lines of what runs there, by the number the real machine gives it."""
        space = Path(f"/proc/{self._first}/ns/pid").readlink()
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if (entry / "ns" / "pid").readlink() == space:
                    found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
            except OSError:  # it has ended meanwhile
                continue
        return found

    def connect(self, other: "Machine", addresses: tuple[str, str]) -> None:
        """Lay a cable between two machines.

        Args:
            other: which gets the second address.
            addresses: in one network of 24 bits.
        """
        cable = ["ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", other._first]
        subprocess.run(["nsenter", "--target", self._first, "--net", *cable], check=True)
        for machine, own, far in ((self, *addresses), (other, *reversed(addresses))):
            machine.run("ip", "address", "add", f"{own}/24", "dev", "eth0")
            machine.run("ip", "link", "set", "eth0", "up")
            machine.run("ip", "route", "add", "default", "via", far)  # by which Ray finds its own address

    def end(self) -> None:
        """End it, and all that runs on it."""
        self._process.kill()
        self._process.wait()
