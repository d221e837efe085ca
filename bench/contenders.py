# SPDX-License-Identifier: Apache-2.0
"""Who is compared: our exporter, one process for all servers, and postgres_exporter, one for each."""

import re
import time

from tests.lab.exporter import Exporter
from tests.lab.process import Process, run
from tests.lab.waiting import wait_until
from tests.lab.web import answers, get

from . import processes
from .client import GZIP, scrape

# What it can tell of replication. pg_stat_replication and pg_stat_archiver are among its default metrics,
# which can't be had one by one (sessions and conflicts come along); all that is of databases, tables and
# settings is off.
_REPLICATION = ("replication", "replication_slot", "wal", "stat_bgwriter", "stat_checkpointer",
                "stat_wal_receiver", "postmaster")
_OTHERS = ("database", "database_wraparound", "locks", "long_running_transactions", "process_idle",
           "roles", "stat_activity_autovacuum", "stat_database", "stat_statements",
           "stat_user_tables", "statio_user_indexes", "statio_user_tables", "xlog_location")
FLAGS = ("--disable-settings-metrics", *(f"--collector.{name}" for name in _REPLICATION),
         *(f"--no-collector.{name}" for name in _OTHERS))
PATIENCE = 10  # seconds; Prometheus' default scrape_timeout


class Contender:
    """Its processes watch all servers of a cluster; its sessions there have an application_name of their own."""

    def __init__(self, name, application, by_port):
        self.name = name
        self.application = application
        self._by_port = by_port  # {port of a page: its process}

    def sweep(self, request=GZIP):
        """Scrapes its pages one after the other: the seconds of each; one that doesn't come takes PATIENCE."""
        return [self._scrape(port, request) for port in self._by_port]

    def sweep_for(self, seconds, pause=0.01):
        """One sweep after the other, with a pause between them."""
        sweeps = []
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            sweeps.append(self.sweep())
            time.sleep(pause)
        return sweeps

    def page_bytes(self, request):
        """Of all its pages."""
        return sum(scrape(port, request)[1] for port in self._by_port)

    def samples(self):
        return sum(len(re.findall(r"(?m)^[^#\n]", page)) for page in self._pages())

    def sees_all(self):
        """Whether all servers are up by its pages."""
        ups = re.findall(r"(?m)^(?:pg|pgrepl)_up(?:\{.*\})? (\d)$", "\n".join(self._pages()))
        return len(ups) == 4 and set(ups) == {"1"}

    def wait_all_up(self):
        wait_until(self.sees_all, f"{self.name} sees all servers", 60, every=0.5)

    def cpu_seconds(self):
        return sum(processes.cpu_seconds(one.pid) for one in self._by_port.values())

    def memory_megabytes(self, kind):
        return sum(processes.memory_megabytes(one.pid)[kind] for one in self._by_port.values())

    def _pages(self):
        return [get(f"http://127.0.0.1:{port}/metrics", PATIENCE) for port in self._by_port]

    @staticmethod
    def _scrape(port, request):
        try:
            return scrape(port, request, PATIENCE)[0]
        except OSError:  # a missed deadline
            return float(PATIENCE)


def ours(workspace, binary, cluster, pulse):
    """With everything on, as it comes; only the pulse is chosen."""
    application = f"ours-{pulse}"
    config = cluster.exporter_config() | {"timing": {"pulse_interval": pulse}}
    for server in config["clusters"][0]["servers"]:
        server["conninfo"] += f" application_name={application}"
    exporter = Exporter(workspace, binary, config, name=application)
    return _ready(Contender(f"ours, pulse {pulse}", application, {exporter.port: exporter}))


def peer(workspace, program, cluster):
    version = _version(program)
    by_port = {}
    for name, server in cluster.servers.items():
        port = workspace.ports.take()
        by_port[port] = process = Process(workspace, f"peer-{version}-{name}", [
            "/usr/bin/env", f"DATA_SOURCE_URI=127.0.0.1:{server.port}/postgres?sslmode=disable"
            f"&application_name=peer-{version}", "DATA_SOURCE_USER=pgrepl_monitor",
            f"DATA_SOURCE_PASS_FILE={cluster.monitor_password_file}",
            program, f"--web.listen-address=127.0.0.1:{port}", *FLAGS])
        process.wait_until(lambda at=port: answers(f"http://127.0.0.1:{at}/"), "serves")
    return _ready(Contender(version, f"peer-{version}", by_port))


def _version(program):
    found = re.search(r"version (\d[\d.]*)", run([program, "--version"]))
    return found[1] if found else program.name.split("-")[-1]  # One of Go's own building says nothing.


def _ready(contender):
    contender.wait_all_up()
    return contender
