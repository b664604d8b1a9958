"""A network that keeps what is said to a broker for a while, as a half-open connection does."""

import socket
import threading


class HeldWire:
    """A TCP connection to a broker whose way there can be held back: what is said floats until `let_go`."""

    def __init__(self, port: int) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self._port = port
        self._open = threading.Event()
        self._open.set()
        self.floating = threading.Event()  # something was said while it was held
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self) -> None:
        self.floating.clear()
        self._open.clear()

    def let_go(self) -> None:
        self._open.set()

    def close(self) -> None:
        self._open.set()
        for end in (*self._ends, self._listening):
            end.close()

    def _accept(self) -> None:
        near, _ = self._listening.accept()
        far = socket.create_connection(("127.0.0.1", self._port))
        self._ends += [near, far]
        threading.Thread(target=self._carry, args=(near, far, True), daemon=True).start()
        threading.Thread(target=self._carry, args=(far, near, False), daemon=True).start()

    def _carry(self, here: socket.socket, there: socket.socket, is_held: bool) -> None:
        try:
            while said := here.recv(65_536):
                if is_held and not self._open.is_set():
                    self.floating.set()
                    self._open.wait()
                there.sendall(said)
        except OSError:
            pass
