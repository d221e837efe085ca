# SPDX-License-Identifier: Apache-2.0
"""A topology of any PostgreSQL major, from server programs alone.

The setup kit needs psql and pg_basebackup of the same major. `packaging/get-postgres.sh` has
neither, so here all servers begin as copies of one that was never started.
"""

import shutil
import stat

from .cluster import Cluster
from .process import run
from .workspace import REPOSITORY

MAJORS = (12, 13, 14, 15, 16, 17, 18)

MONITOR, PLAIN = "pgrepl_monitor", "pgrepl_plain"

# With %e and %u, so that one can tell whose fault a line is.
SETTINGS = {
    "archive_mode": "on", "autovacuum": "off", "checkpoint_timeout": "1h", "fsync": "off",
    "listen_addresses": "127.0.0.1", "log_line_prefix": "%m [%p] %e %u@%a ",
    "shared_buffers": "16MB", "wal_level": "logical",
    "wal_retrieve_retry_interval": "1s"}
# Besides receivers, workers come as replicator: those that synchronize slots.
HBA = """local all all trust
host postgres replicator 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
host replication all 127.0.0.1/32 trust
"""
# A line is a statement in single-user mode.
ROLES = """CREATE ROLE replicator LOGIN REPLICATION
CREATE ROLE {monitor} LOGIN PASSWORD '{password}' IN ROLE pg_monitor
CREATE ROLE {plain} LOGIN PASSWORD '{password}'
GRANT pg_read_server_files TO {monitor}
GRANT EXECUTE ON FUNCTION pg_ls_dir(text), pg_stat_file(text, boolean) TO {monitor}
"""


def programs(workspace, major):
    """The directory of a major's server programs, which are fetched if they aren't there.

    In the workspace where only root may enter the checkout: PostgreSQL runs as another user.
    """
    run([REPOSITORY / "packaging/get-postgres.sh", major])
    home = REPOSITORY / ".cache/postgresql" / str(major)
    if not all(folder.stat().st_mode & stat.S_IXOTH for folder in home.parents):
        copy = workspace.folder / f"postgresql-{major}"
        if not copy.exists():
            shutil.copytree(home, copy, symlinks=True)
        home = copy
    return home / "bin"


class MajorCluster(Cluster):
    """A Cluster of one major, with a role in pg_monitor and one that has no rights at all."""

    def __init__(self, workspace, major, plan):
        self._plan = plan
        super().__init__(workspace, plan, programs=programs(workspace, major))

    def monitor_conninfo(self, server, role=MONITOR):
        return f"host=127.0.0.1 port={server.port} user={role} dbname=postgres"

    @property
    def archive(self):
        """In the data directory, where the exporter can name it without being able to see it."""
        return self.p.data / "wal_archive"

    def upgrade(self, major, started=lambda server: None):
        """The same servers of this major: other programs and data, on the ports as they were.

        `started` is called with each as soon as it is up.
        """
        self._programs = programs(self._workspace, major)
        self._make_seed()
        for server in self.standbys[::-1] + [self.p]:
            server.stop()
            shutil.rmtree(server.data)
            server.use(self._programs)
        self._start_primary()
        started(self.p)
        for standby in self._plan:
            self.create_standby(standby)
            started(self.servers[standby.name])

    def _create_primary(self, plan):
        self._make_seed()
        self._start_primary()

    def _start_primary(self):
        self._copy(self.p, {"archive_command": f"cp %p {self.archive}/%f"})
        self._workspace.directory(self.archive, self.p.user)
        self.p.start()

    def create_standby(self, plan):
        server, upstream = self.servers[plan.name], self.servers[plan.upstream]
        slot = {}
        if plan.slot:
            upstream.execute(f"SELECT pg_create_physical_replication_slot('{plan.name}', true)")
            slot = {"primary_slot_name": plan.name}
        self._copy(server, {"archive_command": "true", "primary_conninfo":
                            f"host=127.0.0.1 port={upstream.port} user=replicator "
                            f"application_name={plan.name}"} | slot | plan.settings)
        (server.data / "standby.signal").touch()
        server.start()

    @property
    def _seed(self):
        """The data that all servers begin with."""
        return self.p.folder / "seed"

    def _make_seed(self):
        shutil.rmtree(self._seed, ignore_errors=True)
        options = {"cwd": self.p.folder, "env": self._workspace.environment, "user": self.p.user}
        run([self._programs / "initdb", f"--pgdata={self._seed}", "--no-sync", "--no-locale",
             "--encoding=UTF8", "--auth=trust"], **options)
        (self._seed / "pg_hba.conf").write_text(HBA)
        password = self.monitor_password_file.read_text().strip()
        run([self._programs / "postgres", "--single", "-D", self._seed, "-c", "fsync=off",
             "-c", "password_encryption=scram-sha-256", "postgres"],
            text=ROLES.format(password=password, monitor=MONITOR, plain=PLAIN), **options)

    def _copy(self, server, settings):
        run(["cp", "-a", self._seed, server.data])
        settings = SETTINGS | settings | {
            "port": server.port, "cluster_name": server.name,
            "unix_socket_directories": server.folder}
        with (server.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
