"""A damaged file of spectra costs its own epoch, is told until it is mended, and holds back nothing else."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.tuning.store.cases import DONE, SECONDS, record, tags
from tuning.records import SPECTRA_FILE
from tuning.store import StoreReader, StoreWriter


def epochs(uri: str) -> list[int]:
    reader = StoreReader("study", uri)
    (run,) = reader.runs()
    assert run.status == "FINISHED"
    return sorted(set(pq.read_table(reader.artifact(run, SPECTRA_FILE))["epoch"].to_pylist()))


@pytest.mark.parametrize("size", [0, 300], ids=["empty", "cut off"])
def test_a_damaged_part_is_told_until_it_is_mended_and_all_else_is_stored(folder: Path, uri: str, size: int) -> None:
    writer = StoreWriter("study", uri, folder / "study")
    writer.start("k1", "run", tags("k1"), {})
    for epoch in (1, 2, 3):
        writer.epoch("k1", record(epoch))
    part = folder / "study" / "parts" / "k1" / "00000002.arrow"
    whole = part.read_bytes()
    part.write_bytes(whole[:size])
    writer.end("k1", "FINISHED", DONE)
    for _ in range(2):
        report = writer.close(SECONDS)
        assert not report.complete
        assert str(part) in str(report)
        assert epochs(uri) == [1, 3]
        writer = StoreWriter("study", uri, folder / "study")
    writer.close(SECONDS)
    part.write_bytes(whole)
    assert StoreWriter("study", uri, folder / "study").close(SECONDS).complete
    assert epochs(uri) == [1, 2, 3]
    assert StoreWriter("study", uri, folder / "study").close(SECONDS).sent == 0
