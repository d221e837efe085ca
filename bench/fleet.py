# SPDX-License-Identifier: Apache-2.0
"""What a fleet costs: one exporter, and servers: real ones while their backends fit, then thousands that a stand-in plays.

    python3 -m bench.fleet --exporter build/release/exporter/pg_replication_exporter \\
        --stand-in build/release/bench/pgrepl_stand_in

First the answers of four real servers are recorded, then each cluster of the fleet answers with them. A fleet of real
ones is the same four, watched as many clusters.
The exit code is 1 when a thousand servers break a bound.
"""

import argparse
import re
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.lab.cluster import Cluster
from tests.lab.exporter import Exporter
from tests.lab.process import Process
from tests.lab.waiting import wait_until
from tests.lab.workspace import Workspace

from . import processes
from .client import GZIP, PLAIN, percentile, scrape
from .recorder import Recorder, rows
from .report import Circumstances, Figure, aligned, relative, table, text, write

_SERVERS = ("p", "s1", "s2", "s3")
# So that all that comes once a minute comes while it is recorded, and what moves does so each second.
_TIMING = {"interval": "1s", "slow_interval": "10s"}
_SETTINGS = {"wal_receiver_status_interval": "1s"}
_PARALLEL = 5
_SNAPSHOT = "hashtextextended"  # only the pulse's positions have it


@dataclass(frozen=True)
class Measured:
    """One run. Seconds but for cpu_ms and late_ms, of which the name says it."""
    servers: int
    cpu_ms: float  # of the exporter for each server and second, not scraped
    megabytes: float
    series: int
    late_ms: tuple  # p99, as the histogram's bucket: not scraped, scraped
    scrapes: dict  # name: (sorted seconds, CPU seconds of a round)

    def figures(self):
        """Of each column but the first."""
        columns = [self.cpu_ms, self.cpu_ms * self.servers / 10, self.megabytes, self.series, *self.late_ms]
        for times, cpu in self.scrapes.values():
            columns += [percentile(times, 0.5) * 1e3, percentile(times, 0.99) * 1e3, cpu * 1e3]
        return columns


# Unit, and digits after the point.
_FIGURES = {
    "CPU per server and second": ("ms", 3), "CPU, of a core": ("%", 1), "VmRSS, scraped": ("MB", 0), "series": ("", 0),
    "a pulse is late by (p99), at most": ("ms", 0), "the same while it is scraped": ("ms", 0),
    "five plain scrapes at once, p50": ("ms", 0), "five plain scrapes at once, p99": ("ms", 0),
    "CPU of the five": ("ms", 0),
    "five gzipped scrapes at once, p50": ("ms", 0), "five gzipped scrapes at once, p99": ("ms", 0),
    "CPU of the five, gzipped": ("ms", 0)}
# Of a thousand servers on one core.
_BOUND_FOR = 1000
_BOUNDS = {"CPU, of a core": 25, "VmRSS, scraped": 100, "a pulse is late by (p99), at most": 100,
           "the same while it is scraped": 100, "five plain scrapes at once, p99": 100,
           "five gzipped scrapes at once, p99": 250}
_MOST_DIFFERENCE = 0.25


def _said(values, unit, digits):
    """The middle of the runs, and the range where it is one."""
    middle, least, most = (f"{one:.{digits}f}" for one in (median(values), min(values), max(values)))
    return f"{middle} {unit}".strip() + (f" ({least} - {most})" if least != most else "")


def _rows(runs):
    """{(servers, how): [Measured]} as rows of a table, a figure each."""
    values = [list(zip(*(one.figures() for one in measured))) for measured in runs.values()]
    yield ("figure", *(f"{servers} servers, {how.__name__[1:]}" for servers, how in runs))
    for number, (name, how) in enumerate(_FIGURES.items()):
        yield (name, *(_said(column[number], *how) for column in values))


def _bounds(measured):
    for (name, (unit, digits)), values in zip(_FIGURES.items(), zip(*(one.figures() for one in measured))):
        if name in _BOUNDS:
            yield Figure(f"{_BOUND_FOR} servers: {name}", _said(values, unit, digits),
                         f"<= {_BOUNDS[name]} {unit}", median(values) <= _BOUNDS[name])


