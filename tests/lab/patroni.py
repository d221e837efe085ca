# SPDX-License-Identifier: Apache-2.0
"""Real Patroni on real etcd: who leads is theirs to say."""

import json
import shutil
import signal
import urllib.error
import urllib.request

from .postgres import installed
from .process import Process, as_user, send
from .session import Session

# Loop, retry and time to live as short as Patroni takes them.
TTL = 20
HBA = ["local all all trust", "host replication replicator 127.0.0.1/32 scram-sha-256",
       "host all all 127.0.0.1/32 scram-sha-256"]
USERS = {"superuser": "postgres", "replication": "replicator"}


class Etcd(Process):
    """One node, in memory of the workspace."""

    def __init__(self, workspace):
        self.port = workspace.ports.take()
        peer = f"http://127.0.0.1:{workspace.ports.take()}"
        url = f"http://127.0.0.1:{self.port}"
        super().__init__(workspace, "etcd", [
            "etcd", f"--data-dir={workspace.folder}/etcd-data", "--unsafe-no-fsync",
            f"--listen-client-urls={url}", f"--advertise-client-urls={url}",
            f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}"])
        self.wait_until(lambda: status(url + "/health") == 200, "is healthy")


class Member:
    """A Patroni and its PostgreSQL."""

    def __init__(self, workspace, etcd, name, passwords):
        self.name = name
        self.workspace = workspace
        self.folder = workspace.directory(name, workspace.postgres_user)
        self.port, rest = workspace.ports.take(), workspace.ports.take()
        self.url = f"http://127.0.0.1:{rest}"
        self.config = self.folder / "patroni.yml"
        self.config.touch(mode=0o600)
        shutil.chown(self.config, workspace.postgres_user)
        self.config.write_text(json.dumps(self._config(etcd, rest, passwords), indent=2))
        self.child = None
        self.session = Session(workspace, installed() / "psql", socket_directory=self.folder,
                               port=self.port, user="postgres")

    def _config(self, etcd, rest, passwords):
        return {
            "scope": "main", "name": self.name, "etcd3": {"hosts": f"127.0.0.1:{etcd.port}"},
            "restapi": {"listen": f"127.0.0.1:{rest}", "connect_address": f"127.0.0.1:{rest}"},
            "bootstrap": {
                "dcs": {"ttl": TTL, "loop_wait": 1, "retry_timeout": 3, "postgresql": {
                    "use_pg_rewind": True, "use_slots": True,
                    "parameters": {"wal_log_hints": "on", "fsync": "off"}}},
                "initdb": [{"encoding": "UTF8"}, "data-checksums"]},
            "postgresql": {
                "listen": f"127.0.0.1:{self.port}", "connect_address": f"127.0.0.1:{self.port}",
                "data_dir": str(self.folder / "data"), "bin_dir": str(installed()),
                "pgpass": str(self.folder / "pgpass"), "pg_hba": HBA,
                "parameters": {"unix_socket_directories": str(self.folder)},
                "authentication": {kind: {"username": user, "password": passwords[user]}
                                   for kind, user in USERS.items()}}}

    def start(self):
        with (self.folder / "patroni.log").open("ab") as log:
            self.child = self.workspace.spawn(
                ["patroni", self.config], cwd=self.folder, stdin=None, stdout=log, stderr=log,
                **as_user(self.workspace.postgres_user))
        return self

    def kill(self):
        """Patroni and all of PostgreSQL at once, as a machine dies."""
        postmaster = int((self.folder / "data/postmaster.pid").read_text().split()[0])
        send([self.child.pid, postmaster], signal.SIGKILL)
        self.session.disconnect()

    def leads(self):
        return status(self.url + "/primary") == 200

    def follows(self):
        return status(self.url + "/replica") == 200


def status(url):
    """None where nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return None
