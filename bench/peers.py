# SPDX-License-Identifier: Apache-2.0
"""Our exporter against postgres_exporter on the same four servers, in the same minutes.

    python3 -m bench.peers --exporter build/release/exporter/pg_replication_exporter \\
        --peer .../postgres_exporter [--peer .../another version]

Ours runs twice, at a pulse of 1 s and of 5 s, the longest that it takes; what it would cost at 15 s is
reckoned by the two. All run all the time; one peer at a time is scraped, every 15 s as Prometheus does,
beside ours. Then each is scraped as often as it answers, with all servers well and with one that stands
still. The exit code is 1 when a bound is broken.
"""

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.lab.cluster import Cluster
from tests.lab.load import Load
from tests.lab.workspace import Workspace

from . import sessions
from .client import GZIP, PLAIN, percentile
from .contenders import PATIENCE, ours, peer
from .report import Circumstances, Figure, aligned, relative, table, text, write

EVERY, SCRAPES = 15, 4  # seconds between scrapes, and how many there are in a minute
PULSES = ("1s", "5s")


@dataclass
class Measured:
    """Of one contender. What is per minute has an entry for each minute that it was measured in."""
    contender: object
    spaced: list = field(default_factory=list)  # sweeps: the seconds of each page
    cpu: dict = field(default_factory=dict)  # {minute: seconds}
    backend_cpu: dict = field(default_factory=dict)
    burst: list = field(default_factory=list)  # rounds: sweeps
    frozen: list = field(default_factory=list)
    connections: int = 0  # opened in a minute
    statements: int = 0

    @property
    def name(self):
        return self.contender.name


def main():
    options = _parse(sys.argv[1:])
    circumstances = Circumstances()
    with Workspace(prefix="pgrepl-bench-") as workspace:
        _say("a primary and three standbys, and all exporters")
        cluster = Cluster(workspace, settings=sessions.SETTINGS)
        with Load(cluster.p):
            mine = [Measured(ours(workspace, options.exporter, cluster, pulse)) for pulse in PULSES]
            peers = [Measured(peer(workspace, program, cluster)) for program in options.peer]
            _measure(cluster, mine, peers, options)
            rows, figures = _rows(mine + peers), list(_figures(mine, peers))
    words = "".join(f" --peer .../{program.name}" for program in options.peer)
    written = text(circumstances.at_end(
        f"python3 -m bench.peers --exporter {relative(options.exporter)}{words} "
        f"--rounds {options.rounds} --seconds {options.seconds:g}"), aligned(rows), table(figures))
    print(written, end="")
    if options.write:
        write("peers", written)
    sys.exit(0 if all(figure.kept for figure in figures) else 1)


# Minutes as Prometheus makes them.

def _measure(cluster, mine, peers, options):
    for number in range(options.rounds):
        for one in peers:
            _say(f"round {number + 1} of {options.rounds}: a minute beside {one.name}")
            _spend_minute(cluster, mine, one, (number, one.name))
    _say("statements and connections")
    _watch_logs(cluster, mine + peers)
    for number in range(options.rounds):
        _say(f"round {number + 1} of {options.rounds}: bursts")
        _burst(list(cluster.servers.values())[number % 4], mine + peers, number, options.seconds)


def _spend_minute(cluster, mine, one, minute):
    both = [*mine, one]
    before = [_spent(cluster, each.contender) for each in both]
    _scrape_for_a_minute(both)
    for each, (cpu, backends) in zip(both, before):
        now = _spent(cluster, each.contender)
        each.cpu[minute], each.backend_cpu[minute] = now[0] - cpu, now[1] - backends


def _scrape_for_a_minute(measured):
    begin = time.monotonic()
    for number in range(SCRAPES):
        # The first finds the machine asleep: each in turn.
        turn = number % len(measured)
        for each in measured[turn:] + measured[:turn]:
            each.spaced.append(each.contender.sweep())
        time.sleep(max(0.0, begin + (number + 1) * EVERY - time.monotonic()))


def _spent(cluster, contender):
    """CPU seconds of its processes, and of its sessions on all servers."""
    backends = sum(sessions.cpu_seconds(server, contender.application)
                   for server in cluster.servers.values())
    if contender.application.startswith("peer"):
        # Ours keeps its sessions; all that end are of the peer that is scraped.
        backends += sum(map(sessions.ended_cpu_seconds, cluster.servers.values()))
    return contender.cpu_seconds(), backends


def _watch_logs(cluster, measured):
    servers = cluster.servers.values()
    for server in servers:
        server.set(log_statement="all")
    time.sleep(2)
    before = [server.log_file.stat().st_size for server in servers]
    _scrape_for_a_minute([Measured(one.contender) for one in measured])
    logs = [server.log_file.read_text(errors="replace")[size:] for server, size in zip(servers, before)]
    for server in servers:
        server.set(log_statement=None)
    for one in measured:
        one.connections = sum(sessions.connections(log, one.contender.application) for log in logs)
        one.statements = sum(sessions.statements(log, one.contender.application) for log in logs)


# As often as it answers.

def _burst(victim, measured, number, seconds):
    turn = number % len(measured)
    for one in measured[turn:] + measured[:turn]:
        one.burst.append(one.contender.sweep_for(seconds))
    with victim.frozen():
        for one in measured[:len(PULSES)]:
            one.frozen.append(one.contender.sweep_for(seconds))
        # Of each sweep of a peer one page takes PATIENCE: at the same time they don't disturb each other.
        with ThreadPoolExecutor() as pool:
            for one, sweeps in zip(measured[len(PULSES):], pool.map(
                    lambda one: one.contender.sweep_for(PATIENCE + 1), measured[len(PULSES):])):
                one.frozen.append(sweeps)
    for one in measured:
        one.contender.wait_all_up()
    time.sleep(1)