def _linearity(fleets):
    """A server costs about the same in fleets of all sizes."""
    if len(fleets) > 1:
        cpu = [median(one.cpu_ms for one in measured) for measured in fleets]
        difference = 1 - min(cpu) / max(cpu)
        yield Figure("CPU per server in the cheapest fleet, of that in the dearest", f"{difference:.0%} less",
                     f"< {_MOST_DIFFERENCE:.0%} less", difference < _MOST_DIFFERENCE)


def main():
    options = _parse(sys.argv[1:])
    circumstances = Circumstances()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with Workspace(prefix="pgrepl-bench-") as workspace:
        recording = options.recording or workspace.folder / "recording"
        if not recording.exists():
            recording.write_text(_record(workspace, options.exporter))
        runs = {(count, how): [] for how, counts in ((_real, options.real), (_played, options.servers))
                for count in counts}
        for _ in range(options.runs):
            for (count, how), measured in runs.items():
                with how(workspace, recording, options) as conninfo:
                    measured.append(_measure(workspace, count, conninfo, options))
    figures = [one for (count, how), measured in runs.items() if (count, how) == (_BOUND_FOR, _played)
               for one in _bounds(measured)]
    figures += _linearity([measured for (_, how), measured in runs.items() if how is _played])
    written = text(circumstances.at_end(
        f"python3 -m bench.fleet --exporter {relative(options.exporter)} --stand-in {relative(options.stand_in)} "
        f"--runs {options.runs} --seconds {options.seconds:g} --rounds {options.rounds}"),
        aligned(list(_rows(runs))), table(figures))
    print(written, end="")
    if options.write:
        write("fleet", written)
    return not all(figure.kept for figure in figures)


# The recording.

def _record(workspace, binary):
    _say("recording four real servers")
    cluster = Cluster(workspace, settings=_SETTINGS)
    cluster.p.execute("CHECKPOINT")
    cluster.wait_caught_up()
    recorders = {name: Recorder(workspace.ports.take(), server.port)
                 for name, server in cluster.servers.items()}
    exporter = Exporter(workspace, binary, {"timing": _TIMING, "clusters": [{
        "name": "main", "servers": [
            {"name": name, "password_file": str(cluster.monitor_password_file),
             "conninfo": f"host=127.0.0.1 port={recorder.port} user=pgrepl_monitor sslmode=disable"}
            for name, recorder in recorders.items()]}]}, name="recorded")
    time.sleep(25)
    text = wait_until(lambda: _text(recorders), "all servers answer with the same position", 30)
    exporter.stop()
    for server in cluster.servers.values():
        server.stop()
    return text


def _text(recorders):
    """The recording as stand_in.cc reads it; None when the answers are not of one moment."""
    taken = {name: dict(one.answers) for name, one in recorders.items()}
    primary = _find(taken["p"], "pg_current_wal_flush_lsn()", _SNAPSHOT)
    lsn, snapshot = primary[:2]
    for name in _SERVERS[1:]:
        if _find(taken[name], "pg_last_wal_replay_lsn()", _SNAPSHOT)[1:4] != [snapshot, lsn, lsn]:
            return None
    system = _find(taken["p"], "pg_control_system()")[0]
    lines = [f"marks {lsn} {snapshot} {system} {time.time():.6f}"]
    for name in _SERVERS:
        lines.append(f"server {recorders[name].parameters.hex()}")
        lines += [f"answer {sql.hex()} {answer.hex()}" for sql, answer in taken[name].items()]
    return "\n".join(lines) + "\n"


def _find(answered, *words):
    """The only row of the statement with all these words."""
    for sql, answer in answered.items():
        if all(word.encode() in sql for word in words):
            return rows(answer)[0]
    raise RuntimeError(f"no statement was recorded with {words}")


# The servers: where the one of a cluster and of a number is.

@contextmanager
def _played(workspace, recording, options):
    port = workspace.ports.take()
    process = Process(workspace, "stand_in", [options.stand_in, str(port), str(recording)])
    yield lambda cluster, number: {"conninfo": f"host={_address(cluster, number)} port={port} "
                                               "user=pgrepl_monitor sslmode=disable"}
    if process.exit_code is not None:
        raise RuntimeError(f"the stand-in has ended: {process.log}")
    process.stop()


