# SPDX-License-Identifier: Apache-2.0
"""What the running exporter costs, on four real servers with a light load: time, memory, CPU.

    python3 -m bench.scrape --exporter build/release/exporter/pg_replication_exporter

Everything is compared within one run, in rounds, since other work on the machine moves all of it.
The exit code is 1 when a bound is broken.
"""

import argparse
import os
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from statistics import mean, median

from tests.lab.cluster import Cluster
from tests.lab.exporter import Exporter
from tests.lab.load import Load
from tests.lab.workspace import Workspace

from . import processes, server_log
from .client import GZIP, PLAIN, percentile, scrape, scrape_for
from .report import Circumstances, Figure, relative, table, text, write

PULSE_SECONDS = 1  # the exporter's default
# The second healthy arm shows what the machine's noise alone does to a ratio.
ARMS = ("healthy", "frozen", "healthy again")


def main():
    options = _parse(sys.argv[1:])
    circumstances = Circumstances()
    with Workspace(prefix="pgrepl-bench-") as workspace:
        _say("a primary and three standbys")
        cluster = Cluster(workspace, settings=server_log.SETTINGS)
        with Load(cluster.p):
            figures = _measure(cluster, _start(workspace, cluster, options.exporter), options)
    written = text(circumstances.at_end(
        f"python3 -m bench.scrape --exporter {relative(options.exporter)} --rounds {options.rounds} "
        f"--seconds {options.seconds:g}"), table(figures))
    print(written, end="")
    if options.write:
        write("scrape", written)
    sys.exit(0 if all(figure.kept for figure in figures) else 1)


def _start(workspace, cluster, binary):
    exporter = Exporter(workspace, binary, cluster.exporter_config())
    exporter.wait_for(lambda page: all(page.value("pgrepl_up", server=name)
                                       for name in cluster.servers), "all servers up")
    return exporter


def _measure(cluster, exporter, options):
    begin = time.monotonic()
    _say("scrapes, with and without a frozen server")
    times = _scrape_in_rounds(cluster, exporter, options.rounds, options.seconds)
    _say("CPU, with and without scrapes")
    cpu = _spend_cpu(cluster, exporter, options.rounds, options.seconds)
    _say("statements and round trips")
    asked = _watch_pulses(cluster, exporter)
    while (age := time.monotonic() - begin) < 120:
        time.sleep(1)
    _, page_bytes = scrape(exporter.port, PLAIN)
    return [*_latency_figures(times), *_cpu_figures(cpu),
            *_memory_figures(exporter, age, page_bytes), *_server_figures(cluster, asked)]


# Time.

def _scrape_in_rounds(cluster, exporter, rounds, seconds):
    """{arm: [the times of each round]}"""
    times = {arm: [] for arm in ARMS}
    servers = list(cluster.servers.values())
    for number in range(rounds):
        # Each arm comes first, second and last in turn, and each server is frozen.
        for arm in ARMS[number % 3:] + ARMS[:number % 3]:
            victim = servers[number % len(servers)]
            with victim.frozen() if arm == "frozen" else nullcontext():
                times[arm].append(scrape_for(exporter.port, seconds, pause=0.01))
            exporter.wait_for(lambda page: page.value("pgrepl_up", server=victim.name),
                              f"{victim.name} is up")
            time.sleep(1)
    return times


def _latency_figures(times):
    pooled = {arm: sum(rounds, []) for arm, rounds in times.items()}
    for arm in ARMS:
        p50, p99 = percentile(pooled[arm], 0.5), percentile(pooled[arm], 0.99)
        yield Figure(f"scrape, {'one server ' if arm == 'frozen' else ''}{arm}",
                     f"p50 {p50 * 1e3:.2f} ms, p99 {p99 * 1e3:.2f} ms (n = {len(pooled[arm])})")
    frozen = _p99_ratios(times, "frozen")
    yield Figure("p99, one server frozen / healthy", _ratio(times, pooled, "frozen"),
                 "median <= 1.5", median(frozen) <= 1.5)
    yield Figure("p99, healthy again / healthy (noise)", _ratio(times, pooled, "healthy again"))


def _p99_ratios(times, arm):
    """Of each round."""
    return [percentile(these, 0.99) / percentile(those, 0.99)
            for these, those in zip(times[arm], times["healthy"])]


def _ratio(times, pooled, arm):
    """Both: one burst of other work decides the ratio over all scrapes, not the rounds' median."""
    rounds = _p99_ratios(times, arm)
    overall = percentile(pooled[arm], 0.99) / percentile(pooled["healthy"], 0.99)
    return (f"median of rounds {median(rounds):.2f} ({min(rounds):.2f} - {max(rounds):.2f}), "
            f"all scrapes {overall:.2f}")


# CPU.

