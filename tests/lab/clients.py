# SPDX-License-Identifier: Apache-2.0
"""What a server has of its clients: processes, and before those the kernel's connections."""

import re
import threading
import time
from contextlib import suppress
from pathlib import Path

# A backend that was told to end needs a moment; one that is there twice in a row is one too many.
LINGERS = 0.5
ESTABLISHED, CLOSE_WAIT = "01", "08"


def connections(port):
    """Clients of this port of loopback that its server serves or, gone or not, is still to serve."""
    # By one expression: thousands of lines may be of connections that have ended.
    wanted = rf"^ *\d+: 0100007F:{port:04X} \S+ (?:{ESTABLISHED}|{CLOSE_WAIT}) "
    return len(re.findall(wanted, Path("/proc/net/tcp").read_text(), re.MULTILINE))


def backends(server):
    """Processes of the server that serve, or are about to serve, the monitoring role."""
    return sum(b"pgrepl_monitor" in title or b"initializing" in title for title in _titles(server))


def _titles(server):
    try:
        postmaster = server.pid
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    except (OSError, ValueError, IndexError):  # it is just starting, or just gone
        return
    for pid in children:
        with suppress(OSError):
            yield Path(f"/proc/{pid}/cmdline").read_bytes()


class Witness:
    """Counts all through its `with` block; `most` is the most that stayed for longer than LINGERS."""

    def __init__(self, count):
        self.count, self.most, self.looks = count, 0, 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()

    def _look(self):
        recent = []  # (when, count) of the last LINGERS seconds and one before
        while not self._end.wait(0.02):
            now = time.monotonic()
            recent.append((now, self.count()))
            while len(recent) > 1 and recent[1][0] <= now - LINGERS:
                recent.pop(0)
            if recent[0][0] <= now - LINGERS:
                self.most = max(self.most, min(count for _, count in recent))
                self.looks += 1
