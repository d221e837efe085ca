# SPDX-License-Identifier: Apache-2.0
"""Something on a port that isn't a PostgreSQL server in good health."""

import socketserver
import struct

from .listener import Listener


class Stranger(Listener):
    """Gives everyone who says something the same answer, while its `with` block lasts."""

    def __init__(self, port, answer):
        self.port = port

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                if self.request.recv(1024):
                    self.request.sendall(answer)

        super().__init__(socketserver.ThreadingTCPServer(("127.0.0.1", port), Handler), "stranger")


def refusal(message, state="57P03"):
    """What PostgreSQL sends instead of letting one in: the protocol's ErrorResponse."""
    fields = "".join(f"{kind}{text}\0" for kind, text in
                     (("S", "FATAL"), ("V", "FATAL"), ("C", state), ("M", message))) + "\0"
    return b"E" + struct.pack("!I", 4 + len(fields)) + fields.encode()