# What came out.

def totals(sweeps):
    """The seconds of all pages of each sweep together."""
    return [sum(sweep) for sweep in sweeps]


def pages(sweeps):
    return [seconds for sweep in sweeps for seconds in sweep]


def reckoned(at_1, at_5):
    """CPU of a minute with 4 pulses, by those of minutes with 60 and with 12 and as many scrapes."""
    return at_5 - (at_1 - at_5) / (60 - 12) * (12 - 4)


def spread(ratios, form=".2f"):
    """Median, and the extremes."""
    return f"{median(ratios):{form}} ({min(ratios):{form}} - {max(ratios):{form}})"


def _rows(measured):
    """A column for each."""
    def row(name, of):
        return (name, *(of(one) for one in measured))
    return [
        row("figure", lambda one: one.name),
        row("a scrape of one page, every 15 s", lambda one: _times(pages(one.spaced))),
        row("of all four servers, every 15 s", lambda one: _times(totals(one.spaced))),
        row("a scrape of one page, in a burst", lambda one: _times(pages(sum(one.burst, [])))),
        row("of all four servers, in a burst", lambda one: _times(totals(sum(one.burst, [])))),
        row("one page, one server frozen", lambda one: _times(pages(sum(one.frozen, [])))),
        row("pages that came, one server frozen", _came),
        row("exporter's CPU per server and minute",
            lambda one: f"{median(one.cpu.values()) / 4 * 1e3:.1f} ms"),
        row("its sessions' CPU per server and minute",
            lambda one: f"{median(one.backend_cpu.values()) / 4 * 1e3:.1f} ms"),
        row("memory, VmRSS (RssAnon)", lambda one: " ".join(
            (f"{one.contender.memory_megabytes('VmRSS'):.1f} MB",
             f"({one.contender.memory_megabytes('RssAnon'):.1f})"))),
        row("connections opened per server and minute", lambda one: f"{one.connections / 4:.1f}"),
        row("statements per server and minute", lambda one: f"{one.statements / 4:.1f}"),
        row("samples of all four servers", lambda one: f"{one.contender.samples()}"),
        row("bytes of all four, plain (gzipped)", lambda one: " ".join(
            (f"{one.contender.page_bytes(PLAIN) / 1024:.1f} kB",
             f"({one.contender.page_bytes(GZIP) / 1024:.1f})")))]


def _times(seconds):
    p50, p99 = (percentile(seconds, share) * 1e3 for share in (0.5, 0.99))
    return f"p50 {p50:.2f} ms, p99 {p99:.2f} ms (n = {len(seconds)})"


def _came(one):
    seconds = pages(sum(one.frozen, []))
    return f"{sum(each < PATIENCE for each in seconds)} of {len(seconds)}"


def _figures(mine, peers):
    """What is bound."""
    usual, slow = mine
    frozen = [percentile(pages(these), 0.99) / percentile(pages(those), 0.99)
              for these, those in zip(usual.frozen, usual.burst)]
    yield Figure("ours, p99 with one server frozen / healthy", spread(frozen), "<= 1.5", median(frozen) <= 1.5)
    for one in peers:
        yield from _against(usual, slow, one)


def _against(usual, slow, one):
    def figure(what, ratios, bound, most):
        kept = median(ratios) >= bound if not most else median(ratios) <= bound
        return Figure(what, spread(ratios), f"{'<=' if most else '>='} {bound:g}", kept)
    spaced = percentile(totals(one.spaced), 0.5) / percentile(totals(usual.spaced), 0.5)
    yield figure(f"p50 of all four, every 15 s: {one.name} / ours", [spaced], 50, False)
    yield figure(f"p50 of all four, in a burst: {one.name} / ours", [
        percentile(totals(theirs), 0.5) / percentile(totals(these), 0.5)
        for theirs, these in zip(one.burst, usual.burst)], 50, False)
    for what, at, bounds in (("exporter's CPU", "cpu", (1, 0.2)), ("sessions' CPU", "backend_cpu", (1, 1))):
        fast, slower, theirs = (getattr(each, at) for each in (usual, slow, one))
        rare = {minute: reckoned(fast[minute], slower[minute]) for minute in theirs}
        for name, ours_of, bound in (("1 s", fast, bounds[0]), ("15 s (reckoned)", rare, bounds[1])):
            yield figure(f"{what}: ours, pulse {name} / {one.name}", _ratios(ours_of, theirs), bound, True)
    yield figure(f"VmRSS: ours / {one.name}", [
        usual.contender.memory_megabytes("VmRSS") / one.contender.memory_megabytes("VmRSS")], 0.333, True)


def _ratios(mine, theirs):
    """Of the minutes in which both were measured."""
    return [mine[minute] / spent for minute, spent in theirs.items()]


def _say(what):
    print(f"bench: {what}", file=sys.stderr, flush=True)


def _parse(arguments):
    def program(path):
        return Path(path).resolve()
    parser = argparse.ArgumentParser(prog="python3 -m bench.peers", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exporter", type=program, required=True, help="our binary")
    parser.add_argument("--peer", type=program, action="append", required=True,
                        help="a postgres_exporter's program, once for each version")
    parser.add_argument("--rounds", type=int, default=4,
                        help="of a minute beside each peer, and of bursts")
    parser.add_argument("--seconds", type=float, default=5, help="of each burst")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
