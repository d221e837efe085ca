# SPDX-License-Identifier: Apache-2.0
"""A cluster with all that dashboards tell of: healthy, a standby cut off, after a failover."""

import time

from tests.lab import failover
from tests.lab.cluster import Cluster, Standby
from tests.lab.exporter import Exporter
from tests.lab.load import Load
from tests.lab.prometheus import Prometheus
from tests.lab.waiting import wait_until
from tests.lab.workspace import REPOSITORY

RULES = sorted((REPOSITORY / "alerts/rules").glob("*.yaml"))
PLAN = [Standby("s1", slot=True, relayed=True), Standby("s2", slot=True),
        Standby("s3", upstream="s2")]
SETTINGS = {"autovacuum": "off", "wal_level": "logical", "max_slot_wal_keep_size": "1GB",
            "hot_standby_feedback": "on"}
MAX_LAG = 20  # seconds: an alert of the lag comes sooner than with 60
SCRAPE = 2  # seconds between scrapes, and evaluations


class Scene:
    """Two exporters watch it, and one Prometheus scrapes both."""

    def __init__(self, workspace, binary):
        self.cluster = Cluster(workspace, PLAN, SETTINGS)
        # Not before they are there: commits would hang.
        for server, names in (("p", "s1, s2"), ("s2", "s1, s3")):
            self.cluster.servers[server].set(synchronous_standby_names=f"ANY 1 ({names})")
        _publish_and_subscribe(self.cluster.p)
        self.exporters = [Exporter(workspace, binary, self._config(), name=f"exporter{i}")
                          for i in (1, 2)]
        self.prometheus = Prometheus(
            workspace, [one.url.removeprefix("http://") for one in self.exporters], RULES,
            every=f"{SCRAPE}s")
        self.load = Load(self.cluster.p, every=0.2, size=20000)

    def _config(self):
        config = self.cluster.exporter_config()
        config["timing"] = {"interval": "2s", "slow_interval": "10s"}
        for server in config["clusters"][0]["servers"]:
            server["max_lag"] = f"{MAX_LAG}s"
            server["wal_directory"] = str(self.cluster.servers[server["name"]].data / "pg_wal")
        config["clusters"][0]["servers"][0]["archive_directory"] = str(self.cluster.archive)
        return config

    def states(self):
        """Yields the name of each state, once what tells it has reached Prometheus."""
        with self.load:
            for _ in range(3):
                self.cluster.p.execute("SELECT pg_switch_wal()")
                time.sleep(8)
            self._wait_for_alerts("no alert", lambda firing: not firing)
            # All that is computed over ranges of a minute.
            time.sleep(45)
            yield "healthy"
            with self.cluster.relays["s1"].cut():
                self._wait_for_alerts("its lag is told",
                                      lambda firing: "PostgresReplicationLagHigh" in firing)
                time.sleep(5)
                yield "a standby cut off"
            self.cluster.wait_caught_up(60)
        self._fail_over()
        with Load(self.cluster.s2, every=0.2, size=20000):
            self._wait_for_alerts("the old primary is missed",
                                  lambda firing: "PostgresServerDown" in firing)
            yield "after a failover"

    def _fail_over(self):
        """The primary is lost; s2 takes over, s1 is restarted and follows it, through a slot."""
        p, s1, s2 = self.cluster.p, self.cluster.s1, self.cluster.s2
        p.stop("immediate")
        failover.promote(s2)
        for slot in ("s1", "forgotten"):
            s2.execute(f"SELECT pg_create_physical_replication_slot('{slot}', true)")
        failover.follow(s1, s2)
        s1.set(primary_slot_name="s1")
        s1.restart()
        wait_until(lambda: s1.is_streaming(), "s1 follows s2", 60)

    def _wait_for_alerts(self, what, condition):
        def firing():
            return {alert["labels"]["alertname"] for alert in self.prometheus.alerts()
                    if alert["state"] == "firing"} - {"PostgresReplicationWatchdog"}
        wait_until(lambda: condition(firing()), what, 180)


def _publish_and_subscribe(p):
    """A subscription to itself, of a table that nobody writes."""
    p.execute("CREATE TABLE published (number int PRIMARY KEY)")
    p.execute("CREATE PUBLICATION pub FOR TABLE published")
    p.execute("SELECT pg_create_logical_replication_slot('sub', 'pgoutput')")
    p.execute(f"CREATE SUBSCRIPTION sub CONNECTION 'host={p.folder} port={p.port} user={p.user} "
              "dbname=postgres' PUBLICATION pub WITH (create_slot = false, slot_name = 'sub')")
