"""Files that are there wholly or not at all: written beside their place, then renamed.

Two things are whole or not at all in another way. A deleted journal that is written back (`tuning.store.journal`) must
replace nothing that somebody has put in its place meanwhile, as a rename would. And a decoded data set
(`tuning.trial.data.cache`) is a folder, which cannot be renamed over another.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replacing(path: Path, *, lasting: bool) -> Generator[Path]:
    """Yield a path beside another one to write to, and give what was written the other's name.

    A reader sees the old file or the new one, never a part. Where the writing raises, the old one stays and the part
    is gone.

    Args:
        path: of the file, in a folder that is there.
        lasting: whether the bytes are on the disk itself before they have their name, as they must be where a study
            that goes on rests on them: a power failure could else leave the name without its bytes.

    Yields:
        Where to write.

    Raises:
        OSError: where the disk is full or gone.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with replacing(Path(folder) / "note.txt", lasting=False) as part:
        ...         _ = part.write_text("whole")
        ...     [(file.name, file.read_text()) for file in Path(folder).iterdir()]
        [('note.txt', 'whole')]
    """
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        put(part, path, lasting=lasting)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def put(part: Path, path: Path, *, lasting: bool) -> None:
    """Give a file that is whole its name.

    Args:
        part: the file, on the same disk.
        path: its name, which another one may have until now.
        lasting: as `replacing` has it.
    """
    if lasting:
        with part.open("rb") as file:
            os.fsync(file.fileno())
    part.replace(path)
