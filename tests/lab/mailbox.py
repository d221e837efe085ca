# SPDX-License-Identifier: Apache-2.0
"""A mail server that keeps what it is given."""

import base64
import email
import email.policy
import socketserver

from .listener import Listener


class Mailbox(Listener):
    """Takes mail of whoever logs in, for as long as its `with` block lasts."""

    def __init__(self, port):
        self.address = f"127.0.0.1:{port}"
        self.messages = []
        self.passwords = set()  # that were used to log in
        super().__init__(socketserver.ThreadingTCPServer(("127.0.0.1", port), self._serve),
                         "mailbox")

    def _serve(self, connection, _address, _server):
        with connection, connection.makefile("rwb") as stream:
            _say(stream, "220 mailbox")
            while line := stream.readline().decode().strip():
                verb, _, rest = line.partition(" ")
                if verb.upper() == "QUIT":
                    return _say(stream, "221 bye")
                self._answer(stream, verb.upper(), rest)

    def _answer(self, stream, verb, rest):
        if verb == "EHLO":
            _say(stream, "250-mailbox", "250 AUTH PLAIN")
        elif verb == "AUTH":
            self.passwords.add(base64.b64decode(rest.split()[1]).split(b"\0")[2].decode())
            _say(stream, "235 welcome")
        elif verb == "DATA":
            _say(stream, "354 go on")
            self.messages.append(
                email.message_from_bytes(_data(stream), policy=email.policy.default))
            _say(stream, "250 kept")
        else:
            _say(stream, "250 fine")


def _say(stream, *lines):
    stream.write("".join(f"{line}\r\n" for line in lines).encode())
    stream.flush()


def _data(stream):
    """Up to a lone dot; a dot that begins a line comes doubled."""
    lines = iter(stream.readline, b".\r\n")
    return b"".join(line[1:] if line.startswith(b"..") else line for line in lines)