@contextmanager
def _real(_workspace, _recording, _options):
    with Workspace(prefix="pgrepl-bench-") as workspace:
        cluster = Cluster(workspace, settings={"max_connections": 300})
        ports = [cluster.servers[name].port for name in _SERVERS]
        yield lambda _, number: {"password_file": str(cluster.monitor_password_file),
                                 "conninfo": f"host=127.0.0.1 port={ports[number]} user=pgrepl_monitor sslmode=disable"}


# The fleet.

def _measure(workspace, count, conninfo, options):
    _say(f"{count} servers")
    exporter = Exporter(workspace, options.exporter, {"clusters": [
        {"name": f"cluster{cluster:04}", "servers": [
            {"name": name} | conninfo(cluster, number) for number, name in enumerate(_SERVERS)]}
        for cluster in range(count // len(_SERVERS))]}, name=f"fleet{count}")
    exporter.wait_until(lambda: _up(exporter) == count, "all servers are up", 120)
    time.sleep(15)
    buckets = [_buckets(exporter)]
    cpu, begin = processes.cpu_seconds(exporter.pid), time.monotonic()
    time.sleep(options.seconds)
    spent = (processes.cpu_seconds(exporter.pid) - cpu) / (time.monotonic() - begin)
    buckets.append(_buckets(exporter))
    scrapes = {name: _scrape(exporter, request, options.rounds)
               for name, request in (("plain", PLAIN), ("gzip", GZIP))}
    buckets.append(_buckets(exporter))
    late = tuple(_p99(*both) * 1e3 for both in zip(buckets, buckets[1:]))
    if (up := _up(exporter)) != count:
        raise RuntimeError(f"{up} of {count} servers are up")
    series = len(re.findall(r"^[^#]", exporter.get(seconds=60), re.MULTILINE))
    megabytes = processes.memory_megabytes(exporter.pid)["VmRSS"]
    exporter.stop()
    return Measured(count, spent / count * 1e3, megabytes, series, late, scrapes)


def _address(cluster, server):
    """As stand_in.cc numbers them."""
    number = 8 * cluster + server
    return f"127.1.{number >> 8}.{number & 255}"


def _scrape(exporter, request, rounds):
    """Five at once, then a pause: their times in order, and the exporter's CPU seconds for a round."""
    times, spent = [], []
    with ThreadPoolExecutor(_PARALLEL) as pool:
        for _ in range(rounds):
            cpu = processes.cpu_seconds(exporter.pid)
            times += [one[0] for one in pool.map(lambda _: scrape(exporter.port, request),
                                                 range(_PARALLEL))]
            spent.append(processes.cpu_seconds(exporter.pid) - cpu)
            time.sleep(0.2)
    return sorted(times), median(spent)


def _up(exporter):
    return len(re.findall(r"^pgrepl_up\{.* 1$", exporter.get(seconds=60), re.MULTILINE))


def _buckets(exporter):
    return {float(bound): float(count) for bound, count in re.findall(
        r'^pgrepl_exporter_pulse_lateness_seconds_bucket{le="(.*)"} (.*)$',
        exporter.get(seconds=60), re.MULTILINE)}


def _p99(before, after):
    counts = {bound: count - before[bound] for bound, count in after.items()}
    return min((bound for bound, count in counts.items()
                if count >= 0.99 * max(counts.values())), default=float("nan"))


def _say(what):
    print(f"bench: {what}", file=sys.stderr, flush=True)


def _parse(arguments):
    def path(text):
        return Path(text).resolve()
    parser = argparse.ArgumentParser(prog="python3 -m bench.fleet", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exporter", type=path, required=True, help="the binary")
    parser.add_argument("--stand-in", type=path, required=True, help="the binary of stand_in.cc")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    parser.add_argument("--recording", type=path, help="made where it is not there yet")
    parser.add_argument("--real", type=int, nargs="*", default=[100], help="servers by real backends")
    parser.add_argument("--servers", type=int, nargs="*", default=[100, 1000, 5000], help="by the stand-in")
    parser.add_argument("--runs", type=int, default=1, help="of all of them, one after the other")
    parser.add_argument("--seconds", type=float, default=20, help="of CPU without scrapes")
    parser.add_argument("--rounds", type=int, default=20, help="of five scrapes at once")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
