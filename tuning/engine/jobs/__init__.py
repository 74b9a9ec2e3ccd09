"""Studies as jobs of a cluster that is elsewhere: packed here, run there, watched from here."""

from tuning.engine.jobs.client import Job, Jobs
from tuning.engine.jobs.packing import Package, pack
from tuning.engine.jobs.submission import Submission

__all__ = ["Job", "Jobs", "Package", "Submission", "pack"]
