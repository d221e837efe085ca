# SPDX-License-Identifier: Apache-2.0
"""The commands of a runbook, as the person who is woken would paste them."""

import re
from dataclasses import dataclass

from tests.lab.process import run
from tests.lab.workspace import REPOSITORY

FOLDER = REPOSITORY / "alerts/runbooks"
_BLOCK = re.compile(r"^```(\w+)(?: (\w+))?(?: (\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^## (.*)$", re.MULTILINE)
_LOOKED_AT = ("Signals", "Diagnosis")
# What a label is called where a shell, or psql, takes it.
_LABELS = ("pg_cluster", "server", "slot_name", "standby", "database", "subscription")


@dataclass(frozen=True)
class Block:
    section: str
    language: str  # sql, sh
    place: str  # server, primary, upstream, standby, publisher, exporter
    mark: str  # mends, otherwise, skip, or nothing
    text: str


class Runbook:
    def __init__(self, alert):
        self.alert = alert
        text = (FOLDER / f"{alert}.md").read_text()
        headings = [(found.start(), found[1]) for found in _HEADING.finditer(text)]
        self.blocks = [
            Block(_section(headings, found.start()), found[1], found[2] or "", found[3] or "",
                  found[4]) for found in _BLOCK.finditer(text)]

    @property
    def diagnosis(self):
        return [one for one in self.blocks if one.section in _LOOKED_AT and not one.mark]

    def marked(self, mark):
        return [one for one in self.blocks if one.mark == mark]


def _section(headings, position):
    return next((name for start, name in reversed(headings) if start < position), "")


class Shell:
    """Where the commands are run: on servers of a scene, with the labels of an alert."""

    def __init__(self, scene, labels, where):
        self._scene = scene
        self._labels = {name: labels[name] for name in _LABELS if name in labels}
        # Servers, where the alert names none.
        self._where = [labels["server"]] if "server" in labels else list(where)

    def run(self, block):
        """On each server that the block's place means; what it printed, if it failed."""
        if block.place == "exporter":
            return self._attempt(self._ask_exporter, block.text)
        action = self._psql if block.language == "sql" else self._bash
        failures = [self._attempt(action, block.text, server) for server in self._servers(block.place)]
        return next((one for one in failures if one), None)

    def reaches(self, block):
        """Whether all servers that the block's place means are up."""
        return block.place == "exporter" or all(
            server.is_up() for server in self._servers(block.place))

    def _attempt(self, action, *subjects):
        try:
            action(*subjects)
        except Exception as error:  # A block that fails is a finding, not the end of the proof.
            return f"{subjects[0].strip().splitlines()[0]} ... {error}"
        return None

    def _servers(self, place):
        scene = self._scene
        if place == "publisher":
            return [scene.publisher]
        if place == "primary":
            return [scene.primary]
        if place == "standby":
            return [one for one in scene.cluster.servers.values()
                    if one is not scene.primary and one.is_up()]
        named = [scene.cluster.servers[name] for name in self._where]
        if place == "upstream":
            return [scene.upstream_of(one) for one in named]
        return named

    def _psql(self, text, server):
        variables = [word for name, value in self._labels.items() for word in ("-v", f"{name}={value}")]
        run([server.psql, "-X", "-v", "ON_ERROR_STOP=1", *variables,
             "-h", server.folder, "-p", server.port, "-U", server.user, "-d", "postgres"],
            text=text, seconds=60, cwd=server.folder, user=server.user, env=self._environment())

    def _bash(self, text, server):
        environment = self._environment() | {
            "PGHOST": str(server.folder), "PGPORT": str(server.port), "PGDATABASE": "postgres",
            "PGDATA": str(server.data)}
        environment["PATH"] = f"{server.programs}:{environment['PATH']}"
        run(["bash", "-euo", "pipefail", "-s"], text=text, seconds=120, cwd=server.folder,
            user=server.user, env=environment)

    def _ask_exporter(self, text):
        environment = self._environment() | {"EXPORTER": self._scene.exporters[0].url}
        environment["PATH"] = f"{self._scene.binary.parent}:{environment['PATH']}"
        run(["bash", "-euo", "pipefail", "-s"], text=text, seconds=60, env=environment)

    def _environment(self):
        labels = {name.upper(): value for name, value in self._labels.items()}
        return self._scene.workspace.environment | labels
