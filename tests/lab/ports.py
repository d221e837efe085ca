# SPDX-License-Identifier: Apache-2.0
"""TCP ports on loopback that no other test takes at the same time."""

import errno
import random
import socket

# Below the kernel's ephemeral range, where an outgoing connection could sit on the port we chose.
LOWEST, HIGHEST = 20000, 32767


class Ports:
    """Ports claimed by this process, until `release` or its end.

    Between choosing a port and the server's listen() another test could choose the same one. So a
    port is claimed by an abstract Unix socket of its name: the kernel gives a name to one process
    only, and takes it back when that process dies.
    """

    def __init__(self):
        self._claims = []

    def take(self, preferred=None):
        """A free port; the preferred one if it is free."""
        candidates = random.sample(range(LOWEST, HIGHEST + 1), 1000)
        if preferred is not None:
            candidates.insert(0, preferred)
        for port in candidates:
            if self._claim(port):
                return port
        raise RuntimeError(f"no free port between {LOWEST} and {HIGHEST}")

    def release(self):
        while self._claims:
            self._claims.pop().close()

    def _claim(self, port):
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0pgrepl-lab-port-{port}")
        except OSError as error:
            claim.close()
            if error.errno == errno.EADDRINUSE:
                return False
            raise
        if not _nobody_listens(port):
            claim.close()
            return False
        self._claims.append(claim)
        return True


def _nobody_listens(port):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Connections of an earlier server in TIME_WAIT don't count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
