"""A TCP proxy between a flow and PostgreSQL that cuts at the instants that hurt, or delays.

Enters: the DSN of a database. Leaves: a DSN of the same through this process. Only sessions whose
start-up names `waterline stock` are cut; each cut closes both sides, as a dying network does.
"""

from __future__ import annotations

import random
import socket
import threading
import time
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

MANY = 1 << 16
COMMIT, COPY = b"COMMIT\0", b"COPY inventory."


class Proxy:
    """Forwards bytes; `cut` says where it hurts, `delay` how long each answer waits."""

    def __init__(self, dsn, *, cut=None, every=3, delay=(0.0, 0.0), seed=1) -> None:
        """Listen; one chance in `every` is taken: "before commit", "after commit", "in copy"."""
        parts = urlsplit(dsn)
        self._server = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.dsn = parts._replace(
            netloc=f"{parts.username}:{parts.password}@127.0.0.1:{self._listener.getsockname()[1]}"
        ).geturl()
        self.cut, self.every, self.delay = cut, every, delay
        self.cuts = self.answers = 0
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Cut everything."""
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near) -> None:
        try:
            far = socket.create_connection(self._server)
        except OSError:
            near.close()
            return
        for one in (near, far):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open += [near, far]
        line = _Line(self, near, far)
        threading.Thread(target=line.answers, daemon=True).start()
        line.questions()

    def taken(self) -> bool:
        """Return whether this chance to cut is taken."""
        with self._lock:
            take = self._chance.random() * self.every < 1
            self.cuts += take
            return take

    def wait(self) -> None:
        """Delay an answer."""
        self.answers += 1
        if self.delay[1]:
            time.sleep(self._chance.uniform(*self.delay))


class _Line:
    """One connection: the flow's side is near, the database's far."""

    def __init__(self, proxy, near, far) -> None:
        self._proxy, self._near, self._far = proxy, near, far
        self._stock = self._deaf = False
        self._copying = False

    def questions(self) -> None:
        """Forward what the flow says, and cut."""
        with suppress(OSError):
            while data := self._near.recv(MANY):
                self._stock = self._stock or b"waterline stock" in data
                if self._stock and self._cut(data):
                    return
                self._far.sendall(data)
        self._hang_up()

    def answers(self) -> None:
        """Forward what the database says, unless its answer is to be lost."""
        with suppress(OSError):
            while data := self._far.recv(MANY):
                self._proxy.wait()
                if self._deaf:  # the commit was done: only its answer is lost
                    break
                self._near.sendall(data)
        self._hang_up()

    def _cut(self, data) -> bool:
        where = self._proxy.cut
        if where == "in copy":
            begun, self._copying = self._copying, COPY in data
            if begun and self._proxy.taken():
                self._far.sendall(data[: len(data) // 2])
                self._hang_up()
                return True
        elif where is not None and COMMIT in data and self._proxy.taken():
            if where == "before commit":
                self._hang_up()
                return True
            self._deaf = True
        return False

    def _hang_up(self) -> None:
        for one in (self._near, self._far):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@contextmanager
def through(dsn, **how):
    """Give a proxy that is closed afterwards."""
    proxy = Proxy(dsn, **how)
    try:
        yield proxy
    finally:
        proxy.close()
