# SPDX-License-Identifier: Apache-2.0
"""What happens to all majors at once, and what the exporters must say of it.

Each phase leaves what it finds in `wrong`, by (major, server, rights).
"""

import re
import time
from collections import defaultdict
from contextlib import contextmanager

from tests.lab import failover, promtool
from tests.lab.backup import base_backup
from tests.lab.load import Load
from tests.lab.majors import PLAIN
from tests.lab.waiting import wait_until

from .catalog import Catalog
from .fleet import cluster_name
from .page_check import PageCheck, unknown_families

PAUSE_SECONDS = 5
# As everywhere: one pulse, and half of one for the scrape.
LAG_ERROR = 1.5
# The slowest collectors run every 10 s.
SETTLE_SECONDS = 20
# What is moving is wrong at one time, and not at the next two.
PERSISTS = 3
# Family, the label of its states, and what it says of a standby that is well.
HEALTH = (("lag_seconds", None, 0), ("lag_known", None, 1), ("caught_up_once", None, 1),
          ("diverged", None, 0), ("lag_cause", "cause", "none"), ("lag_bound", "bound", "exact"),
          ("lag_source", "source", "history"))


class Matrix:
    def __init__(self, fleet):
        self.fleet = fleet
        self.wrong = defaultdict(list)
        self.compared = defaultdict(int)
        self.collectors = {}  # how many there are, how many of them are hidden
        self.lag = {}  # of the standby that was paused, as (true, said)

    def values(self, phase):
        """Every series of every server against the server's own views, and all collectors."""
        self.fleet.each(lambda major, cluster: self._settle(
            phase, major, cluster.servers.values(), self._values))
        for rights, exporter in self.fleet.exporters.items():
            page = exporter.scrape()
            for offence in (*promtool.check_metrics(page.text),
                            *(f"{name} is held against nothing" for name in
                              unknown_families(page))):
                self.add(phase, self.fleet.majors[0], "p", rights, offence)

    def health(self, phase="health", primary="p"):
        """Idle, and nobody lags."""
        self.fleet.each(lambda major, cluster: self._settle(
            phase, major, [one for one in cluster.servers.values() if one.name != primary],
            self._unhealthy))

    def troubled(self):
        """Slots of all kinds, a synchronous standby, an archive that fails and one with a gap, a
        cancelled query."""
        self.fleet.each(lambda _, cluster: _trouble(cluster))
        self.values("troubled")
        self.fleet.each(lambda _, cluster: _mend(cluster))

    def paused(self):
        """s1's lag grows with its cause, and nobody else's does."""
        self.fleet.each(self._pause)

    def backed_up(self):
        """A base backup of p and one of s1: its phase and its bytes."""
        self.fleet.each(self._back_up)

    def switchover(self):
        """p stops, s1 is promoted by pg_ctl, p follows it; s2 stays where it was."""
        self.fleet.each(lambda _, cluster: _switch_over(cluster))
        self.values("switchover")
        self.fleet.each(lambda major, cluster: self._settle(
            "switchover", major, cluster.servers.values(), self._not_swapped))
        self.health("switchover", primary="s1")

    def warnings(self):
        """One line for each collector that is hidden, with what would mend it; no other line."""
        self.fleet.each(lambda major, cluster: self._settle(
            "exporter's log", major, cluster.servers.values(), self._misreported))

    def errors(self):
        """What is in the logs of the servers."""
        for major in self.fleet.majors:
            for rights in self.fleet.rights:
                for server, text in self.fleet.errors(major, rights):
                    self.add("server's log", major, server, rights, text)

    def add(self, phase, major, server, rights, *offences):
        self.wrong[major, server, rights] += [f"{phase}: {one}" for one in offences]

    def _settle(self, phase, major, servers, check):
        """Asks check(page, major, server, rights) until it finds nothing wrong, or for a while."""
        deadline = time.monotonic() + SETTLE_SECONDS
        seen = []
        while True:
            wrong = {(server.name, rights, subject(one)): one
                     for rights, exporter in self.fleet.exporters.items() for server in servers
                     for one in check(exporter.scrape(), major, server, rights)}
            seen.append(wrong)
            if not wrong or time.monotonic() > deadline:
                break
            time.sleep(0.5)
        for key, offence in wrong.items():
            if all(key in earlier for earlier in seen[-PERSISTS:]):
                self.add(phase, major, key[0], key[1], offence)

    def _values(self, page, major, server, rights):
        check = PageCheck(page, major, server, rights)
        key = major, server.name, rights
        self.compared[key] = max(self.compared[key], check.compared)
        self.collectors.setdefault(key, (len(check.collectors), len(check.hidden)))
        return check.wrong

    def _unhealthy(self, page, major, server, _):
        said = _reader(page, major, server)
        return [f"{family} is {said(family, state)}" for family, state, wanted in HEALTH
                if said(family, state) != wanted]

    def _misreported(self, page, major, server, rights):
        hidden = PageCheck(page, major, server, rights).hidden
        lines = [(collector, line) for name, collector, line in
                 self.fleet.warnings(major, rights) if name == server.name]
        return list(misreported(hidden, lines))

    def _not_swapped(self, page, major, server, _):
        said = _reader(page, major, server)
        roles = said("in_recovery"), said("role_changes_total"), said("timeline")
        wanted = {"p": (1, 1, 2), "s1": (0, 1, 2), "s2": (1, 0, 2)}[server.name]
        return [] if roles == wanted else [f"(in recovery, role changes, timeline) is {roles}"]

    def _pause(self, major, cluster):
        s1 = cluster.s1
        begun = self._unwritten(major, cluster)
        with Load(cluster.p):
            time.sleep(1)
            before = time.monotonic()
            with s1.replay_paused():
                paused = time.monotonic()
                time.sleep(PAUSE_SECONDS)
                for rights, exporter in self.fleet.exporters.items():
                    page, now = exporter.scrape(), time.monotonic()
                    self._check_pause(page, major, cluster, rights, (now - paused, now - before))
        cluster.wait_caught_up()
        if self._unwritten(major, cluster) != begun:
            self.add("pause", major, "p", self.fleet.rights[0], "wal_written_bytes_total is off")

    def _unwritten(self, major, cluster):
        """Of each exporter, where p's WAL was when that began to count what is written."""
        pages = [exporter.scrape() for exporter in self.fleet.exporters.values()]
        said = [_reader(page, major, cluster.p) for page in pages]
        return [one("wal_position_bytes") - one("wal_written_bytes_total") for one in said]

    def _check_pause(self, page, major, cluster, rights, true):
        said = _reader(page, major, cluster.s1)
        lag, cause = said("lag_seconds"), said("lag_cause", "cause")
        self.lag[major, rights] = true[0], lag
        if lag is None or not true[0] - LAG_ERROR < lag < true[1] + LAG_ERROR:
            self.add("pause", major, "s1", rights, f"lag {lag}, paused for {true[0]:.1f} s")
        if cause != "replay_paused":
            self.add("pause", major, "s1", rights, f"cause {cause}")
        for standby in cluster.standbys[1:]:
            lag = _reader(page, major, standby)("lag_seconds")
            if lag is None or lag > LAG_ERROR:
                self.add("pause", major, standby.name, rights, f"lag {lag}, and isn't paused")


    def _back_up(self, major, cluster):
        with base_backup(cluster.workspace, cluster.p), base_backup(cluster.workspace, cluster.s1):
            self._settle("base backup", major, [cluster.p, cluster.s1], self._backup_missed)

    def _backup_missed(self, page, major, server, rights):
        said = _reader(page, major, server)
        phase, total, streamed = (said("base_backups", "phase"), said("base_backup_total_bytes"),
                                  said("base_backup_streamed_bytes"))
        if rights == PLAIN:
            hidden = None, None, None
            return [] if (phase, total, streamed) == hidden else [f"base backup is {phase}"]
        if major == 12:
            wrong = (phase, total, streamed) != ("other", None, None)
        else:
            row = Catalog(server).one("pg_stat_progress_basebackup")
            wrong = (phase != "streaming_database_files" or total != row["backup_total"]
                     or not 0 < streamed <= row["backup_streamed"])
        return [f"base backup is {phase}, {streamed} of {total} bytes"] if wrong else []


