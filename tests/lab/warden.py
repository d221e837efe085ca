# SPDX-License-Identifier: Apache-2.0
"""Ends what a workspace started and removes its folder, however its owner ended.

Runs as a daemon of its own, so that nothing that kills the owner (not even SIGKILL, or a test
runner that kills the whole process tree) kills it too. It waits for its standard input to close:
the owner does that, or the kernel when the owner is gone. Then it prints what it could not end,
which should be nothing.

    python3 -m tests.lab.warden FOLDER
"""

import os
import shutil
import signal
import sys
import time
from pathlib import Path

# In the environment of everything a workspace starts.
MARK = "LAB_WORKSPACE"


def processes():
    """Pids of all running processes."""
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def working_directory(pid):
    """Its working directory; None for a zombie, a process that ended, or another user's."""
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return None


def is_postgres(pid):
    try:
        return Path(f"/proc/{pid}/comm").read_text() == "postgres\n"
    except OSError:
        return False


def _belongs(pid, folder):
    directory = working_directory(pid)
    if directory is None:
        return False
    # PostgreSQL writes its title over its environment, but always works in its data directory.
    if is_postgres(pid):
        return Path(directory).is_relative_to(folder)
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
    return f"{MARK}={folder}".encode() in environment.split(b"\0")


def _survivors(folder):
    return [pid for pid in processes() if pid != os.getpid() and _belongs(pid, folder)]


def _kill(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def end_all(folder):
    """Asks politely, then kills. Returns the pids that are still there."""
    for pid in _survivors(folder):
        # An immediate shutdown: the data is thrown away, only shared memory must be given back.
        _kill(pid, signal.SIGQUIT if is_postgres(pid) else signal.SIGTERM)
        _kill(pid, signal.SIGCONT)
    killing = time.monotonic() + 3
    # A stalled machine may need long; giving up leaves processes behind.
    deadline = killing + 50
    while (left := _survivors(folder)) and time.monotonic() < deadline:
        if time.monotonic() > killing:
            for pid in left:
                _kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    return left


def main():
    folder = Path(sys.argv[1])
    if os.fork():
        os._exit(0)
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    for pid in end_all(folder):
        print(f"could not end process {pid}")
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        print(f"could not remove {folder}")


if __name__ == "__main__":
    main()
