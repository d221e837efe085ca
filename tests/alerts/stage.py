# SPDX-License-Identifier: Apache-2.0
"""A cluster, and the faults that are played on it, one after another."""

import shutil
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Callable

from tests.lab.cluster import Cluster
from tests.lab.exporter import Exporter
from tests.lab.load import Load
from tests.lab.relay import Relay
from tests.lab.waiting import wait_until
from tests.lab.workspace import Workspace

# No transaction but ours.
SETTINGS = {"autovacuum": "off", "wal_retrieve_retry_interval": "1s"}


@dataclass(frozen=True)
class Act:
    """One fault. All alerts that it `raises` must fire, and end when it is mended.

    `beside` may fire as well, since it is true. `play` is a generator of a Scene: it does the harm,
    yields once, and mends it. Where the runbook mends it, what comes after the yield finds it so.
    """
    fault: str
    raises: tuple
    beside: tuple
    play: Callable
    patience: float  # seconds until all of them fire
    lasting: float  # seconds until all of them have ended, once it is mended
    where: tuple  # on which servers a runbook is followed, if its alert names none
    by_runbook: bool  # the runbook mends it, if it says how


class Stage:
    """`configure` may change the exporter's configuration, a dictionary, before it starts."""

    def __init__(self, name, plan, *, settings=None, size=0, listed=(), relayed=(),
                 exporters=2, configure=None, build=None, every=0.2):
        self.name = name
        self.plan = tuple(plan)
        self.settings = SETTINGS | (settings or {})
        self.size = size  # bytes of WAL, at each write
        self.every = every  # seconds between two writes; None: it idles
        self.listed = listed  # in the configuration, else all
        self.relayed = relayed  # servers that the exporters reach through scene.ways[name]
        self.exporters = exporters  # two watch the same, as in a site that is careful
        self.configure = configure or (lambda scene, config: None)
        self.build = build  # another way to build the cluster
        self.acts = []

    def act(self, fault, raises, beside=(), patience=420, lasting=420, where=("p",),
            by_runbook=True):
        def add(play):
            self.acts.append(Act(fault, tuple(raises), tuple(beside), play, patience, lasting,
                                 where, by_runbook))
            return play
        return add

    @property
    def alerts(self):
        return [alert for act in self.acts for alert in act.raises]


class Scene:
    """A stage with everything on it; it lives as long as its workspace."""

    def __init__(self, stage, binary):
        self.stage = stage
        self.binary = binary
        self.workspace = Workspace(prefix=f"pgrepl-{stage.name}-")
        self.cluster = (stage.build or _build)(self.workspace, stage)
        self.primary = self.cluster.p
        self.publisher = None
        self.mounts = ExitStack()  # file systems of this scene
        self.besides = []  # workspaces of clusters that nobody watches
        self.ways = {name: Relay(self.workspace.ports.take(), self.cluster.servers[name].port)
                     for name in stage.relayed}
        for way in self.ways.values():
            way.start()
        self.ports = [self.workspace.ports.take() for _ in range(stage.exporters)]
        self.config = self._configuration()
        stage.configure(self, self.config)
        self.exporters = []
        self.start_exporters()
        self._load = ExitStack()
        if stage.every:
            self._load.enter_context(Load(self.primary, every=stage.every, size=stage.size))

    def __getattr__(self, name):
        return getattr(self.__dict__["cluster"], name)

    def close(self):
        self._load.close()
        self.mounts.close()
        for workspace in (*self.besides, self.workspace):
            workspace.close()

    @property
    def targets(self):
        return [f"127.0.0.1:{port}" for port in self.ports]

    def start_exporters(self, config=None, binary=None, flags=()):
        """All of them, on their ports; `flags` are of each."""
        self.stop_exporters()
        self.exporters = [
            Exporter(self.workspace, binary or self.binary, config or self.config, port=port,
                     name=f"exporter-{i}", flags=flags[i] if flags else ())
            for i, port in enumerate(self.ports)]

    def stop_exporters(self):
        for exporter in self.exporters:
            exporter.stop()
        self.exporters = []

    def upstream_of(self, server):
        named = {standby.name: standby.upstream for standby in self.stage.plan}
        return self.cluster.servers[named.get(server.name, "p")]

    def rebuild(self, standby):
        """A server anew as this standby, by the setup kit."""
        server = self.cluster.servers[standby.name]
        if server.data.exists() and server.pids():
            server.stop("immediate")
        shutil.rmtree(server.data)
        self.cluster.create_standby(standby)
        wait_until(server.is_streaming, f"{standby.name} streams again", 60)

    def another_cluster(self, settings=None):
        """A primary that no exporter knows."""
        self.besides.append(Workspace(prefix="pgrepl-another-"))
        return Cluster(self.besides[-1], (), settings=SETTINGS | (settings or {})).p

    def start(self, server):
        """If the runbook has not."""
        if not server.is_up():
            server.start()

    def _configuration(self):
        config = self.cluster.exporter_config(*self.stage.listed, cluster=self.stage.name)
        for server in config["clusters"][0]["servers"]:
            if way := self.ways.get(server["name"]):
                port = self.cluster.servers[server["name"]].port
                server["conninfo"] = server["conninfo"].replace(f"port={port}", f"port={way.port}")
        return config

    def configured(self, name):
        """The entry of a server in the configuration."""
        return next(one for one in self.config["clusters"][0]["servers"] if one["name"] == name)


def _build(workspace, stage):
    return Cluster(workspace, stage.plan, settings=stage.settings)


def until(condition, what, seconds=60):
    """As wait_until, for what takes its time on a machine that is busy with all stages."""
    return wait_until(condition, what, seconds, every=0.5)


@contextmanager
def again_and_again(action, every):
    """In the background, once in so many seconds, while the block lasts."""
    end = threading.Event()

    def work():
        while not end.wait(every):
            action()
    thread = threading.Thread(target=work, name="again and again", daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
