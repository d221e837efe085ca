# SPDX-License-Identifier: Apache-2.0
"""A replication topology, built with the setup kit."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from .postgres import Server, installed
from .process import run
from .relay import Relay
from .waiting import wait_until
from .workspace import REPOSITORY

KIT = REPOSITORY / "postgresql-ha/scripts"


@dataclass(frozen=True)
class Standby:
    """A standby of the plan: from whom it receives, and whether a slot keeps its WAL there."""
    name: str
    upstream: str = "p"
    slot: bool = False
    relayed: bool = False  # receives through a relay, cluster.relays[name]
    archive_fed: bool = False  # by the archive of p alone, it has no primary_conninfo
    apply_delay: int = 0  # seconds
    settings: dict = field(default_factory=dict)


# The topology of the fault table: with and without a slot, and a cascade.
USUAL = (Standby("s1", slot=True), Standby("s2"), Standby("s3", upstream="s2"))


class Cluster:
    """A primary `p` and its standbys, up and streaming when the constructor ends.

    Each server is an attribute by its name: cluster.p, cluster.s1, ...
    """

    def __init__(self, workspace, plan=USUAL, settings=None, progress=lambda line: None,
                 programs=None):
        self._workspace = workspace
        self._programs = programs or installed()
        self._settings = settings or {}
        self._progress = progress
        self.monitor_password_file = workspace.secret("monitor.password", "lab-monitor")
        self._replication_password_file = workspace.secret("replication.password", "lab-replication")
        self.servers = {"p": Server(workspace, "p", self._programs)} | {
            standby.name: Server(workspace, standby.name, self._programs, standby.archive_fed)
            for standby in plan}
        self.relays = {standby.name: Relay(workspace.ports.take(),
                                           self.servers[standby.upstream].port)
                       for standby in plan if standby.relayed}
        self._create_primary(plan)
        for relay in self.relays.values():
            # Its thread is a daemon: it ends with us, as the servers do.
            relay.start()
        for generation in _generations(plan):
            _at_once(self.create_standby, generation)
        for standby in plan:
            if not standby.archive_fed:
                wait_until(self.servers[standby.name].is_streaming, f"{standby.name} streams")

    def __getattr__(self, name):
        try:
            return self.__dict__["servers"][name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def workspace(self):
        return self._workspace

    @property
    def standbys(self):
        return [server for name, server in self.servers.items() if name != "p"]

    @property
    def archive(self):
        """Where p archives."""
        return self.p.folder / "wal_archive"

    def exporter_config(self, *names, cluster="main"):
        """The exporter's configuration for these servers, else for all."""
        return {"clusters": [{"name": cluster, "servers": [
            {"name": name, "conninfo": self.monitor_conninfo(self.servers[name]),
             "password_file": str(self.monitor_password_file)}
            for name in names or self.servers]}]}

    def monitor_conninfo(self, server):
        return f"host=127.0.0.1 port={server.port} user=pgrepl_monitor dbname=postgres"

    def wait_caught_up(self, seconds=20):
        """Until every standby has replayed what the primary has flushed by now."""
        position = self.p.value("SELECT pg_current_wal_flush_lsn()")
        for standby in self.standbys:
            wait_until(lambda: standby.value(
                f"SELECT pg_last_wal_replay_lsn() >= '{position}'") == "t",
                f"{standby.name} catches up", seconds)

    def _create_primary(self, plan):
        self._progress("primary p")
        slots = [f"--slot={standby.name}" for standby in plan if standby.slot]
        self._kit("setup_primary.sh", self.p, [
            f"--standbys={len(plan)}", f"--monitor-password-file={self.monitor_password_file}",
            *slots])

    def create_standby(self, plan):
        self._progress(f"standby {plan.name} of {plan.upstream}")
        server, upstream = self.servers[plan.name], self.servers[plan.upstream]
        words = [f"--archive-dir={self.archive}"] if plan.archive_fed else []
        relay = self.relays.get(plan.name, upstream)
        self._kit("setup_standby.sh", server, [
            "127.0.0.1", f"--primary-port={relay.port}", f"--name={plan.name}",
            f"--slot={plan.name}" if plan.slot else "--no-slot", *words], plan.settings)
        if plan.archive_fed:
            # The kit makes standbys that stream; this one has only its archive from now on.
            server.set(primary_conninfo="")
        if plan.apply_delay:
            server.set(recovery_min_apply_delay=f"{plan.apply_delay}s")

    def _kit(self, script, server, words, settings=None):
        settings = {"cluster_name": server.name, "fsync": "off", **self._settings,
                    **(settings or {})}
        run([KIT / script, *words, f"--data-dir={server.data}", f"--port={server.port}",
             f"--bin-dir={self._programs}", f"--socket-dir={server.folder}",
             f"--os-user={self._workspace.postgres_user}", "--listen=127.0.0.1",
             f"--replication-password-file={self._replication_password_file}",
             *(f"--set={name}={value}" for name, value in settings.items()), "--yes"],
            cwd=self._workspace.folder, env=self._workspace.environment)


def _at_once(action, subjects):
    pool = ThreadPoolExecutor()
    try:
        list(pool.map(action, subjects))
    finally:
        # Not waiting for the others: after a Ctrl-C here the warden ends what they run.
        pool.shutdown(wait=False)


def _generations(plan):
    """The plan in an order that can be built: each generation's upstreams exist before it."""
    waiting, built = list(plan), {"p"}
    while waiting:
        ready = [standby for standby in waiting if standby.upstream in built]
        if not ready:
            raise ValueError(f"no upstream for {waiting}")
        yield ready
        built.update(standby.name for standby in ready)
        waiting = [standby for standby in waiting if standby not in ready]
