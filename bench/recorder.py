# SPDX-License-Identifier: Apache-2.0
"""A proxy before one PostgreSQL server that remembers its newest answer to each statement."""

import socket
import struct
import threading

from tests.lab.waiting import wait_until

_PARSE_COMPLETE, _BIND_COMPLETE, _READY, _PARAMETER = b"1", b"2", b"Z", b"S"


class Recorder:
    """Listens on a port of its own; its threads are daemons. For clients without TLS."""

    def __init__(self, port, server_port):
        self.port = port
        self.answers = {}  # SQL: what came from Bind's answer to the next ReadyForQuery, as bytes
        self.parameters = b""  # the ParameterStatus messages of a login
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()

    def wait_for(self, count):
        """Until so many statements were answered."""
        wait_until(lambda: len(self.answers) >= count, f"{count} statements are recorded", 60)

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._server_port))
            asked = []  # the SQL of each batch that is out
            for run in (self._to_server, self._to_client):
                threading.Thread(target=run, args=(client, server, asked), daemon=True).start()

    def _to_server(self, client, server, asked):
        statements, current = {}, None
        head = _read(client, 4)
        if head:
            server.sendall(head + _read(client, struct.unpack("!i", head)[0] - 4))
        for kind, body in _messages(client):
            if kind == b"P":
                name, sql = body.split(b"\0")[:2]
                statements[name] = sql
            elif kind == b"B":
                current = statements[body.split(b"\0")[1]]
            elif kind == b"S":
                asked.append(current)
            server.sendall(_message(kind, body))
        server.close()

    def _to_client(self, client, server, asked):
        answer, logged_in = b"", False
        for kind, body in _messages(server):
            message = _message(kind, body)
            if not logged_in and kind == _PARAMETER:
                self.parameters += message
            elif kind == _READY:
                if logged_in and (sql := asked.pop(0)) is not None:
                    self.answers[sql] = answer
                answer, logged_in = b"", True
            elif kind not in (_PARSE_COMPLETE, _BIND_COMPLETE):
                answer += message
            try:
                client.sendall(message)
            except OSError:
                return


def rows(answer):
    """The rows in an answer, each value as text or None."""
    at, found = 0, []
    while at < len(answer):
        kind, length = answer[at:at + 1], struct.unpack_from("!i", answer, at + 1)[0]
        if kind == b"D":
            found.append(_row(answer[at + 5:at + 1 + length]))
        at += 1 + length
    return found


def _row(body):
    at, row = 2, []
    for _ in range(struct.unpack_from("!h", body)[0]):
        length = struct.unpack_from("!i", body, at)[0]
        at += 4
        row.append(None if length < 0 else body[at:at + length].decode())
        at += max(length, 0)
    return row


def _messages(connection):
    while head := _read(connection, 5):
        yield head[:1], _read(connection, struct.unpack("!i", head[1:])[0] - 4)


def _message(kind, body):
    return kind + struct.pack("!i", len(body) + 4) + body


def _read(connection, count):
    """So many bytes; none when the connection ends."""
    data = b""
    while len(data) < count:
        try:
            chunk = connection.recv(count - len(data))
        except OSError:
            return b""
        if not chunk:
            return b""
        data += chunk
    return data
