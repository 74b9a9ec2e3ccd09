import pickle

import pytest
import torch

from tuning.trial.checkpoint import STATE_FILE, Checkpoint


class Stranger:
    def __reduce__(self):
        return print, ("executed",)


def test_a_checkpoint_gives_back_what_was_saved(tmp_path):
    state = {"epoch": 3, "model": {"w": torch.arange(3.0)}}
    Checkpoint(tmp_path / "new").save(state)
    again = Checkpoint(tmp_path / "new").load()
    assert again["epoch"] == 3
    assert torch.equal(again["model"]["w"], state["model"]["w"])


def test_a_folder_without_one_and_no_folder_give_none(tmp_path):
    assert Checkpoint(tmp_path).load() is None
    assert Checkpoint(None).load() is None
    assert not Checkpoint(None).due()


def test_a_writer_killed_in_the_middle_leaves_the_last_one(tmp_path):
    Checkpoint(tmp_path).save({"epoch": 1})
    (tmp_path / f"{STATE_FILE}.part").write_bytes(b"half")
    assert Checkpoint(tmp_path).load() == {"epoch": 1}


def test_nothing_in_a_checkpoint_is_executed(tmp_path, capsys):
    torch.save({"epoch": Stranger()}, tmp_path / STATE_FILE)
    assert Checkpoint(tmp_path).load() is None
    assert "executed" not in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", pickle.dumps(print)], ids=["empty", "torn", "code"])
def test_a_checkpoint_that_cannot_be_read_is_set_aside(tmp_path, content):
    (tmp_path / STATE_FILE).write_bytes(content)
    assert Checkpoint(tmp_path).load() is None
    assert not (tmp_path / STATE_FILE).exists()
    assert (tmp_path / "state.damaged").read_bytes() == content
