# SPDX-License-Identifier: Apache-2.0
"""Faults that alerts/rules/exporter.yaml is for."""

import copy
import signal

from tests.alerts.stage import Stage
from tests.lab.cluster import Standby
from tests.lab.process import send

ONE = (Standby("s1", slot=True),)

exporter = Stage("exporter", ONE)


@exporter.act("the exporters stopped", ["PostgresReplicationExporterDown", "PostgresClusterUnwatched"],
              patience=600)
def exporters_stopped(scene):
    scene.stop_exporters()
    yield
    scene.start_exporters()


@exporter.act("a server removed from the configuration", ["PostgresServerUnwatched"], patience=900)
def server_removed(scene):
    config = copy.deepcopy(scene.config)
    servers = config["clusters"][0]["servers"]
    servers[:] = [one for one in servers if one["name"] != "s1"]
    scene.start_exporters(config)
    yield
    scene.start_exporters()


@exporter.act("an exporter with all clusters, and one with its share of two",
              ["PostgresClusterWatchedTwice"], patience=1200)
def two_shares(scene):
    for share in ("0/2", "1/2"):
        scene.start_exporters(flags=((), (f"--shard={share}",)))
        if scene.exporters[1].scrape().series("pgrepl_exporter_watches"):
            break
    yield
    scene.start_exporters()


@exporter.act("a configuration that is broken, read again", ["PostgresExporterConfigRejected"],
              patience=600)
def broken_configuration(scene):
    for one in scene.exporters:
        one.config_file.write_text("clusters: [")
        send([one.pid], signal.SIGHUP)
    yield
    scene.start_exporters()


@exporter.act("members looked up where nothing listens", ["PostgresExporterDiscoveryFailing"],
              patience=900)
def nowhere_to_look(scene):
    config = copy.deepcopy(scene.config)
    config["clusters"][0]["discover"] = {
        "conninfo": "user=pgrepl_monitor", "interval": "5s", "patroni": ["http://127.0.0.1:1"]}
    scene.start_exporters(config)
    yield
    scene.start_exporters()


def _query_an_application(scene, config):
    scene.p.execute("CREATE TABLE public.application ()")
    scene.p.execute("GRANT SELECT ON application TO pgrepl_monitor")
    config["queries"] = [{
        "name": "application", "sql": "SELECT count(*) AS app_rows FROM public.application",
        "role": "primary",
        "metrics": [{"name": "app_rows", "help": "Rows of the application."}]}]


rights = Stage("rights", ONE, configure=_query_an_application)


@rights.act("a query's table is gone", ["PostgresCollectorFailing"],
            beside=["PostgresPrivilegesMissing"], patience=900, lasting=900)
def table_gone(scene):
    scene.p.execute("ALTER TABLE application RENAME TO gone")
    yield
    scene.p.execute("ALTER TABLE gone RENAME TO application")
    scene.start_exporters()


@rights.act("pg_monitor revoked", ["PostgresPrivilegesMissing"],
            beside=["PostgresCollectorFailing", "PostgresReplicationLagUnknown",
                    "PostgresStandbyMissing", "PostgresNoStandby", "PostgresReceiverDown"],
            patience=900)
def revoked(scene):
    scene.p.execute("REVOKE pg_monitor FROM pgrepl_monitor")
    yield
    scene.p.execute("GRANT pg_monitor TO pgrepl_monitor")


STAGES = [rights, exporter]
