# SPDX-License-Identifier: Apache-2.0
"""What each collector costs PostgreSQL, on a primary and on its standby, by pg_stat_statements.

    python3 -m bench.statements --exporter build/release/exporter/pg_replication_exporter

One exporter runs as it comes. A second does little but pulses: its other collectors run every five minutes,
its listings every hour. What their sessions use is read while pg_stat_statements is off, then it is on. The
exit code is 1 when a bound is broken.
"""

import argparse
import re
import sys
import time
from pathlib import Path
from statistics import median

from tests.lab.cluster import Cluster, Standby
from tests.lab.exporter import Exporter
from tests.lab.load import Load
from tests.lab.process import run
from tests.lab.workspace import Workspace

from . import sessions
from .report import Circumstances, Figure, aligned, relative, table, text, write

SETTINGS = sessions.SETTINGS | {
    "shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.track": "none",
    "pg_stat_statements.track_planning": "on"}
TIMINGS = {"all": {}, "pulses": {"interval": "5m", "slow_interval": "1h"}}
BOUND = 0.8  # ms
MINUTE = 60
_PERMISSION = "rights, before a listing"
_SPENT = """SELECT s.calls, s.total_exec_time + s.total_plan_time,
                   regexp_replace(s.query, E'\\\\s+', ' ', 'g')
              FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
             WHERE r.rolname = 'pgrepl_monitor' AND s.calls > 0"""


def main():
    options = _parse(sys.argv[1:])
    circumstances = Circumstances()
    with Workspace(prefix="pgrepl-bench-") as workspace:
        _say("a primary and its standby")
        cluster = Cluster(workspace, plan=[Standby("s1", slot=True)], settings=SETTINGS)
        cluster.p.execute("CREATE EXTENSION pg_stat_statements")
        cluster.wait_caught_up()
        exporters = {name: _start(workspace, options.exporter, cluster, name) for name in TIMINGS}
        with Load(cluster.p):
            _say(f"the sessions' CPU, {options.minutes} minutes")
            cpu = [_spend_minute(cluster) for _ in range(options.minutes)]
            exporters["pulses"].stop()
            _say(f"the statements, {options.minutes} minutes")
            spent = _watch(cluster, options.minutes)
    figures = list(_figures(cpu))
    owners = collectors(run([options.exporter, "check", "--print-sql"]))
    written = text(circumstances.at_end(
        f"python3 -m bench.statements --exporter {relative(options.exporter)} --minutes {options.minutes}"),
        aligned(rows({name: by_collector(one, owners) for name, one in spent.items()}, options.minutes)),
        table(figures))
    print(written, end="")
    if options.write:
        write("statements", written)
    sys.exit(0 if all(figure.kept for figure in figures) else 1)


def _start(workspace, binary, cluster, name):
    config = cluster.exporter_config() | {"timing": TIMINGS[name]}
    for server in config["clusters"][0]["servers"]:
        server["conninfo"] += f" application_name={name}"
    exporter = Exporter(workspace, binary, config, name=name)
    exporter.wait_for(lambda page: all(page.value("pgrepl_up", server=server)
                                       for server in cluster.servers), "all servers up")
    return exporter


def _spend_minute(cluster):
    """{(exporter, server): CPU seconds of its session}"""
    def now():
        return {(name, server.name): sessions.cpu_seconds(server, name)
                for name in TIMINGS for server in cluster.servers.values()}
    before = now()
    time.sleep(MINUTE)
    return {which: spent - before[which] for which, spent in now().items()}


def _watch(cluster, minutes):
    """{server: [(calls, milliseconds, normalised SQL)]}"""
    for server in cluster.servers.values():
        server.execute("SELECT pg_stat_statements_reset()")
        server.set(**{'"pg_stat_statements"."track"': "top"})
    time.sleep(MINUTE * minutes)
    return {name: [(int(calls), float(spent), sql) for calls, spent, sql in server.rows(_SPENT)]
            for name, server in cluster.servers.items()}


# Whose statement it is.

def collectors(printed):
    """{SQL on one line: its collector}, of what `check --print-sql` says."""
    owners, sql = {}, []
    name = collector = "each round"
    for line in printed.splitlines():
        if heading := re.match(r"-- (\w+): ", line):
            name = heading[1]
        elif line == "-- asked before it, whether the role may:":
            collector, name = name, _PERMISSION
        elif not line.startswith("--"):
            sql.append(line)
            if line.endswith(";"):
                owners[" ".join(" ".join(sql).split())[:-1]] = name
                name, sql = collector if name == _PERMISSION else name, []
    return owners


def by_collector(spent, owners):
    """{collector: (calls, milliseconds)}

    The SQL is as it was sent: what was prepared before it is tracked isn't normalised.
    """
    found = {}
    for calls, milliseconds, sql in spent:
        name = owners.get(" ".join(sql.split()), "other")
        before = found.get(name, (0, 0.0))
        found[name] = before[0] + calls, before[1] + milliseconds
    return found


def rows(servers, minutes):
    """A line for each collector, in their order, and the sum."""
    head = ("collector", *(f"{name}: {what}" for name in servers
                           for what in ("calls per minute", "ms per call", "ms per minute")))
    names = list(dict.fromkeys(name for found in servers.values() for name in found))
    body = [(name, *(cell for found in servers.values() for cell in _cells(found.get(name), minutes)))
            for name in sorted(names, key=lambda one: -sum(found.get(one, (0, 0))[1]
                                                           for found in servers.values()))]
    sums = ("all", *(cell for found in servers.values() for cell in (
        f"{sum(calls for calls, _ in found.values()) / minutes:.1f}", "",
        f"{sum(spent for _, spent in found.values()) / minutes:.2f}")))
    return [head, *body, sums]


def _cells(spent, minutes):
    if spent is None:
        return "", "", ""
    calls, milliseconds = spent
    return f"{calls / minutes:.1f}", f"{milliseconds / calls:.3f}", f"{milliseconds / minutes:.2f}"


def _figures(cpu):
    for name, bound in (("pulses", BOUND), ("all", None)):
        for server in ("p", "s1"):
            each = [minute[name, server] / MINUTE * 1e3 for minute in cpu]
            what = "a pulse alone" if name == "pulses" else "a pulse and what else is due"
            yield Figure(f"{server}: the backend's CPU for {what}",
                         f"{median(each):.2f} ms ({min(each):.2f} - {max(each):.2f})",
                         f"< {bound} ms" if bound else "", bound is None or median(each) < bound)


def _say(what):
    print(f"bench: {what}", file=sys.stderr, flush=True)


def _parse(arguments):
    parser = argparse.ArgumentParser(prog="python3 -m bench.statements", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exporter", type=lambda path: Path(path).resolve(), required=True,
                        help="the binary")
    parser.add_argument("--minutes", type=int, default=5, help="for each of the two")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
