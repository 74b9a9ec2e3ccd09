"""A network between a client and a tracking server that fails in another way at each request."""

import http.client
import itertools
import socket
import struct
import threading
import time
from collections import Counter
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FAULTS = ("refuse", "hang", "reset", "error", "duplicate", "pass")
"""By turns: end the connection unread; keep it and say nothing; carry the request out and lose the answer; answer 500;
carry it out twice; let it through."""


class FaultyProxy:
    """Stands before a server on loopback, and fails when told to.

    Args:
        server_port: of the server.

    Attributes:
        met: how many requests met each fault.
    """

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._ends = 0.0
        self._turns = itertools.count()
        self.met: Counter[str] = Counter()
        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def fail_for(self, seconds: float) -> None:
        """Let the faults begin now.

        Args:
            seconds: after which everything passes again.
        """
        self._ends = time.monotonic() + seconds

    def fault(self) -> str:
        """Return what the next request meets."""
        return "pass" if time.monotonic() >= self._ends else FAULTS[next(self._turns) % len(FAULTS)]

    def close(self) -> None:
        """Stop, and let go of who still waits."""
        self._released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait(self) -> None:
        """Return when a client that hangs has long given up, or the proxy is closed."""
        self._released.wait(60)

    def forward(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, bytes]:
        """Carry a request out.

        Args:
            method: ``GET``, ``POST``, …
            path: with its query.
            headers: of the request.
            body: of the request.

        Returns:
            Status, headers and body of the answer.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self._server_port, timeout=60)
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()


class _Handler(BaseHTTPRequestHandler):
    """One connection through the proxy."""

    protocol_version = "HTTP/1.1"

    def __init__(self, proxy: FaultyProxy, *arguments: Any) -> None:
        self._proxy = proxy
        super().__init__(*arguments)  # which handles the connection to its end

    def _any(self) -> None:
        fault = self._proxy.fault()
        self._proxy.met[fault] += 1
        if fault == "refuse":
            return self._reset()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if fault == "hang":
            self._proxy.wait()
            return self._reset()
        if fault == "error":
            return self._answer(500, [], b"out of order")
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        if fault == "duplicate":
            self._proxy.forward(self.command, self.path, headers, body)
        answer = self._proxy.forward(self.command, self.path, headers, body)
        return self._reset() if fault == "reset" else self._answer(*answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # ruff: ignore[mixed-case-variable-in-class-scope]

    def _answer(self, status: int, headers: Any, body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in {"transfer-encoding", "content-length", "connection", "date", "server"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _reset(self) -> None:
        """End the connection as a machine does that has died: with a reset, not with an end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def handle_one_request(self) -> None:
        """Handle a request; of a client that has left, or a connection that we have ended, nothing is said."""
        try:
            super().handle_one_request()
        except (OSError, ValueError):
            self.close_connection = True

    def finish(self) -> None:
        """Let go of the connection, though it be ended."""
        with suppress(OSError, ValueError):
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