def _spend_cpu(cluster, exporter, rounds, seconds, scrapes=500):
    """CPU seconds of the exporter and of its sessions' backends, by what went on."""
    backends = {name: _backend(server) for name, server in cluster.servers.items()}
    spent = {"idle": [], GZIP: [], PLAIN: [], "busy": [], "backends": dict.fromkeys(backends, 0.0)}
    for _ in range(rounds):
        before = {name: processes.cpu_seconds(pid) for name, pid in backends.items()}
        busy = processes.busy_seconds()
        spent["idle"].append(_cpu_while(exporter, lambda: time.sleep(seconds)))
        spent["busy"].append(processes.busy_seconds() - busy)
        for name, pid in backends.items():
            spent["backends"][name] += processes.cpu_seconds(pid) - before[name]
        for request in (GZIP, PLAIN):
            spent[request].append(_cpu_while(
                exporter, lambda: [scrape(exporter.port, request) for _ in range(scrapes)]))
    return spent | {"scrapes": scrapes}


def _backend(server):
    return int(server.value("SELECT pid FROM pg_stat_activity WHERE usename = 'pgrepl_monitor'"))


def _cpu_while(exporter, action):
    """CPU seconds of the exporter, and how long it took."""
    cpu, begin = processes.cpu_seconds(exporter.pid), time.monotonic()
    action()
    return processes.cpu_seconds(exporter.pid) - cpu, time.monotonic() - begin


def _cpu_figures(spent):
    idle_cpu, idle_seconds = map(sum, zip(*spent["idle"]))
    share = idle_cpu / idle_seconds
    yield Figure("exporter's CPU, not scraped", f"{share * 60:.3f} s per minute "
                 f"({share / len(spent['backends']) * PULSE_SECONDS * 1e3:.2f} ms per server and pulse)")
    for request, asked in ((GZIP, "gzipped"), (PLAIN, "plain")):
        per_scrape = [(cpu - share * seconds) / spent["scrapes"] for cpu, seconds in spent[request]]
        yield Figure(f"exporter's CPU per 1000 scrapes, {asked}",
                     f"{median(per_scrape) * 1e3:.2f} s "
                     f"({min(per_scrape) * 1e3:.2f} - {max(per_scrape) * 1e3:.2f})")
    pulses = idle_seconds / PULSE_SECONDS
    yield Figure("backend's CPU per pulse", ", ".join(
        f"{name} {cpu / pulses * 1e3:.2f} ms" for name, cpu in spent["backends"].items()))
    yield Figure("the machine's cores meanwhile, all processes",
                 f"{sum(spent['busy']) / idle_seconds:.2f} of {os.cpu_count()} busy")


# Memory.

def _memory_figures(exporter, age, page_bytes):
    memory = processes.memory_megabytes(exporter.pid)
    scrapes = exporter.scrape().value("pgrepl_exporter_scrape_duration_seconds_count")
    yield Figure("page", f"{page_bytes / 1024:.1f} kB plain")
    after = f"after {age:.0f} s and {scrapes:.0f} scrapes"
    for name, bound in (("RssAnon", 8), ("VmRSS", 24)):
        yield Figure(f"{name} {after}", f"{memory[name]:.1f} MB", f"< {bound} MB",
                     memory[name] < bound)


# What the servers see.

def _watch_pulses(cluster, exporter, seconds=20):
    """{name: (statements of each round, data segments (out, in) or None)}"""
    servers = cluster.servers
    for server in servers.values():
        server.set(log_statement="all")
    time.sleep(2 * PULSE_SECONDS)
    begin = {name: _between_rounds(exporter, server) for name, server in servers.items()}
    time.sleep(seconds)
    asked = {}
    for name, server in servers.items():
        end = _between_rounds(exporter, server)
        counts = server_log.rounds(server.log)[begin[name][0]:end[0]]
        segments = end[1] and tuple(now - then for now, then in zip(end[1], begin[name][1]))
        asked[name] = (counts, segments)
        server.set(log_statement=None)
    return asked


def _between_rounds(exporter, server):
    """The rounds logged and the data segments up to a moment when no round is on its way."""
    while True:
        rounds = len(server_log.rounds(server.log))
        segments = processes.data_segments(exporter.pid, server.port)
        time.sleep(0.1)
        if len(server_log.rounds(server.log)) == rounds:
            return rounds, segments


def _server_figures(cluster, asked):
    opened = {name: server_log.connections(server.log) for name, server in cluster.servers.items()}
    yield Figure("connections opened, whole run", _by_name(opened), "1 each",
                 all(count == 1 for count in opened.values()))
    yield Figure("statements per round", _by_name({
        name: f"{mean(counts):.1f} ({min(counts)} - {max(counts)})"
        for name, (counts, _) in asked.items()}))
    if any(segments is None for _, segments in asked.values()):
        yield Figure("TCP segments sent per round", "not measured: no ss")
        return
    sent = {name: segments[0] / len(counts) for name, (counts, segments) in asked.items()}
    yield Figure("TCP segments sent per round", _by_name(sent, ".2f"), "1 each",
                 all(round(count, 2) == 1 for count in sent.values()))
    yield Figure("TCP segments received per round", _by_name(
        {name: segments[1] / len(counts) for name, (counts, segments) in asked.items()}, ".2f"))


def _by_name(values, form=""):
    return ", ".join(f"{name} {value:{form}}" for name, value in values.items())


def _say(what):
    print(f"bench: {what}", file=sys.stderr, flush=True)


def _parse(arguments):
    parser = argparse.ArgumentParser(prog="python3 -m bench.scrape", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exporter", type=lambda path: Path(path).resolve(), required=True,
                        help="the binary")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=5, help="of each arm of a round")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
