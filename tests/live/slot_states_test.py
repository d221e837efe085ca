# SPDX-License-Identifier: Apache-2.0
"""Every state that a slot can be in, made for real on each major that has it, and seen on the page.

    export PGREPL_EXPORTER=build/dev/exporter/pg_replication_exporter
    python3 -m unittest tests.live.slot_states_test

All majors run side by side and are watched by one exporter. Each test ends with every series held
against the servers' own views, and drops its slots.
"""

import math
import os
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from tests.lab.cluster import Standby
from tests.lab.majors import MONITOR
from tests.lab.waiting import TookTooLong, wait_until
from tests.proof.fleet import Fleet, cluster_name
from tests.proof.matrix import Matrix
from tests.proof.sources import Between

BINARY = os.environ.get("PGREPL_EXPORTER")
# 12 says no more of a slot than whether it is active.
MAJORS = (13, 14, 16, 17, 18)
STATES = {"slot_wal_status": "status", "slot_invalidation_reason": "reason"}
COUNTERS = ("transactions", "bytes", "spilled_transactions", "spills", "spilled_bytes",
            "streamed_transactions", "streams", "streamed_bytes")
SOME = Between(0, math.inf)


@unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
class SlotStatesTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.fleet = Fleet(cls.enterClassContext(ExitStack()), Path(BINARY).resolve(),
                          plan=[Standby("s1", slot=True)], majors=MAJORS, rights=(MONITOR,))
        cls.exporter = cls.fleet.exporters[MONITOR]

    def tearDown(self):
        self.fleet.each(lambda _, cluster: cluster.p.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots "
            "WHERE slot_name <> 's1' AND NOT active"))
        for major in MAJORS:
            self.assertEqual(self.fleet.errors(major, MONITOR), [], major)

    def play(self, since, scene):
        """scene(cluster, said) on each major from `since` on, at the same time."""
        self.fleet.each(lambda major, cluster: major < since or scene(
            cluster, Said(self.exporter, major)))
        matrix = Matrix(self.fleet)
        matrix.values(scene.__name__)
        self.assertEqual([(major, one) for (major, _, _), found in matrix.wrong.items()
                          for one in found], [])

    def test_active_idle_and_temporary(self):
        self.play(13, idling)

    def test_reserved_extended_unreserved_and_lost(self):
        self.play(13, losing)

    def test_idle_for_too_long(self):
        self.play(18, timing_out)

    def test_decoded_spilled_and_streamed(self):
        self.play(14, decoding)

    def test_of_a_standby(self):
        self.play(16, conflicting)
        self.play(16, lowering)
        self.play(17, synchronizing)


class Said:
    """What the page says of a major's servers and slots."""

    def __init__(self, exporter, major):
        self.major = major
        self._exporter = exporter

    def __call__(self, wanted, name, slot=None, server="p", **labels):
        """Waits until it is as wanted: a value, a state, None for absent, or Between values."""
        labels |= {"pg_cluster": cluster_name(self.major), "server": server}
        if slot:
            labels["slot_name"] = slot
        said = None

        def is_said(page):
            nonlocal said
            said = (page.state(f"pgrepl_{name}", STATES[name], **labels) if name in STATES
                    else page.value(f"pgrepl_{name}", **labels))
            if isinstance(wanted, Between):
                return said is not None and wanted.least <= said <= wanted.most
            return said == wanted
        try:
            self._exporter.wait_for(is_said, name)
        except TookTooLong:
            raise AssertionError(f"{name} {labels} is {said}, not {wanted}") from None


def reserve(cluster, name, plugin=None):
    cluster.p.execute(
        f"SELECT pg_create_logical_replication_slot('{name}', '{plugin}')" if plugin else
        f"SELECT pg_create_physical_replication_slot('{name}', true)")


def write(cluster, segments=0):
    """Some WAL, and then whole segments of it."""
    cluster.p.execute("SELECT pg_logical_emit_message(true, 'slots', 'x')")
    for _ in range(segments):
        cluster.p.execute("SELECT pg_switch_wal()")
        cluster.p.execute("SELECT pg_logical_emit_message(true, 'slots', 'x')")