def subject(offence):
    """Of a sentence, what it is about: the figures in it may change."""
    return re.split(" said | is ", offence)[0]


def _reader(page, major, server):
    """A function that gives the value of a family, or its state."""
    labels = {"pg_cluster": cluster_name(major), "server": server.name}

    def said(family, state=None):
        name = f"pgrepl_{family}"
        return page.state(name, state, **labels) if state else page.value(name, **labels)
    return said


def misreported(hidden, lines):
    """What is wrong with the warnings, as (collector, line), given what is hidden."""
    for name in sorted(hidden | {one for one, _ in lines}):
        told = [line for one, line in lines if one == name]
        if name not in hidden:
            yield f"warned of {name}: {told[0]}"
        elif len(told) != 1:
            yield f"{name} is hidden, and {len(told)} lines say so"
        elif 'hint="' not in told[0] or "GRANT " not in told[0].partition('hint="')[2]:
            yield f"no GRANT in the hint: {told[0]}"


def _switch_over(cluster):
    cluster.p.stop()
    cluster.s1.promote()
    failover.demote(cluster.p, cluster.s1)
    wait_until(cluster.p.is_streaming, "p streams from s1", 30)


def _trouble(cluster):
    p, s1 = cluster.p, cluster.s1
    p.execute("SELECT pg_create_physical_replication_slot('idle', true)")
    p.execute("SELECT pg_create_physical_replication_slot('unreserved')")
    p.execute("SELECT pg_create_logical_replication_slot('logical', 'test_decoding')")
    if p.major >= 13:
        p.set(max_slot_wal_keep_size="1GB")
    for number in (1, 5):
        # Of the newest timeline that the archive has three are missing.
        (cluster.archive / f"0000000F000000000000000{number}").touch()
    p.set(synchronous_standby_names="FIRST 1 (s1)", archive_command="false")
    p.execute("CREATE TABLE troubled AS SELECT 1")
    with _cancelled_reader(p, s1):
        pass
    wait_until(lambda: _archiving_fails(p), "archiving fails", 60, every=1)
    # Or the next segment begins whenever the server itself writes something.
    p.execute("SELECT pg_logical_emit_message(true, 'proof', 'x')")
    cluster.wait_caught_up()


