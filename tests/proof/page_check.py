# SPDX-License-Identifier: Apache-2.0
"""What is wrong on a page, given a server's catalog and the rights that the exporter has."""

from collections import Counter

from tests.lab.majors import PLAIN

from . import slot_sources, subscription_sources  # noqa: F401: they add to SOURCES
from .catalog import Catalog
from .fleet import cluster_name
from .sources import COMPUTED, SOURCES, STATES, VISIBLE, Between

_OF_BOTH = {"server", "lag", "senders", "settings", "slots", "wal", "wal_budget", "checkpoint",
            "backup", "archive", "archive_backlog"}
_OF_CLUSTERS = {
    "pgrepl_primaries", "pgrepl_expected_primaries", "pgrepl_expected_standbys",
    "pgrepl_rpo_bytes", "pgrepl_rpo_seconds", "pgrepl_rpo_known"}
# What sync makes of senders is hidden with them.
_OF_SENDERS = {"pgrepl_sync_present", "pgrepl_sync_candidates"}


class PageCheck:
    """Of one server; `wrong` is a list of sentences, `compared` the number of series."""

    def __init__(self, page, major, server, rights):
        self._catalog = Catalog(server)
        self._series = {
            family: {frozenset(pairs - {("pg_cluster", cluster_name(major)),
                                        ("server", server.name)}): value
                     for pairs, value in page.series(family, pg_cluster=cluster_name(major),
                                                     server=server.name).items()}
            for family in page.families}
        self.hidden = _hidden(self._catalog) if rights == PLAIN else set()
        self.collectors = _collectors(self._catalog)
        self.compared = 0
        self.wrong = [f"{server.name} {one}"
                      for one in (*self._success(), *self._reasons(), *self._values())]

    def _success(self):
        said = {dict(labels)["collector"]: value
                for labels, value in self._series.get("pgrepl_collector_success", {}).items()}
        expected = {name: int(name not in self.hidden) for name in self.collectors}
        if said != expected:
            differ = sorted(name for name in said.keys() | expected if
                            said.get(name) != expected.get(name))
            yield f"collector_success: {differ} said {[said.get(one) for one in differ]}"

    def _reasons(self):
        failed = {dict(labels)["reason"]: value for labels, value in
                  self._series.get("pgrepl_collectors_failed", {}).items() if value}
        if failed != ({"insufficient_privilege": len(self.hidden)} if self.hidden else {}):
            yield f"collectors_failed: said {failed}"
        privileges = list(self._series.get("pgrepl_privileges_ok", {}).values())
        if privileges != [int(not self.hidden)]:
            yield f"privileges_ok: said {privileges}"

    def _values(self):
        for collector, (families, generate) in SOURCES.items():
            hidden = collector in self.hidden
            try:
                expected = _summed(generate(self._catalog))
            except LookupError as error:
                yield f"{collector}: {error!r}"
                continue
            for family in families:
                if hidden and family not in VISIBLE:
                    expected[family] = {}
                if family in _OF_SENDERS and "senders" in self.hidden:
                    expected[family] = {}
                yield from self._compare(family, expected.get(family, {}))

    def _compare(self, family, expected):
        said = {labels: value for labels, value in self._series.get(family, {}).items()
                if value or family not in STATES}
        for labels in said.keys() | expected:
            self.compared += 1
            if not _agree(said.get(labels), expected.get(labels)):
                yield (f"{family}{dict(labels) or ''} said {said.get(labels)}, "
                       f"is {expected.get(labels)}")


def unknown_families(page):
    """Those that nobody holds against anything."""
    known = {family for families, _ in SOURCES.values() for family in families}
    return sorted(name for name in page.families
                  if name.startswith("pgrepl_") and not name.startswith("pgrepl_exporter_")
                  and name not in known | COMPUTED | _OF_CLUSTERS)


def _summed(samples):
    expected = {}
    for family, value, labels in samples:
        series = expected.setdefault(family, Counter())
        labels = frozenset(labels.items())
        series[labels] = value if isinstance(value, Between) else series[labels] + value
    return expected


def _agree(said, expected):
    if said is None or expected is None:
        return said is expected
    if isinstance(expected, Between):
        return expected.least <= said <= expected.most
    return abs(said - expected) <= 1e-6 * abs(expected)


def _collectors(catalog):
    names = set(_OF_BOTH) | ({"receiver", "recovery", "conflicts"} if catalog.in_recovery
                             else {"sync", "subscriptions"})
    if catalog.major >= 14:
        names.add("decoding")
    if catalog.in_recovery and catalog.major >= 15:
        names.add("prefetch")
    return names | ({"archive_directory", "wal_filesystem"} if catalog.server.name == "p"
                    else set())


def _hidden(catalog):
    """The collectors that see nothing without pg_monitor."""
    names = {"wal", "archive_backlog"} | _collectors(catalog) & {"archive_directory"}
    if catalog["pg_stat_replication"]:
        names |= {"senders", "backup"} if catalog.major == 12 else {"senders"}
    if catalog.in_recovery:
        return names | {"receiver", "recovery", "conflicts"}
    return names | ({"sync"} if catalog.setting("synchronous_standby_names") else set())