def idling(cluster, said):
    """One that is read now and then is not idle, though nobody ever sees it active."""
    reserve(cluster, "idle")
    cluster.p.execute("SELECT pg_create_physical_replication_slot('unused')")
    reserve(cluster, "read", "test_decoding")
    session = cluster.p.open_session()
    session.rows("SELECT pg_create_physical_replication_slot('temporary', true, true)")
    temporary = {"slot_type": "physical", "temporary": "true"}
    said(1, "slots", **temporary)
    said(None, "slot_active", "temporary")
    for _ in range(4):
        write(cluster)
        cluster.p.execute("SELECT count(*) FROM pg_logical_slot_get_changes('read', NULL, NULL)")
        time.sleep(1)
    said(Between(0, 3), "slot_inactive_seconds", "read")
    said(SOME, "slot_catalog_xmin_age", "read")
    for slot in ("idle", "unused"):
        said(Between(3, 60), "slot_inactive_seconds", slot)
        said(0, "slot_active", slot)
    said(None, "slot_wal_status", "unused")
    said(None, "slot_retained_bytes", "unused")
    said(1, "slot_active", "s1")
    said(0, "slot_inactive_seconds", "s1")
    session.close()
    said(0, "slots", **temporary)


def losing(cluster, said):
    """A physical slot and a logical one."""
    p, both = cluster.p, ("kept", "cdc")
    p.set(archive_command="true", min_wal_size="32MB", max_wal_size="32MB")
    reserve(cluster, "kept")
    reserve(cluster, "cdc", "test_decoding")
    for slot in both:
        said("reserved", "slot_wal_status", slot)
    write(cluster, segments=5)
    for slot in both:
        said("extended", "slot_wal_status", slot)
        said(None, "slot_safe_bytes", slot)
    # No checkpoint may be due any more: the next one takes them.
    p.execute("CHECKPOINT")
    p.set(max_slot_wal_keep_size="32MB")
    for slot in both:
        said("unreserved", "slot_wal_status", slot)
        said(Between(-math.inf, 0), "slot_safe_bytes", slot)
        said(Between(64 << 20, math.inf), "slot_retained_bytes", slot)
    p.execute("CHECKPOINT")
    for slot in both:
        said("lost", "slot_wal_status", slot)
        said("wal_removed" if said.major >= 17 else None, "slot_invalidation_reason", slot)
        said(None, "slot_retained_bytes", slot)
        said(None, "slot_catalog_xmin_age", slot)
        said(Between(1, 60), "slot_inactive_seconds", slot)
    # 16 calls every invalidation a conflict.
    said({16: 1, 17: 0, 18: 0}.get(said.major), "slot_conflicting", "cdc")
    p.set(archive_command=None, min_wal_size=None, max_wal_size=None, max_slot_wal_keep_size=None)


def timing_out(cluster, said):
    reserve(cluster, "idle")
    said(0, "slot_idle_timeout_seconds")
    cluster.p.set(idle_replication_slot_timeout="1s")
    said(1, "slot_idle_timeout_seconds")
    said(Between(1, 60), "slot_inactive_seconds", "idle")
    said("none", "slot_invalidation_reason", "idle")
    cluster.p.execute("CHECKPOINT")
    said("idle_timeout", "slot_invalidation_reason", "idle")
    said("lost", "slot_wal_status", "idle")
    said(None, "slot_retained_bytes", "idle")
    cluster.p.set(idle_replication_slot_timeout=None)


def decoding(cluster, said):
    p = cluster.p
    p.set(logical_decoding_work_mem="64kB")
    reserve(cluster, "cdc", "test_decoding")
    for name in COUNTERS:
        said(0, f"decoding_{name}_total", "cdc")
    p.execute("CREATE TABLE decoded AS SELECT repeat('x', 100) FROM generate_series(1, 5000)")
    changes = "SELECT count(*) FROM pg_logical_slot_{}_changes('cdc', NULL, NULL{})"
    p.execute(changes.format("peek", ""))
    p.execute(changes.format("get", ", 'stream-changes', '1'"))
    for name in COUNTERS:
        said(Between(1, math.inf), f"decoding_{name}_total", "cdc")
    p.execute("DROP TABLE decoded")
    p.set(logical_decoding_work_mem=None)


