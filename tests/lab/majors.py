# SPDX-License-Identifier: Apache-2.0
"""A topology of any PostgreSQL major, from server programs alone.

The setup kit needs psql and pg_basebackup of the same major. `packaging/get-postgres.sh` has
neither, so here all servers begin as copies of one that was never started.
"""

import shutil

from .cluster import Cluster
from .process import run
from .workspace import REPOSITORY

MAJORS = (12, 13, 14, 15, 16, 17, 18)

# With %e and %u, so that one can tell whose fault a line is.
SETTINGS = {
    "archive_mode": "on", "autovacuum": "off", "checkpoint_timeout": "1h", "fsync": "off",
    "listen_addresses": "127.0.0.1", "log_line_prefix": "%m [%p] %e %u@%a ",
    "password_encryption": "scram-sha-256", "shared_buffers": "16MB", "wal_level": "logical",
    "wal_retrieve_retry_interval": "1s"}
HBA = """local all all trust
host all all 127.0.0.1/32 scram-sha-256
host replication all 127.0.0.1/32 trust
"""


def programs(major):
    """The directory of a major's server programs, which are fetched if they aren't there."""
    run([REPOSITORY / "packaging/get-postgres.sh", major])
    return REPOSITORY / ".cache/postgresql" / str(major) / "bin"


class MajorCluster(Cluster):
    """A Cluster of one major, with a role that may see everything and one that may see nothing."""

    def __init__(self, workspace, major, plan):
        self._seed = None
        super().__init__(workspace, plan, programs=programs(major))

    def conninfo(self, server, role):
        """pgrepl_monitor is in pg_monitor; pgrepl_plain is nothing."""
        return f"host=127.0.0.1 port={server.port} user={role} dbname=postgres"

    def upgrade(self, major):
        """The same servers of this major: other programs, other data, the ports as they were."""
        for server in self.standbys[::-1] + [self.p]:
            server.stop()
            shutil.rmtree(server.data)
            server.use(programs(major))
        self._programs = programs(major)
        self._create_primary(self._plan)
        for standby in self._plan:
            self._create_standby(standby)

    def _create_primary(self, plan):
        self._plan = plan
        self._seed = self._initdb()
        self._copy(self.p, {"archive_command": f"cp %p {self.archive}/%f"})
        self._workspace.directory(f"{self.p.name}/{self.archive.name}", self.p.user)
        self.p.start()
        password = self.monitor_password_file.read_text().strip()
        self.p.execute("CREATE ROLE replicator LOGIN REPLICATION")
        self.p.execute(f"CREATE ROLE pgrepl_monitor LOGIN PASSWORD '{password}' IN ROLE pg_monitor")
        self.p.execute(f"CREATE ROLE pgrepl_plain LOGIN PASSWORD '{password}'")

    def _create_standby(self, plan):
        server, upstream = self.servers[plan.name], self.servers[plan.upstream]
        slot = {}
        if plan.slot:
            upstream.execute(f"SELECT pg_create_physical_replication_slot('{plan.name}', true)")
            slot = {"primary_slot_name": plan.name}
        self._copy(server, {"archive_command": "true", "primary_conninfo":
                            f"host=127.0.0.1 port={upstream.port} user=replicator "
                            f"application_name={plan.name}"} | slot)
        (server.data / "standby.signal").touch()
        server.start()

    def _initdb(self):
        seed = self.p.folder / "seed"
        if seed.exists():
            shutil.rmtree(seed)
        run([self._programs / "initdb", f"--pgdata={seed}", "--no-sync", "--no-locale",
             "--encoding=UTF8", "--auth=trust"],
            cwd=self.p.folder, env=self._workspace.environment, user=self.p.user)
        (seed / "pg_hba.conf").write_text(HBA)
        return seed

    def _copy(self, server, settings):
        run(["cp", "-a", self._seed, server.data])
        settings = SETTINGS | settings | {
            "port": server.port, "cluster_name": server.name,
            "unix_socket_directories": server.folder}
        with (server.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
