# SPDX-License-Identifier: Apache-2.0
"""A major upgrade under an exporter that goes on running."""

import time
from dataclasses import dataclass, field

from tests.lab.majors import MONITOR

from .fleet import cluster_name
from .page_check import PageCheck

# Two pulses, and half of one for the scrape; the directory listings come a pulse later.
SOON = 2.5
ALL_SOON = 3.5
# Nobody waits longer to hear how late it was.
PATIENCE = 20


@dataclass
class Upgrade:
    """Of one server, which answers again from `begin` on."""
    major: int
    to: int
    server: str
    seen: float = 0.0  # seconds until it is up, of its new version
    complete: float = 0.0  # and until all collectors work
    wrong: list = field(default_factory=list)


def upgrade(fleet, major, to):
    """The cluster of a major becomes one of the next; an Upgrade for each of its servers."""
    done = []
    cluster = fleet.clusters[major]
    exporter = fleet.exporters[MONITOR]

    def started(server):
        one = Upgrade(major, to, server.name)
        begin = time.monotonic()
        one.seen = _wait(lambda page: _old(page, major, to, server), exporter, begin, SOON, one)
        one.complete = _wait(lambda page: _failing(page, major, server), exporter, begin, ALL_SOON,
                             one)
        done.append(one)

    cluster.upgrade(to, started)
    for one in done:
        one.wrong += _values(fleet, major, cluster.servers[one.server])
    return done


def _wait(lacks, exporter, begin, bound, one):
    """Seconds until a page lacks nothing; too many are wrong."""
    while (lack := lacks(exporter.scrape())) and time.monotonic() < begin + PATIENCE:
        time.sleep(0.05)
    seconds = time.monotonic() - begin
    if seconds > bound:
        one.wrong.append(lack or f"only after {seconds:.1f} s")
    return seconds


def _old(page, major, to, server):
    labels = {"pg_cluster": cluster_name(major), "server": server.name}
    versions = [dict(pairs)["version"] for pairs in page.series("pgrepl_server_info", **labels)]
    if [version.split(".")[0] for version in versions] != [str(to)]:
        return f"version {versions}"
    if not page.value("pgrepl_up", **labels):
        return f"down: {page.state('pgrepl_up_reason', 'reason', **labels)}"
    return ""


def _failing(page, major, server):
    labels = {"pg_cluster": cluster_name(major), "server": server.name}
    failed = [dict(pairs)["collector"] for pairs, success in
              page.series("pgrepl_collector_success", **labels).items() if not success]
    return f"collectors that fail: {failed}" if failed else ""


def _values(fleet, major, server):
    deadline = time.monotonic() + 15
    while True:
        wrong = PageCheck(fleet.exporters[MONITOR].scrape(), major, server, MONITOR).wrong
        if not wrong or time.monotonic() > deadline:
            return wrong
        time.sleep(0.5)
