"""A file is there wholly or not at all."""

import os

import pytest

from tuning.whole_files import replacing


@pytest.mark.parametrize("lasting", [False, True])
def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path, lasting):
    path = tmp_path / "note.json"
    path.write_text("old")
    with replacing(path, lasting=lasting) as part:
        part.write_text("new")
        assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["note.json"]
    assert path.read_text() == "new"


def test_what_raises_leaves_the_old_file_and_no_part(tmp_path):
    path = tmp_path / "note.json"
    path.write_text("old")
    with pytest.raises(IsADirectoryError), replacing(path, lasting=True) as part:
        part.write_text(tmp_path.read_text())
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("note.json", "old")]


def test_what_a_study_that_goes_on_rests_on_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    path, synced = tmp_path / "state", []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(path.exists()) or fsync(descriptor))
    for lasting in (False, True):
        with replacing(path, lasting=lasting) as part:
            part.write_bytes(b"state")
        path.unlink()
    assert synced == [False]
