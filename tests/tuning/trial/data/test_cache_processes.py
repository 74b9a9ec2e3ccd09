"""The cache of decoded images between processes: one decodes, the others wait, and a killed one harms nobody."""

import os
import signal
import subprocess
import sys

from tests.root import ROOT

PROGRAM = """
import sys, time
from pathlib import Path
from tuning.trial.data.cache import fetch

class Slow:
    def __init__(self, log, openers, hang): self.log, self.openers, self.hang = log, openers, hang
    def fingerprint(self): return "slow"
    def write(self, line):
        with open(self.log, "a") as log: log.write(line + " ")
    def content_key(self):
        self.write("read")
        return "slow"
    def decode(self, allocate):
        while self.log.read_text().count("opening") < self.openers: pass
        self.write("decoded")
        images = allocate("train_images", (400, 3, 50, 50))
        for number in range(400):
            images[number] = number % 256
            while self.hang and number == 200: time.sleep(0.01)
        allocate("test_images", (1, 3, 50, 50))[:] = 0
        for part, count in (("train", 400), ("test", 1)): allocate(f"{part}_labels", (count,))[:] = 0
        return ("a", "b")

cache, openers, hang = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "hang"
source = Slow(cache / "log", openers, hang)
source.write("opening")
images = fetch(source, cache, "train").images
print(int(images.astype(int).sum()))
"""
TOTAL = sum(number % 256 for number in range(400)) * 3 * 50 * 50


def start(cache, openers=1, how="through"):
    command = [sys.executable, "-c", PROGRAM, str(cache), str(openers), how]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def test_processes_that_open_at_once_read_and_decode_once(tmp_path):
    processes = [start(tmp_path, openers=2) for _ in range(2)]
    assert [process.communicate()[0] for process in processes] == [f"{TOTAL}\n"] * 2
    assert sorted((tmp_path / "log").read_text().split()) == ["decoded", "opening", "opening", "read"]


def test_a_killed_writer_leaves_neither_an_entry_nor_a_lock(tmp_path):
    killed = start(tmp_path, how="hang")
    while not list(tmp_path.glob("content/*.partial/train_images.npy")):
        assert killed.poll() is None
        os.sched_yield()
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    (leftover,) = (tmp_path / "content").iterdir()
    assert leftover.suffix == ".partial"
    assert start(tmp_path).communicate()[0] == f"{TOTAL}\n"
    (entry,) = (tmp_path / "content").iterdir()
    assert entry.suffix == ""
