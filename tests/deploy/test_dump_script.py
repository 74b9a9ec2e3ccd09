"""``deploy/dump.sh`` with a real PostgreSQL: what a lost head leaves behind."""

import os
import subprocess
import time

import pytest

from tests.deploy.conftest import ROOT

SECONDS = 60.0


@pytest.fixture
def dump(postgresql, tmp_path):
    """Runs a verb of the script on a data base."""
    path = f"{postgresql.programs}:{os.environ['PATH']}"

    def run(verb: str, base: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", ROOT / "deploy" / "dump.sh", verb, base, tmp_path / "dumps"],
            env={"PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def filled(postgresql, value: int) -> str:
    base = postgresql.base()
    postgresql.ask(base, f"CREATE TABLE runs AS SELECT {value} AS value")
    return base


def test_a_new_head_has_what_the_last_dump_of_the_old_one_held(postgresql, dump, tmp_path):
    old, new = filled(postgresql, 1), postgresql.base()
    (tmp_path / "dumps").mkdir()
    (tmp_path / "dumps" / "2020-01-01.dump").write_text("an older one, which nobody reads")
    assert dump("once", old).returncode == 0
    postgresql.ask(old, "UPDATE runs SET value = 2")
    assert dump("once", old).returncode == 0
    done = dump("restore", new)
    assert (done.returncode, done.stderr) == (0, "")
    assert postgresql.ask(new, "SELECT value FROM runs") == "2"
    assert len(list((tmp_path / "dumps").iterdir())) == 2


def test_a_data_base_with_tables_is_left_as_it_is(postgresql, dump):
    assert dump("once", filled(postgresql, 1)).returncode == 0
    base = filled(postgresql, 3)
    assert dump("restore", base).returncode == 0
    assert postgresql.ask(base, "SELECT value FROM runs") == "3"


def test_without_a_dump_there_is_nothing_to_restore(postgresql, dump):
    base = postgresql.base()
    assert dump("restore", base).returncode == 0
    assert postgresql.ask(base, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0"


def test_a_broken_dump_is_told_and_leaves_the_data_base_empty(postgresql, dump, tmp_path):
    (tmp_path / "dumps").mkdir()
    (tmp_path / "dumps" / "2026-01-01.dump").write_text("half a dump")
    base = postgresql.base()
    done = dump("restore", base)
    assert done.returncode != 0
    assert "pg_restore" in done.stderr
    assert postgresql.ask(base, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0"


def test_a_dump_that_fails_leaves_the_one_before(postgresql, dump, tmp_path):
    assert dump("once", filled(postgresql, 1)).returncode == 0
    before = [path.read_bytes() for path in (tmp_path / "dumps").glob("*.dump")]
    assert dump("once", f"{postgresql.base()}-that-is-none").returncode != 0
    assert [path.read_bytes() for path in (tmp_path / "dumps").glob("*.dump")] == before


def test_keeping_dumps_at_once_is_done_by_one_alone_and_ends_when_told(postgresql, script, tmp_path):
    path = f"{postgresql.programs}:{os.environ['PATH']}"
    arguments = ["keep", filled(postgresql, 1), tmp_path / "dumps"]
    running = script("dump.sh", *arguments, PATH=path, TMPDIR=str(tmp_path))
    deadline = time.monotonic() + SECONDS
    while not list((tmp_path / "dumps").glob("[0-9]*.dump")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    second = script("dump.sh", *arguments, PATH=path, TMPDIR=str(tmp_path))
    assert second.wait(timeout=SECONDS) == 0
    assert running.poll() is None
    running.terminate()
    assert running.wait(timeout=SECONDS) == 0


def test_an_unknown_verb_is_refused(postgresql, dump):
    done = dump("keeps", "mlflow")
    assert (done.returncode, "must be restore, once or keep" in done.stderr) == (2, True)
