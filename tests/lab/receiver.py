# SPDX-License-Identifier: Apache-2.0
"""Who streams WAL, without a server or a program behind it: dozens cost next to nothing."""

import select
import socket
import struct
import time

_EPOCH_OF_POSTGRES = 946_684_800


class Refused(Exception):
    """The server said no."""


class Receiver:
    """Streams as the role `replicator`, which `server` lets in without a password.

    With `plugin` it consumes a logical slot. One that doesn't replay is like pg_receivewal. It
    receives and replies when `reply` is called, and never by itself.
    """

    def __init__(self, server, name, slot="", plugin="", replays=True):
        start = server.value("SELECT pg_current_wal_flush_lsn()")
        self._replays = replays
        self._received = _position(start)
        self._unread = b""
        self._socket = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        try:
            self._say(b"", struct.pack("!I", 3 << 16) + _texts(
                "user", "replicator", "database", "postgres", "application_name", name,
                "replication", "database" if plugin else "true", ""))
            self._hear_until(b"Z")
            slot = f"SLOT {slot} " * bool(slot)
            self._say(b"Q", _texts(f"START_REPLICATION {slot}LOGICAL 0/0" if plugin else
                                   f"START_REPLICATION {slot}PHYSICAL {start}"))
            self._hear_until(b"W")
        except Exception:
            self.close()
            raise

    def reply(self):
        """Takes what has come, and confirms it."""
        while select.select([self._socket], [], [], 0)[0]:
            kind, body = self._hear()
            if kind == b"d" and body[:1] == b"w":
                begin, = struct.unpack_from("!Q", body, 1)
                self._received = max(self._received, begin + len(body) - 25)
            elif kind == b"d":
                self._received = max(self._received, struct.unpack_from("!Q", body, 1)[0])
        at = self._received
        now = int((time.time() - _EPOCH_OF_POSTGRES) * 1e6)
        self._say(b"d", b"r" + struct.pack("!QQQQB", at, at, at if self._replays else 0, now, 0))

    def close(self):
        self._socket.close()

    def _say(self, kind, body):
        self._socket.sendall(kind + struct.pack("!I", 4 + len(body)) + body)

    def _hear_until(self, wanted):
        kind = None
        while kind != wanted:
            kind, body = self._hear()
            if kind == b"E":
                raise Refused(body.decode().replace("\0", " "))

    def _hear(self):
        """The next message, as its kind and its body."""
        kind, length = struct.unpack("!cI", self._take(5))
        return kind, self._take(length - 4)

    def _take(self, size):
        while len(self._unread) < size:
            chunk = self._socket.recv(65536)
            if not chunk:
                raise Refused("the connection is closed")
            self._unread += chunk
        taken, self._unread = self._unread[:size], self._unread[size:]
        return taken


def _position(text):
    high, low = text.split("/")
    return int(high, 16) << 32 | int(low, 16)


def _texts(*texts):
    return "".join(f"{text}\0" for text in texts).encode()