def _archiving_fails(primary):
    # One segment may still be archived by the command that worked.
    primary.execute("SELECT pg_logical_emit_message(true, 'proof', 'x')")
    primary.execute("SELECT pg_switch_wal()")
    return primary.value("SELECT failed_count FROM pg_stat_archiver") != "0"


@contextmanager
def _cancelled_reader(primary, standby):
    """A query on the standby that replay cancels, since its table is locked on the primary."""
    standby.set(max_standby_streaming_delay="0")
    wait_until(lambda: standby.value("SELECT to_regclass('troubled')"), "the table is replayed")
    session = standby.open_session()
    session.rows("BEGIN")
    session.rows("SELECT * FROM troubled")
    primary.execute("DROP TABLE troubled")
    wait_until(lambda: standby.value("SELECT to_regclass('troubled')") == "", "it is dropped")
    yield
    session.close()
    standby.set(max_standby_streaming_delay=None)


def _mend(cluster):
    p = cluster.p
    p.set(synchronous_standby_names=None, archive_command=None)
    if p.major >= 13:
        p.set(max_slot_wal_keep_size=None)
    p.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots "
              "WHERE NOT active")
    # Or a switchover waits for the archiver's pause of a minute to end.
    p.restart()
    for standby in cluster.standbys:
        wait_until(standby.is_streaming, f"{standby.name} streams", 30)
