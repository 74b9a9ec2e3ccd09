"""A network between a client and a server that can be cut and mended."""

import socket
import threading
from contextlib import suppress


class Relay:
    """Passes bytes between a port of its own and the server's, while it is connected.

    Args:
        server_port: the server's port on loopback.
    """

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._port = 0
        self._listener: socket.socket | None = None
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.connect()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def connect(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._port = self._listener.getsockname()[1]
        self._run(self._accept, self._listener)

    def cut(self) -> None:
        """Refuse what comes, and end what is under way."""
        for connection in (self._listener, *self._open):
            if connection is not None:
                with suppress(OSError):  # the other side was faster
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for connection in (self._listener, *self._open):
            if connection is not None:
                connection.close()
        self._listener = None
        self._open.clear()
        self._threads.clear()

    def _run(self, function: object, *sockets: socket.socket) -> None:
        thread = threading.Thread(target=function, args=sockets)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server_port))
                self._open += [client, server]
                self._run(self._pass_on, client, server)
                self._run(self._pass_on, server, client)

    @staticmethod
    def _pass_on(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