def reserve_on_standby(cluster, name):
    with ThreadPoolExecutor(1) as pool:
        created = pool.submit(
            cluster.s1.execute,
            f"SELECT pg_create_logical_replication_slot('{name}', 'test_decoding')", 20)
        # It begins where the primary next says which transactions run.
        while not created.done():
            cluster.p.execute("SELECT pg_log_standby_snapshot()")
            time.sleep(0.1)
    created.result()


def invalidated(said, reason):
    """The standby's slot, by what its primary did."""
    there = {"slot": "cdc", "server": "s1"}
    said(1, "slot_conflicting", **there)
    said(reason if said.major >= 17 else None, "slot_invalidation_reason", **there)
    said("lost", "slot_wal_status", **there)
    said(None, "slot_catalog_xmin_age", **there)
    said(None, "slot_retained_bytes", **there)


def conflicting(cluster, said):
    """A slot on the standby needs rows that the primary vacuums."""
    reserve_on_standby(cluster, "cdc")
    there = {"slot": "cdc", "server": "s1"}
    said("reserved", "slot_wal_status", **there)
    said(0, "slot_conflicting", **there)
    said(SOME, "slot_catalog_xmin_age", **there)
    cluster.p.execute("CREATE TABLE dropped (a int)")
    cluster.p.execute("DROP TABLE dropped")
    cluster.p.execute("VACUUM pg_class")
    invalidated(said, "rows_removed")
    cluster.s1.execute("SELECT pg_drop_replication_slot('cdc')")


def lowering(cluster, said):
    """A slot on the standby needs more in the WAL than its primary writes."""
    reserve_on_standby(cluster, "cdc")
    said("reserved", "slot_wal_status", "cdc", "s1")
    cluster.p.set(wal_level="replica")
    cluster.p.restart()
    invalidated(said, "wal_level_insufficient")
    cluster.s1.execute("SELECT pg_drop_replication_slot('cdc')")
    cluster.p.set(wal_level=None)
    cluster.p.restart()


def synchronizing(cluster, said):
    """A slot and its copy, which becomes a slot like others when the standby leads."""
    p, s1 = cluster.p, cluster.s1
    p.execute("SELECT pg_create_logical_replication_slot('cdc', 'test_decoding', "
              "twophase => true, failover => true)")
    s1.set(hot_standby_feedback="on", sync_replication_slots="on",
           primary_conninfo=s1.value("SHOW primary_conninfo") + " dbname=postgres")

    def is_copied():
        # It is temporary until the slot has moved on.
        p.execute("SELECT pg_log_standby_snapshot()")
        p.execute("SELECT count(*) FROM pg_logical_slot_get_changes('cdc', NULL, NULL)")
        return s1.rows("SELECT 1 FROM pg_replication_slots WHERE synced AND NOT temporary")
    wait_until(is_copied, f"{said.major} copies the slot", 30, every=0.5)
    there = {"slot": "cdc", "server": "s1"}
    said(1, "slot_synced", **there)
    said(0, "slot_synced", "cdc")
    for of in (there, {"slot": "cdc"}):
        said(1, "slot_failover", **of)
        said(1, "slot_two_phase", **of)
    said(None, "slot_inactive_seconds", **there)
    said(SOME, "slot_xmin_age", "s1")
    s1.set(sync_replication_slots=None)
    said(Between(3, 60), "slot_sync_age_seconds", **there)
    s1.promote()
    said(0, "slot_synced", **there)
    said(None, "slot_sync_age_seconds", **there)
    said(SOME, "slot_inactive_seconds", **there)


if __name__ == "__main__":
    unittest.main()
