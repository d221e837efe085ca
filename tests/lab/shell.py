# SPDX-License-Identifier: Apache-2.0
"""A terminal in which somebody types one command after another."""

import base64
import subprocess
import threading

END = "end of what was typed"


class Shell:
    """A bash that goes on: variables stay. A command that fails is an exception, and its end."""

    def __init__(self, workspace, name, argv):
        self._name = name
        self._child = workspace.spawn(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True)
        self._child.stdin.write("set -e\n")

    def type(self, text, seconds=60):
        """What the commands print."""
        # As one word, so that no command reads the next one; HOSTNAME is bash's own.
        word = base64.b64encode(text.encode()).decode()
        self._child.stdin.write(f'eval "$(base64 -d <<<{word})" </dev/null; printf "\\n{END}\\n"\n')
        self._child.stdin.flush()
        printed = self._read(seconds)
        if not printed.endswith(f"\n{END}\n"):
            raise RuntimeError(f"on {self._name} this has failed:\n{text}\nIt printed:\n{printed}")
        return printed.removesuffix(f"\n{END}\n")

    def _read(self, seconds):
        too_late = threading.Timer(seconds, self._child.kill)
        too_late.start()
        lines = []
        try:
            while line := self._child.stdout.readline():
                lines.append(line)
                if line == f"{END}\n":
                    break
        finally:
            too_late.cancel()
        return "".join(lines)
