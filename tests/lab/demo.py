# SPDX-License-Identifier: Apache-2.0
"""A cluster to break: four servers, the exporter, Prometheus and Alertmanager on one machine.

    python3 -m tests.lab.demo --exporter build/release/exporter/pg_replication_exporter

Everything lives in one temporary folder and ends with Ctrl-C.
"""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from .alertmanager import Alertmanager, Sink
from .cluster import Cluster
from .exporter import Exporter
from .grafana import Grafana, program as grafana_program
from .load import Load
from .prometheus import Prometheus
from .workspace import REPOSITORY, Workspace

# What people expect; another free port where one of these is taken.
EXPORTER_PORT, PROMETHEUS_PORT, ALERTMANAGER_PORT, GRAFANA_PORT = 9717, 9090, 9093, 3000

PLACES = """
  Page          {exporter.url}/
  Metrics       {exporter.url}/metrics
  Prometheus    {prometheus.url}/graph?g0.expr=pgrepl_lag_seconds&g0.tab=0&g0.range_input=5m
  Alertmanager  amtool alert --alertmanager.url={alertmanager.url}
  Grafana       {grafana_url}
  Folder        {folder}

  The primary p feeds s1 (through a slot) and s2; s2 feeds s3. There is a small write every 200 ms.
  In another terminal, watch the lag:

    watch -n1 "curl -s {exporter.url}/metrics | grep '^pgrepl_lag_seconds'"
"""

SCENES = """
  Pause replay on s1: its lag grows second by second, nobody else's does. Past 60 s the alert
  PostgresReplicationLagHigh fires; the notification is printed here some 15 s later. After the
  resume the lag is gone at once; the alert, held against flapping, resolves within three minutes.
    {here}/psql-s1 -c "SELECT pg_wal_replay_pause()"
    {here}/psql-s1 -c "SELECT pg_wal_replay_resume()"

  Cut the receiver of s1: the same, and pgrepl_receiver_up and pgrepl_standby_connected turn 0.
    {here}/psql-s1 -c "ALTER SYSTEM SET primary_conninfo = 'port=1'" -c "SELECT pg_reload_conf()"
    {here}/psql-s1 -c "ALTER SYSTEM RESET primary_conninfo" -c "SELECT pg_reload_conf()"

  Stop s2: pgrepl_up turns 0 and says "refused", every series of s2 stays on the page, and s3, which
  it feeds, lags as well.
    {here}/pg_ctl-s2 stop
    {here}/pg_ctl-s2 start

  Freeze s3 with all its processes, as a hung disk would: the page still answers at once, the other
  servers stay fresh, and s3 recovers by itself.
    kill -STOP $({here}/pids-s3)
    kill -CONT $({here}/pids-s3)
"""


def main():
    options = _parse(sys.argv[1:])
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _run(options)
    except KeyboardInterrupt:
        pass
    _say("everything is stopped and removed")


def _run(options):
    with Workspace(prefix="pgrepl-demo-") as workspace:
        cluster = Cluster(workspace, progress=_say)
        with Load(cluster.p, every=0.2), _sink(workspace) as sink:
            _say("exporter, Prometheus, Alertmanager")
            exporter = Exporter(workspace, options.exporter, cluster.exporter_config(),
                                port=workspace.ports.take(EXPORTER_PORT))
            alertmanager = Alertmanager(
                workspace, REPOSITORY / "alerts/alertmanager/alertmanager.yml", sink,
                port=workspace.ports.take(ALERTMANAGER_PORT))
            prometheus = Prometheus(
                workspace, [f"127.0.0.1:{exporter.port}"], _rules(), alertmanager.address,
                every="5s", port=workspace.ports.take(PROMETHEUS_PORT))
            programs = [exporter, prometheus, alertmanager]
            grafana_url = "not installed; with it, here were its dashboards"
            if grafana_program():
                grafana = Grafana(workspace, prometheus.url, workspace.ports.take(GRAFANA_PORT))
                grafana_url = f"{grafana.url}/d/pgrepl-cluster"
                programs.append(grafana)
            print(PLACES.format(**locals(), folder=workspace.folder), end="")
            _write_commands(workspace.folder, cluster)
            print(SCENES.format(here=workspace.folder))
            _say("ready; Ctrl-C ends it")
            _watch(programs, options.seconds)
            _say("stopping")


def _watch(programs, seconds):
    """Until the time is over, or one of the programs ends by itself."""
    deadline = time.monotonic() + seconds if seconds else float("inf")
    while time.monotonic() < deadline:
        for program in programs:
            if program.exit_code is not None:
                raise SystemExit(f"{program.name} ended by itself:\n{program.log[-4000:]}")
        time.sleep(0.2)


def _sink(workspace):
    def tell(notification):
        if notification["receiver"] == "watchdog":
            return
        for alert in notification["alerts"]:
            _say(f"{alert['status'].upper()} {alert['labels']['alertname']}: "
                 f"{alert['annotations']['summary']}")
    return Sink(workspace.ports.take(), tell)


def _rules():
    return sorted((REPOSITORY / "alerts/rules").glob("*.yaml"))


def _write_commands(folder, cluster):
    """psql-s1 and the like: programs that know their server, so that a scene is a short line."""
    for name, server in cluster.servers.items():
        _write_program(folder / f"psql-{name}", server.shell(
            "psql", "-h", server.folder, "-p", server.port, "-d", "postgres") + ' "$@"')
        _write_program(folder / f"pg_ctl-{name}", server.shell(
            "pg_ctl", "-D", server.data, "-l", server.log_file) + ' "$@"')
        _write_program(folder / f"pids-{name}",
                       f"postmaster=$(head -n 1 {server.data}/postmaster.pid)\n"
                       'echo "$postmaster" $(pgrep -P "$postmaster")')


def _write_program(file, command):
    file.write_text(f"#!/bin/sh\n{command}\n")
    file.chmod(0o755)


_began = time.monotonic()


def _say(line):
    print(f"[{time.monotonic() - _began:5.1f} s] {line}", flush=True)


def _parse(words):
    parser = argparse.ArgumentParser(prog="demo", description=__doc__.split("\n")[0])
    parser.add_argument("--exporter", type=Path, required=True, metavar="BINARY")
    parser.add_argument("--seconds", type=float, help="end by itself after this time")
    options = parser.parse_args(words)
    options.exporter = options.exporter.resolve()
    if not os.access(options.exporter, os.X_OK):
        parser.error(f"{options.exporter} is not a program; build it first")
    return options


if __name__ == "__main__":
    main()
