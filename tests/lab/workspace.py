# SPDX-License-Identifier: Apache-2.0
"""One temporary folder, and everything that was started in it."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .ports import Ports
from .warden import MARK

REPOSITORY = Path(__file__).resolve().parents[2]


class Workspace:
    """A folder that is gone, with all its processes, when the `with` block or this process ends.

    There is one way out for every end (return, exception, Ctrl-C, SIGTERM, SIGKILL): the pipe to
    the warden closes. So nothing here handles signals.
    """

    def __init__(self, prefix="pgrepl-lab-"):
        self.folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
        self.folder.chmod(0o755)
        self.ports = Ports()
        self.environment = _clean_environment() | {MARK: str(self.folder)}
        # PostgreSQL refuses to run as root.
        self.postgres_user = "postgres" if os.geteuid() == 0 else _current_user()
        self._children = []
        self._warden = subprocess.Popen(
            [sys.executable, "-m", "tests.lab.warden", str(self.folder)],
            cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self._warden.stdin.closed:
            return
        self._warden.stdin.close()
        complaint = self._warden.stdout.read()
        for child in (self._warden, *self._children):
            _reap(child)
        self.ports.release()
        if complaint or self.folder.exists():
            raise RuntimeError(complaint.strip() or f"the warden of {self.folder} is gone")

    def spawn(self, argv, **options):
        """A process in the background, as subprocess.Popen starts it."""
        # A session of its own keeps a terminal's Ctrl-C away: the warden ends things.
        child = subprocess.Popen([str(word) for word in argv], env=self.environment,
                                 start_new_session=True, **options)
        self._children = [one for one in self._children if one.poll() is None] + [child]
        return child

    def directory(self, name, user=None):
        """A folder of that name, made on first use, for this OS user (else ours)."""
        path = self.folder / name
        if not path.exists():
            path.mkdir(parents=True)
            if user is not None and user != _current_user():
                shutil.chown(path, user=user)
        return path

    def secret(self, name, text):
        """A file that only we can read."""
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text + "\n")
        return path


def _reap(child):
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()


def _current_user():
    return pwd.getpwuid(os.geteuid()).pw_name


def _clean_environment():
    """Ours, without what would point libpq somewhere else or translate its messages."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C"}
