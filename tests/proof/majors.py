# SPDX-License-Identifier: Apache-2.0
"""Plays all PostgreSQL majors, roles and rights, and writes what it found to docs/majors.md.

    python3 -m tests.proof.majors --exporter build/release/exporter/pg_replication_exporter

Exit code 1 if anything does not hold.
"""

import argparse
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from tests.lab.cluster import Standby
from tests.lab.majors import MAJORS, MONITOR

from . import majors_report
from .fleet import Fleet
from .matrix import PAUSE_SECONDS, Matrix
from .upgrade import upgrade

STANDBYS = (Standby("s1", slot=True, settings={"archive_mode": "always"}),
            Standby("s2", upstream="s1", slot=True))


def main():
    options = _parse(sys.argv[1:])
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    begin = time.monotonic()
    matrix, versions = _play_matrix(options.exporter, options.majors)
    upgrades = _play_upgrades(options.exporter, options.majors)
    seconds = time.monotonic() - begin
    if options.majors == MAJORS:
        majors_report.write(matrix, versions, upgrades, seconds, PAUSE_SECONDS)
    broken = majors_report.offences(matrix, upgrades)
    print("\n".join(broken))
    print(f"{len(matrix.collectors)} combinations and {len(upgrades)} upgraded servers in "
          f"{seconds / 60:.1f} minutes, {len(broken)} things do not hold", flush=True)
    return 1 if broken or not matrix.collectors else 0


def _play_matrix(binary, majors):
    with ExitStack() as stack:
        fleet = Fleet(stack, binary, STANDBYS, majors)
        matrix = Matrix(fleet)
        versions = {major: cluster.p.value("SHOW server_version").split()[0]
                    for major, cluster in fleet.clusters.items()}
        for name, play in (("health", lambda: matrix.values("health")), ("lag", matrix.health),
                           ("exporter's log", matrix.warnings), ("pause", matrix.paused),
                           ("trouble", matrix.troubled),
                           ("health again", lambda: matrix.health("after the trouble")),
                           ("base backup", matrix.backed_up),
                           ("switchover", matrix.switchover), ("servers' logs", matrix.errors)):
            begin = time.monotonic()
            play()
            wrong = sum(len(found) for found in matrix.wrong.values())
            print(f"{name}: {time.monotonic() - begin:.0f} s, {wrong} wrong so far", flush=True)
        return matrix, versions


def _play_upgrades(binary, majors):
    """Each major but the last becomes the next, one after another."""
    upgrades = []
    with ExitStack() as stack:
        fleet = Fleet(stack, binary, STANDBYS[:1], majors[:-1], rights=(MONITOR,))
        for major, to in zip(majors, majors[1:]):
            upgrades += upgrade(fleet, major, to)
            print(f"upgrade from {major} to {to}", flush=True)
    return upgrades


def _parse(words):
    parser = argparse.ArgumentParser(prog="majors", description=__doc__.split("\n")[0])
    parser.add_argument("--exporter", type=Path, required=True, metavar="BINARY")
    parser.add_argument("--majors", metavar="15,16", default=MAJORS,
                        type=lambda text: tuple(int(one) for one in text.split(",")),
                        help="these two or more, and no table is written")
    options = parser.parse_args(words)
    options.exporter = options.exporter.resolve()
    return options


if __name__ == "__main__":
    sys.exit(main())
