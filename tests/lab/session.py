# SPDX-License-Identifier: Apache-2.0
"""A psql process kept open on pipes: a query costs a round trip, not a new process."""

import os
import select
import subprocess
import threading
import time

from .process import as_user
from .waiting import TookTooLong

FIELD = "\x1f"
# After each query psql prints whether it failed, so the end of a result and an error look alike.
END = "\x1e"
_STATUS = f"{END} :ERROR :LAST_ERROR_SQLSTATE :LAST_ERROR_MESSAGE"


class QueryFailed(Exception):
    """The server said no; the connection is fine."""


class Disconnected(Exception):
    """There is no server, or it went away."""


class Session:
    """One connection as the superuser, made by the first query and again after it broke."""

    def __init__(self, workspace, psql, *, socket_directory, port, user):
        self._workspace = workspace
        self._argv = [
            psql, "--no-psqlrc", "--quiet", "--no-align", "--tuples-only",
            f"--field-separator={FIELD}",
            f"host={socket_directory} port={port} user={user} dbname=postgres application_name=lab"]
        self._options = {"cwd": socket_directory, **as_user(user)}
        self._psql = None
        self._closed = False
        self._one_at_a_time = threading.Lock()

    def rows(self, sql, seconds=10):
        """The rows, as lists of text; NULL is ''."""
        with self._one_at_a_time:
            return [line.split(FIELD) for line in self._ask(sql, seconds)]

    def value(self, sql, seconds=10):
        """The first column of the only row."""
        (row,) = self.rows(sql, seconds)
        return row[0]

    def disconnect(self):
        """Until the next query."""
        with self._one_at_a_time:
            self._discard()

    def close(self):
        """For good. May be called from another thread, and ends a query that waits there."""
        self._closed = True
        if (psql := self._psql) is not None:
            psql.kill()
        self.disconnect()

    def _ask(self, sql, seconds):
        if self._psql is None:
            self._open()
        try:
            self._psql.stdin.write(f"{sql};\n\\echo {_STATUS}\n".encode())
            *lines, end = self._read_until_end(time.monotonic() + seconds)
        except (BrokenPipeError, Disconnected):
            self._discard()
            raise Disconnected(self._argv[-1]) from None
        except TookTooLong:
            # Its late answer must not be taken for the next one's.
            self._discard()
            raise
        _, failed, state, message = (end + "  ").split(" ", 3)
        if failed == "false":
            return lines
        # Shut down (57P..) or cut off in the middle of the query (no state at all).
        if state.startswith("57P") or not state.strip("0"):
            self._discard()
            raise Disconnected(message)
        raise QueryFailed(f"{message.strip()}: {sql}")

    def _read_until_end(self, deadline):
        text = b""
        pipe = self._psql.stdout
        while not (text.endswith(b"\n") and END.encode() in text):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                raise TookTooLong("no answer to a query")
            chunk = os.read(pipe.fileno(), 65536)
            if not chunk:
                raise Disconnected
            text += chunk
        return text.decode().removesuffix("\n").split("\n")

    def _open(self):
        if self._closed:
            raise Disconnected("closed")
        self._psql = self._workspace.spawn(
            self._argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            bufsize=0, **self._options)

    def _discard(self):
        if self._psql is None:
            return
        self._psql.kill()
        self._psql.wait()
        self._psql.stdin.close()
        self._psql.stdout.close()
        self._psql = None
