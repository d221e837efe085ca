# SPDX-License-Identifier: Apache-2.0
"""One PostgreSQL server, and the faults it can suffer."""

import os
import re
import shlex
import signal
from contextlib import contextmanager
from pathlib import Path

from .process import frozen, run, send
from .session import Disconnected, Session
from .waiting import TookTooLong, wait_until
from .warden import is_postgres, processes, working_directory

_SHUTDOWN = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}
# "postgres: s1: walreceiver streaming 0/3000060"; the cluster name is there only if it is set.
_TITLE = re.compile(rb"postgres: (?:[^ ]+: )?([a-z]+)")


def installed():
    """The directory of the newest PostgreSQL's programs, or PGREPL_PG_BIN."""
    if chosen := os.environ.get("PGREPL_PG_BIN"):
        return Path(chosen)
    debian = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    newest = max(debian, key=lambda path: int(path.parts[-3]), default=None)
    return newest.parent if newest else Path(run(["pg_config", "--bindir"]).strip())


class Server:
    """A server on loopback; its data, socket and log lie in a folder of its own name.

    A fault is a context manager: it holds inside the block and is healed after it.
    """

    def __init__(self, workspace, name, programs, archive_fed=False):
        self.name = name
        self.archive_fed = archive_fed
        self.port = workspace.ports.take()
        self.folder = workspace.directory(name, workspace.postgres_user)
        self.data = self.folder / "data"
        self.log_file = self.folder / "data.log"
        self._programs = programs
        self._workspace = workspace
        self.user = workspace.postgres_user  # of the operating system, and superuser
        self.environment = {}  # of its own, from the next start on
        self._session = self.open_session()

    def __repr__(self):
        return f"{self.name}:{self.port}"

    # Queries, as the superuser through the Unix socket.

    def open_session(self):
        """A connection of its own, for a thread that asks by itself."""
        return Session(self._workspace, self.psql, socket_directory=self.folder, port=self.port,
                       user=self.user)

    def rows(self, sql, seconds=10):
        return self._session.rows(sql, seconds)

    def value(self, sql, seconds=10):
        return self._session.value(sql, seconds)

    def execute(self, sql, seconds=10):
        self._session.rows(sql, seconds)

    def set(self, **settings):
        """ALTER SYSTEM and reload; None takes the setting back."""
        for name, value in settings.items():
            to = "RESET {0}" if value is None else "SET {0} = '{1}'"
            quoted = str(value).replace("'", "''")
            self.execute("ALTER SYSTEM " + to.format(name, quoted))
        self.execute("SELECT pg_reload_conf()")

    def shell(self, program, *words):
        """The command line of a PostgreSQL program, for a human's shell."""
        prefix = ["runuser", "-u", self.user, "--"] if os.geteuid() == 0 else []
        return shlex.join(map(str, [*prefix, self._programs / program, *words]))

    # Life.

    def start(self):
        self._pg_ctl("start", "--wait", "--timeout=120", f"--log={self.log_file}")

    def stop(self, mode="fast", seconds=20):
        """Stops it; 'immediate' is what a crash leaves. SIGKILL past the deadline."""
        send([self.pid], _SHUTDOWN[mode])
        send(self.pids(), signal.SIGCONT)
        try:
            wait_until(lambda: not self.pids(), f"{self.name} stops", seconds)
        except TookTooLong:
            send(self.pids(), signal.SIGKILL)
            raise
        finally:
            self._session.disconnect()

    def restart(self, mode="fast"):
        self.stop(mode)
        self.start()

    def promote(self):
        """By pg_ctl, as people do; `failover` promotes by SQL."""
        self._pg_ctl("promote", "--wait")

    def is_up(self):
        try:
            return self.value("SELECT 1") == "1"
        except (Disconnected, TookTooLong):
            return False

    def is_streaming(self):
        """Its receiver streams from its upstream."""
        return self.rows("SELECT 1 FROM pg_stat_wal_receiver WHERE status = 'streaming'") != []

    def replay_is_paused(self):
        """Not only asked to."""
        if self.major >= 14:
            return self.value("SELECT pg_get_wal_replay_pause_state()") == "paused"
        return self.value("SELECT pg_is_wal_replay_paused()") == "t"

    @property
    def programs(self):
        """The directory of its programs."""
        return self._programs

    @property
    def psql(self):
        """Its own, or of another major where there are server programs only."""
        own = self._programs / "psql"
        return own if own.exists() else installed() / "psql"

    @property
    def major(self):
        return int((self.data / "PG_VERSION").read_text())

    @property
    def log(self):
        return self.log_file.read_text(errors="replace")

    # Processes.

    @property
    def pid(self):
        """The postmaster."""
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def pids(self, *roles):
        """Its processes of these roles ('startup', 'walreceiver', 'walsender', ...), else all."""
        ours = [pid for pid in processes()
                if working_directory(pid) == str(self.data) and is_postgres(pid)]
        return [pid for pid in ours if not roles or _role(pid) in roles]

    def frozen(self, *roles):
        """These of its processes stand still; without a role, the whole server."""
        # The postmaster first, or it would start another process for one that stands still.
        return frozen(sorted(self.pids(*roles), key=lambda pid: pid != self.pid))

    # Faults.

    @contextmanager
    def stopped(self, mode="fast"):
        self.stop(mode)
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def replay_paused(self):
        self.execute("SELECT pg_wal_replay_pause()")
        wait_until(self.replay_is_paused, f"{self.name} pauses replay")
        try:
            yield
        finally:
            self.execute("SELECT pg_wal_replay_resume()")

    @contextmanager
    def receiver_cut(self):
        """Its primary_conninfo points to a port where nobody listens."""
        self.set(primary_conninfo="host=127.0.0.1 port=1")
        wait_until(lambda: not self.pids("walreceiver"), f"the receiver of {self.name} ends")
        try:
            yield
        finally:
            self.set(primary_conninfo=None)

    def use(self, programs):
        """From the next start on; another major's need data of their own."""
        self._programs = programs

    def _pg_ctl(self, *words):
        run([self._programs / "pg_ctl", f"--pgdata={self.data}", *words],
            cwd=self.folder, env=self._workspace.environment | self.environment, user=self.user)


def _role(pid):
    try:
        title = _TITLE.match(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return None
    return title.group(1).decode() if title else "postmaster"
