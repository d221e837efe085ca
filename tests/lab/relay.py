# SPDX-License-Identifier: Apache-2.0
"""A stretch of network that can fail: a TCP relay in front of one port."""

import socket
import threading
import time
from contextlib import contextmanager, suppress

# Small, so that a link which stands still is felt at both ends and not swallowed by the relay.
CHUNK = 16 * 1024
SOCKET_BUFFER = 64 * 1024


class Relay:
    """Passes connections on to a port of loopback, from `start` on or while its block lasts.

    It can be `stalled` (nothing passes, connections stay open), `cut` (they are closed, new ones
    too) and `throttled` to some bytes per second on the way from the server.
    """

    def __init__(self, port, target):
        self.port = port
        self._target = target
        self._passing = threading.Event()
        self._passing.set()
        self._is_cut = False
        self._rate = None
        self._one_at_a_time = threading.Lock()
        self._sockets = set()
        self._listener = None

    def start(self):
        self._listener = socket.create_server(("127.0.0.1", self.port))
        _in_background(self._accept)

    def stop(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._disconnect()
        self._passing.set()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    @contextmanager
    def stalled(self):
        """As if every packet were dropped: both ends think that they are connected."""
        self._passing.clear()
        try:
            yield
        finally:
            self._passing.set()

    @contextmanager
    def cut(self):
        self._is_cut = True
        self._disconnect()
        try:
            yield
        finally:
            self._is_cut = False

    def lead_to(self, port):
        """From now on to this port; connections that are open are closed."""
        self._target = port
        self._disconnect()

    @contextmanager
    def throttled(self, bytes_per_second):
        """A slow link; its connections share it."""
        self._rate = bytes_per_second
        try:
            yield
        finally:
            self._rate = None

    def _accept(self):
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                _in_background(self._connect, client)

    def _connect(self, client):
        self._passing.wait()
        try:
            server = socket.create_connection(("127.0.0.1", self._target), timeout=5)
        except OSError:
            client.close()
            return
        for one in (client, server):
            one.settimeout(None)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets.add(one)
        back = _in_background(self._carry, server, client, True)
        self._carry(client, server, False)
        back.join()
        for one in (client, server):
            self._sockets.discard(one)
            one.close()

    def _carry(self, source, destination, throttled):
        with suppress(OSError):
            while not self._is_cut and (data := source.recv(CHUNK)):
                if throttled and self._rate:
                    self._delay(len(data))
                self._passing.wait()
                destination.sendall(data)
        for one in (source, destination):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _delay(self, size):
        with self._one_at_a_time:
            begin = time.monotonic()
            while (rate := self._rate) and (left := begin + size / rate - time.monotonic()) > 0:
                time.sleep(min(left, 0.1))

    def _disconnect(self):
        for one in list(self._sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def _in_background(work, *subjects):
    thread = threading.Thread(target=work, args=subjects, name="relay", daemon=True)
    thread.start()
    return thread
