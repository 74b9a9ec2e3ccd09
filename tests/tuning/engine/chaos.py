"""A small study, and what may happen to it: each step is something that has happened to somebody."""

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
from PIL import Image
from sklearn.datasets import load_digits

from tests.tuning.place import Place
from tests.tuning.put_back import SQLiteStore
from tuning.store import Journal
from tuning.store.connection import connect

STUDY = {
    "architectures": [{"name": "mlp-tiny", "family": "mlp", "depth": 2, "width": 16}],
    "training": {"optimizer": "adam", "epochs": 4, "batch_size": 64},
    "search": {"algorithm": "sobol", "trials": 3, "concurrency": 2},
    "confirm": {"seeds": 2},
    "resources": {"epoch_minutes": 0.2},
}
RUNS = 10
_PATIENCE = 300.0


def images(folder: Path) -> dict[str, str]:
    """Two hundred of scikit-learn's digits as files, four classes of them."""
    digits = load_digits()
    for number in range(4):
        (folder / f"class{number}").mkdir(parents=True)
        for index in np.flatnonzero(digits.target == number)[:50]:
            Image.fromarray((digits.images[index] * 15).astype(np.uint8)).save(
                folder / f"class{number}" / f"{index}.png"
            )
    return {"name": "image-folder", "path": str(folder)}


class Chaos:
    """One study, its store, and a seeded hand that disturbs both.

    Args:
        folder: of its own.
        seed: of what happens when.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.place = Place(folder / "mine", **STUDY, dataset=images(folder / "images"))
        self.images = folder / "images"
        self.store = SQLiteStore(self.place.folder)
        self.draw = random.Random(seed)
        self.process: subprocess.Popen[str] | None = None
        self.told: list[str] = []
        self.commands: list[tuple[int, str]] = []
        self.saved = 0
        shutil.copytree(self.images, folder / "as they were")

    @property
    def results(self) -> Path:
        return self.place.folder / "results" / "tiny"

    def events(self) -> list[object]:
        try:
            return [event for event, _ in Journal(self.results).read()]
        except (ValueError, OSError):
            return []

    # What a person, a machine or a store may do.

    def begin(self) -> None:
        """Run the study, and wait until it has done something more."""
        if self.process is not None:
            return
        before, more = len(self.events()), self.draw.randint(1, 25)
        self.process = self.place.begin()
        end = time.monotonic() + _PATIENCE
        while self.process.poll() is None and len(self.events()) < before + more:
            assert time.monotonic() < end, "the study stands still"
            time.sleep(0.02)

    def end(self) -> None:
        """Let the study run to its end, and keep what it has said."""
        if self.process is None:
            return
        output, errors = self.process.communicate(timeout=_PATIENCE)
        self._said(self.process.returncode, output, errors)
        self.process = None

    def kill(self) -> None:
        self.begin()
        assert self.process is not None
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def save_store(self) -> None:
        if (self.place.folder / "mlflow.db").exists():
            self.saved += 1
            self.store.save(f"state{self.saved}")

    def put_store_back(self) -> None:
        if self.saved:
            self.store.put_back(f"state{self.draw.randint(1, self.saved)}")

    def delete_a_run(self) -> None:
        runs = self._stored()
        if runs:
            connect(self.place.uri).delete_run(self.draw.choice(runs))

    def edit_a_run(self) -> None:
        runs = self._stored()
        if runs:
            name = self.draw.choice(["condition", "phase", "stop_reason", "trial_key"])
            connect(self.place.uri).set_tag(self.draw.choice(runs), name, "edited")

    def second_driver(self) -> None:
        """Somebody runs the same study, in this folder or in one of his own."""
        where = self.draw.choice([[], ["--storage", "theirs"]])
        done = self.place.run(*where)
        mine = not where and self.process is None
        if mine or done.returncode != 2:
            self._said(done.returncode, done.stdout, done.stderr)
        assert mine or done.returncode in {0, 2} or "problem:" in done.stderr, (done.returncode, done.stderr)

    def move_the_folder(self) -> None:
        """Away, and back when the study has said so."""
        if not self.results.exists():
            return
        away = self.place.folder / "away"
        self.results.rename(away)
        self.end()
        if self.results.exists():
            shutil.rmtree(self.results)
        away.rename(self.results)

    def delete_the_folder(self) -> None:
        """Under a study that runs; of one that does not, it would be lost for good."""
        if self.process is not None and self.process.poll() is None and self.results.exists():
            shutil.rmtree(self.results, ignore_errors=True)
            self.end()

    def change_the_data(self) -> None:
        """Other pictures in half of the files; put back when the study has said so."""
        for path in sorted(self.images.rglob("*.png"))[::2]:
            noise = np.random.default_rng(self.draw.randint(0, 9)).integers(0, 255, (8, 8), np.uint8)
            Image.fromarray(noise).save(path)
        if self.process is None:
            self.begin()
        self.end()
        shutil.rmtree(self.images)
        shutil.copytree(self.images.parent / "as they were", self.images)

    def stop_a_process(self) -> None:
        """The driver or one of its workers stands still for some seconds."""
        if self.process is None or self.process.poll() is not None:
            return
        tree = [self.process.pid]
        if self.draw.random() < 0.5:
            children = psutil.Process(self.process.pid).children(recursive=True)
            tree = [process.pid for process in children if "run_trial" in " ".join(process.cmdline())][:1]
        for pid in tree:
            os.kill(pid, signal.SIGSTOP)
            time.sleep(self.draw.choice([1.0, 15.0]) if pid == self.process.pid else 3.0)
            os.kill(pid, signal.SIGCONT)

    def steps(self) -> list[Callable[[], None]]:
        """What may happen, in no order."""
        return [
            self.kill,
            self.save_store,
            self.put_store_back,
            self.delete_a_run,
            self.edit_a_run,
            self.second_driver,
            self.move_the_folder,
            self.delete_the_folder,
            self.change_the_data,
            self.stop_a_process,
        ]

    def happen(self, count: int) -> None:
        """Let that many things happen, with the study running or not."""
        for _ in range(count):
            if self.draw.random() < 0.6:
                self.begin()
            step = self.draw.choice(self.steps())
            running = self.process is not None and self.process.poll() is None
            self.told.append(f"{step.__name__}{' while it runs' if running else ''}")
            step()

    def to_the_end(self) -> tuple[int, str]:
        """Run the study until it is done, as often as a person would; return how its last command ended."""
        self.end()
        for _ in range(3):
            done = self.place.run()
            self._said(done.returncode, done.stdout, done.stderr)
            if done.returncode == 0:
                break
        return self.commands[-1]

    def _said(self, code: int, output: str, errors: str) -> None:
        """Every command that does not end well says why, in lines."""
        self.commands.append((code, errors))
        assert "Traceback" not in errors, errors
        if code == 0:
            assert f"all is stored: {RUNS} runs" in output, output
        else:
            assert code in {1, 2}, (code, errors)
            assert errors.startswith(("error: ", "problem: ")), errors

    def _stored(self) -> list[str]:
        try:
            return [run.run_id for run in self.place.runs]
        except ValueError:
            return []
