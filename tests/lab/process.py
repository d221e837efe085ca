# SPDX-License-Identifier: Apache-2.0
"""Programs: run to the end, or started and stopped."""

import os
import signal
import subprocess
from contextlib import contextmanager

from .waiting import wait_until


# What is run to its end builds something. That isn't what is measured: on a stalled machine it may
# take its time.
BUILD_SECONDS = 180


def as_user(user):
    """Arguments for subprocess that run a program as this OS user."""
    if os.geteuid() != 0 or user is None:
        return {}
    return {"user": user, "group": user, "extra_groups": []}


def run(argv, *, cwd=None, env=None, user=None, text="", seconds=BUILD_SECONDS, accept=(0,)):
    """Runs a program to its end, with `text` as its input, and returns what it printed; its own words when it fails."""
    done = subprocess.run(
        [str(word) for word in argv], cwd=cwd, env=env, timeout=seconds, text=True, input=text,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True, **as_user(user))
    if done.returncode not in accept:
        raise RuntimeError(f"{argv[0]} exited with {done.returncode}:\n{done.stdout}")
    return done.stdout


def send(pids, number):
    """Sends a signal to those of the processes that still run."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


@contextmanager
def frozen(pids):
    """These processes stand still inside the block: alive to the kernel, dead to others."""
    send(pids, signal.SIGSTOP)
    try:
        yield
    finally:
        send(pids, signal.SIGCONT)


class Process:
    """A program in the background, its output in a log file of the workspace."""

    def __init__(self, workspace, name, argv):
        self.name = name
        self.log_file = workspace.folder / f"{name}.log"
        with self.log_file.open("ab") as log:
            self._child = workspace.spawn(
                argv, cwd=workspace.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    @property
    def pid(self):
        return self._child.pid

    @property
    def exit_code(self):
        """None while it runs."""
        return self._child.poll()

    @property
    def log(self):
        return self.log_file.read_text(errors="replace")

    def wait_until(self, condition, what, seconds=15):
        """Waits for a condition that needs this process to live."""
        def fulfilled():
            if self.exit_code is not None:
                raise RuntimeError(f"{self.name} exited with {self.exit_code}:\n{self.log[-4000:]}")
            return condition()
        return wait_until(fulfilled, f"{self.name}: {what}", seconds)

    def stop(self, seconds=10):
        """SIGTERM, past the deadline SIGKILL. Returns the exit code, negative for a signal."""
        if self.exit_code is None:
            send([self.pid], signal.SIGTERM)
            send([self.pid], signal.SIGCONT)
        try:
            return self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.exit_code

    def kill(self):
        send([self.pid], signal.SIGKILL)
        self._child.wait()

    def frozen(self):
        return frozen([self.pid])
