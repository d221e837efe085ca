# SPDX-License-Identifier: Apache-2.0
"""A cluster of every major side by side, all watched by one exporter for each kind of rights."""

import re
from concurrent.futures import ThreadPoolExecutor

from tests.lab.exporter import Exporter
from tests.lab.majors import MAJORS, MONITOR, PLAIN, MajorCluster
from tests.lab.workspace import Workspace

from .stage import TIMING

# Through the server, not the exporter: /proc/self/cwd is the data directory of who resolves it.
ARCHIVE_DIRECTORY = "/proc/self/cwd/wal_archive"

# Of the standbys; the primary's is measured.
FILESYSTEM_SIZE = 100 << 30

# The prefix is tests/lab/majors.py's.
_ERROR = re.compile(
    r"\S+ \S+ \S+ \[\d+\] (\S{5}) (\S*)@.*? (?:ERROR|FATAL|PANIC):  (.*)")
# A server that starts or stops turns its clients away, and says so.
_GOODBYES = {"57P01", "57P03"}


class Fleet:
    """Begins when everyone streams. `stack` is a contextlib.ExitStack that ends what begins here."""

    def __init__(self, stack, binary, plan, majors=MAJORS, rights=(MONITOR, PLAIN)):
        self.rights = rights
        self.majors = majors
        self._workspace = stack.enter_context(Workspace(prefix="pgrepl-fleet-"))
        self._pool = stack.enter_context(ThreadPoolExecutor(len(majors)))
        workspaces = [stack.enter_context(Workspace(prefix=f"pgrepl-{major}-"))
                      for major in majors]
        self.clusters = dict(zip(majors, self._pool.map(
            lambda workspace, major: MajorCluster(workspace, major, plan), workspaces, majors)))
        self.exporters = {role: Exporter(self._workspace, binary, self._config(role), name=role)
                          for role in rights}

    def each(self, action):
        """{major: action(major, cluster)}, of all majors at once."""
        return dict(zip(self.majors, self._pool.map(
            lambda major: action(major, self.clusters[major]), self.majors)))

    def errors(self, major, rights):
        """[(server, what it logged)] against the exporter that has these rights."""
        return [(server.name, f"logged {state} {text}")
                for server in self.clusters[major].servers.values()
                for state, role, text in _ERROR.findall(server.log)
                if role == rights and state not in _GOODBYES]

    def warnings(self, major, rights):
        """[(server, collector, line)] of the exporter's warnings about failing collectors."""
        lines = [line for line in self.exporters[rights].log.splitlines()
                 if f"pg_cluster={cluster_name(major)} " in line and "collector failed" in line]
        return [(_word(line, "server"), _word(line, "collector"), line) for line in lines]

    def _config(self, role):
        return {"timing": TIMING, "clusters": [
            {"name": cluster_name(major), "servers": [
                {"name": server.name, "conninfo": cluster.monitor_conninfo(server, role),
                 "password_file": str(cluster.monitor_password_file)}
                | ({"archive_directory": ARCHIVE_DIRECTORY,
                    "wal_directory": str(server.data / "pg_wal")} if server is cluster.p
                   else {"wal_filesystem_size": f"{FILESYSTEM_SIZE >> 30}GB"})
                for server in cluster.servers.values()]}
            for major, cluster in self.clusters.items()]}


def cluster_name(major):
    return f"pg{major}"


def _word(line, key):
    return re.search(rf"\b{key}=(\S+)", line).group(1)
