"""A study run as a person would run it, in a folder of its own."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import yaml

from tests.root import ROOT
from tests.tuning.store.cases import points
from tests.tuning.studies import tiny
from tuning.records import LAYERS_FILE, SPECTRA_FILE, TIMES
from tuning.store import StoreReader


class Place:
    """A folder with a study file, a results folder and a store of its own."""

    def __init__(self, folder: Path, **changes):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.uri = f"sqlite:///{folder}/mlflow.db"
        (folder / "study.yaml").write_text(yaml.safe_dump(tiny(**changes)))

    @property
    def command(self):
        return [sys.executable, "-m", "tuning", "run", "study.yaml", "--tracking-uri", self.uri]

    @property
    def environment(self):
        root = str(ROOT)
        quiet = {
            name: value for name, value in os.environ.items() if name not in {"RAY_ADDRESS", "MLFLOW_TRACKING_URI"}
        }
        return {**quiet, "PYTHONPATH": root, "COLUMNS": "100"}

    def run(self, *options, wrapper=(), **environment):
        """Run the study to its end, perhaps by a program that changes what is around it.

        Args:
            *options: of the command.
            wrapper: a program and its arguments.
            **environment: what is set besides.
        """
        return subprocess.run(
            [*wrapper, *self.command, *options],
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def ask(self, command, *arguments, uri=None, program="tuning"):
        """Call another command, of this store or another."""
        return subprocess.run(
            [sys.executable, "-m", program, command, *arguments, "--tracking-uri", uri or self.uri],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def begin(self, *wrapper):
        return subprocess.Popen(
            [*wrapper, *self.command],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=bool(wrapper),
        )

    def kill_when(self, moment, delay=0.0):
        """Begin the study, and kill its driver so many seconds after a moment has come."""
        process = self.begin()
        while not moment():
            if process.poll() is not None:
                _, errors = process.communicate()
                raise AssertionError(f"the study ended before it could be killed: {errors}")
            time.sleep(0.0005)
        time.sleep(delay)
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL

    @property
    def runs(self):
        return StoreReader("tiny", self.uri).runs()

    def numbers(self):
        """Every stored number of every run by key, but for the times."""
        reader = StoreReader("tiny", self.uri)
        keys = {run.run_id: run.tags["trial_key"] for run in reader.runs()}
        found = Counter((keys[run_id], *point) for run_id, *point in points(reader, list(keys)))
        return {point: count for point, count in found.items() if point[1] not in TIMES}

    def seeds(self):
        """The seeds of every run by phase, cell and index."""
        names = ("phase", "architecture", "condition", "seed")
        return {
            tuple(run.tags[name] for name in names): (run.params["seed"], run.params["split_seed"]) for run in self.runs
        }

    def spectra(self):
        reader = StoreReader("tiny", self.uri)
        return {
            (run.tags["trial_key"], name): reader.artifact(run, name).read_bytes()
            for run in reader.runs()
            for name in (SPECTRA_FILE, LAYERS_FILE)
        }
