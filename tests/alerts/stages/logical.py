# SPDX-License-Identifier: Apache-2.0
"""Faults that alerts/rules/logical.yaml is for, seen on a subscriber."""

from tests.alerts.stage import Stage

LOGICAL = {"wal_level": "logical"}
BESIDE = ["PostgresSubscriptionWorkerDown", "PostgresSubscriptionErrors"]


def _subscribe(scene, config):
    """The publisher is another cluster, which nobody watches."""
    scene.publisher = publisher = scene.another_cluster(LOGICAL)
    for server in (publisher, scene.p):
        server.execute("CREATE TABLE orders (id int PRIMARY KEY)")
    publisher.execute("CREATE PUBLICATION orders FOR TABLE orders")
    scene.p.execute(
        f"CREATE SUBSCRIPTION orders CONNECTION 'host={publisher.folder} port={publisher.port} "
        f"user={publisher.user} dbname=postgres' PUBLICATION orders", seconds=30)


logical = Stage("logical", (), settings=LOGICAL, configure=_subscribe)


@logical.act("the publisher stopped", ["PostgresSubscriptionWorkerDown"], beside=BESIDE)
def publisher_stopped(scene):
    scene.publisher.stop()
    yield
    scene.start(scene.publisher)


@logical.act("disabled", ["PostgresSubscriptionDisabled"], patience=600)
def disabled(scene):
    scene.p.execute("ALTER SUBSCRIPTION orders DISABLE")
    yield
    scene.p.execute("ALTER SUBSCRIPTION orders ENABLE")


@logical.act("a row that is there already", ["PostgresSubscriptionErrors"], beside=BESIDE,
             lasting=1500)
def duplicate(scene):
    scene.p.execute("INSERT INTO orders VALUES (1)")
    scene.publisher.execute("INSERT INTO orders VALUES (1)")
    yield
    scene.p.execute("DELETE FROM orders")


STAGES = [logical]
