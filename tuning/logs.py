"""What a study's processes write down for those who look for a mistake: one file a study, bounded, without secrets.

Every room logs below ``spectune``: ``logging.getLogger("spectune.engine")``. Where no study runs, as in a training
loop of one's own, these loggers do what Python's do: warnings go where the program says.

A worker may be on another node. It writes its lines into its trial's folder, on the disk that all nodes share, and the
driver takes them from there with each sign of the trial: what a worker wrote before it died is taken too.
"""

import json
import logging
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from tuning.secrets import hide_secrets

NAME = "spectune"
RUN_LOG = "run.log"
"""In a study's folder: all that was said and done, over all its sessions."""

FORMER_LOG = "log.txt"
"""What the file was called; the name leads to the log still."""

WORKER_LOG = "worker.log"
"""In a trial's folder, until the driver takes it."""

_MOST_BYTES = 4 * 2**20
_FILES = 4

_SAID = f"{NAME}.said"
_TIME = "%Y-%m-%d %H:%M:%S"


@contextmanager
def kept_in(folder: Path, warn: Callable[[str], None] | None = None) -> Generator[None]:
    """Write all that is logged into a study's log, from debug on.

    A disk that is full or a folder that is gone costs lines of it, and nothing else: the study does not hear of it,
    and the folder is not made again.

    Args:
        folder: the study's, which is this process's own meanwhile.
        warn: shows a warning to the person at the terminal; None where nobody looks.

    Yields:
        Nothing.
    """
    file = _StudyFile(folder / RUN_LOG)
    file.setFormatter(_Line())
    with ExitStack() as stack:
        stack.enter_context(_attached(file))
        if warn is not None:
            stack.enter_context(_attached(_Terminal(warn)))
        try:
            yield
        except Exception:  # which others tell a person
            logging.getLogger(NAME).info("the session has ended by an error", exc_info=True)
            raise


def say(*lines: str) -> None:
    """Keep what was said to a person, a line each.

    Args:
        *lines: what was said; line breaks in it become spaces.
    """
    for line in lines:
        logging.getLogger(_SAID).info("%s", " ".join(line.split()))


@contextmanager
def handed_over(folder: Path) -> Generator[None]:
    """Let the driver have what this worker logs of a trial.

    Args:
        folder: the trial's own, on a disk that the driver shares.

    Yields:
        Nothing.
    """
    with _attached(_HandOver(folder / WORKER_LOG)):
        yield


def take_over(folder: Path, key: str) -> None:
    """Log what a trial's workers have written since the last time, under the trial's key.

    Args:
        folder: the trial's own.
        key: the trial's.
    """
    written, taken = folder / WORKER_LOG, folder / f"{WORKER_LOG}.taken"
    try:
        written.replace(taken)  # what is written from now on is in another file
        lines = taken.read_text(encoding="utf-8", errors="replace").splitlines()
        taken.unlink()
    except OSError:  # nothing was written
        return
    for line in lines:
        with suppress(ValueError, KeyError, TypeError):  # a line that a worker could not write to its end
            said = json.loads(line)
            logger = logging.getLogger(said["name"])
            record = logger.makeRecord(said["name"], said["level"], "", 0, "[%s] %s", (key, said["text"]), None)
            record.created = said["created"]
            logger.handle(record)


def delete(folder: Path) -> None:
    """Delete a study's log.

    Args:
        folder: the study's.
    """
    for file in (*folder.glob(f"{RUN_LOG}*"), folder / FORMER_LOG):
        file.unlink(missing_ok=True)


@contextmanager
def _attached(handler: logging.Handler) -> Generator[None]:
    """Hand all of ours to a handler, and not to those of the program: some of its packages bring one that prints."""
    logger = logging.getLogger(NAME)
    before = logger.level, logger.propagate
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        handler.close()
        logger.propagate = before[1]
        logger.setLevel(before[0])


def _take_up_former(folder: Path) -> None:
    """Go on with the log of an older version, and let its name lead to the log."""
    log, former = folder / RUN_LOG, folder / FORMER_LOG
    with suppress(OSError):
        if former.is_file() and not former.is_symlink() and not log.exists():
            former.rename(log)
        if folder.is_dir() and not former.exists() and not former.is_symlink():
            former.symlink_to(RUN_LOG)


class _Line(logging.Formatter):
    """A record as lines of the log: local date and time; level and logger, but of what was said; no secret."""

    def __init__(self) -> None:
        super().__init__(datefmt=_TIME)

    def formatMessage(self, record: logging.LogRecord) -> str:  # ruff: ignore[invalid-function-name]  # logging's own
        time = self.formatTime(record, _TIME)
        if record.name == _SAID:
            return f"{time} {record.message}"
        return f"{time} {record.levelname} {record.name.removeprefix(f'{NAME}.')}: {record.message}"

    def usesTime(self) -> bool:  # ruff: ignore[invalid-function-name]
        return False

    def format(self, record: logging.LogRecord) -> str:
        return hide_secrets(super().format(record))


class _StudyFile(RotatingFileHandler):
    """Open for a line at a time: the folder may be renamed by ``--fresh``, a full disk may be made larger."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            file,
            maxBytes=_MOST_BYTES,
            backupCount=_FILES - 1,
            encoding="utf-8",
            errors="backslashreplace",
            delay=True,
        )

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        stream, self.stream = self.stream, None  # as `delay` leaves it
        with suppress(OSError):
            if stream is not None:
                stream.close()

    def _open(self) -> TextIOWrapper:
        _take_up_former(Path(self.baseFilename).parent)
        return super()._open()

    def handleError(self, record: logging.LogRecord) -> None:  # ruff: ignore[invalid-function-name]
        """Lose the line: of a disk that is full, or a folder that is gone, others tell."""


class _Terminal(logging.Handler):
    """Warnings, by the way that a person is told all else."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._warn = warn

    def emit(self, record: logging.LogRecord) -> None:
        self._warn(hide_secrets(f"{record.levelname.lower()}: {record.getMessage()}"))


class _HandOver(logging.Handler):
    """A line of JSON a record, appended in one piece."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file

    def emit(self, record: logging.LogRecord) -> None:
        said = {
            "created": record.created,
            "level": record.levelno,
            "name": record.name,
            "text": hide_secrets(self.format(record)),
        }
        with suppress(OSError), self._file.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{json.dumps(said)}\n")
