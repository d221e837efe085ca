# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server that lies: a real one, whose rows are changed on their way to the client."""

import socket
import socketserver
import struct
import threading
from contextlib import suppress

from .listener import Listener

UNSET = -1


class Liar(Listener):
    """Listens on `port` in front of the server on `target`, while its `with` block lasts.

    `lie(columns, values)` gets the names and values of a row (bytes; None for NULL) and returns the
    values to send instead. Clients come without TLS (sslmode=disable).
    """

    def __init__(self, port, target, lie):
        self.port = port

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                with suppress(OSError), socket.create_connection(("127.0.0.1", target)) as server:
                    to_server = threading.Thread(
                        target=_copy, args=(self.request, server), daemon=True)
                    to_server.start()
                    _pass_on(server, self.request, lie)
                    self.request.shutdown(socket.SHUT_RDWR)
                    to_server.join()

        super().__init__(socketserver.ThreadingTCPServer(("127.0.0.1", port), Handler), "liar")


def _copy(source, destination):
    with suppress(OSError):
        while data := source.recv(65536):
            destination.sendall(data)
        destination.shutdown(socket.SHUT_WR)


def _pass_on(server, client, lie):
    """Messages of the frontend/backend protocol: a byte of kind, a length that counts itself."""
    stream = server.makefile("rb")
    columns = []
    while len(head := stream.read(5)) == 5:
        body = stream.read(struct.unpack("!I", head[1:])[0] - 4)
        if head[:1] == b"T":
            columns = _names(body)
        elif head[:1] == b"D":
            body = _row(lie(columns, _values(body)))
        client.sendall(head[:1] + struct.pack("!I", len(body) + 4) + body)


def _names(body):
    """Of a RowDescription; behind each name are 18 bytes about its type."""
    names, at = [], 2
    while at < len(body):
        end = body.index(b"\0", at)
        names.append(body[at:end].decode())
        at = end + 19
    return names


def _values(body):
    """Of a DataRow."""
    values, at = [], 2
    while at < len(body):
        (length,) = struct.unpack_from("!i", body, at)
        at += 4
        values.append(None if length == UNSET else body[at:at + length])
        at += max(length, 0)
    return values


def _row(values):
    return struct.pack("!H", len(values)) + b"".join(
        struct.pack("!i", UNSET) if value is None else struct.pack("!i", len(value)) + value
        for value in values)
