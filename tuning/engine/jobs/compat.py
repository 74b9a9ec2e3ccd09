"""Names of Ray's client of jobs that are not its public ones, each with the reason why no public one serves."""

import logging
from typing import Any

import requests
from ray.job_submission import JobSubmissionClient


class JobsClient(JobSubmissionClient):
    """Ray's client of a cluster's jobs, which by itself waits for an answer for ever, and tells of what it uploads.

    Args:
        address: of the dashboard.
        seconds: that an answer may take.
    """

    def __init__(self, address: str, seconds: float) -> None:
        self._seconds = seconds
        super().__init__(address)
        for name in UPLOAD_LOGGERS:
            logging.getLogger(name).setLevel(logging.ERROR)

    @property
    def server_version(self) -> str:
        """The cluster's Ray, for which the client has asked; publicly it compares it with the oldest that it can do."""
        return str(self._server_ray_version)

    def _do_request(self, method: str, endpoint: str, **request: Any) -> requests.Response:
        return super()._do_request(method, endpoint, timeout=self._seconds, **request)


UPLOAD_LOGGERS = ("ray.dashboard.modules.dashboard_sdk", "ray._private.runtime_env.packaging")
"""Who says what is uploaded: the engine says it in a line of its own."""
