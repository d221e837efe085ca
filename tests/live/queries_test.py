# SPDX-License-Identifier: Apache-2.0
"""Queries of the configuration, good ones and bad ones, on a real primary and its standby.

    export PGREPL_EXPORTER=build/dev/exporter/pg_replication_exporter
    python3 -m unittest tests.live.queries_test
"""

import json
import os
import re
import unittest
from pathlib import Path

from tests.lab import promtool
from tests.lab.cluster import Cluster, Standby
from tests.lab.exporter import Exporter
from tests.lab.workspace import REPOSITORY, Workspace

BINARY = os.environ.get("PGREPL_EXPORTER")

SCHEMA = r"""
CREATE SCHEMA app;
CREATE TABLE app.jobs (queue text, created_at timestamptz);
INSERT INTO app.jobs SELECT queue, now() - interval '1 hour'
  FROM unnest(ARRAY['mail', 'mail', E'"} 1\n\\', NULL]) queue;
CREATE TABLE app.secret (n int);
CREATE TABLE app.written (n int);
CREATE FUNCTION app.write() RETURNS int LANGUAGE sql AS
  'INSERT INTO app.written VALUES (1) RETURNING n';
CREATE FUNCTION app.allow() RETURNS text LANGUAGE sql AS
  $$SELECT set_config('default_transaction_read_only', 'off', false)$$;
GRANT USAGE ON SCHEMA app TO pgrepl_monitor;
GRANT SELECT ON app.jobs TO pgrepl_monitor;
GRANT ALL ON app.written TO pgrepl_monitor
"""

# SQL that gives n, what its one log line must say, and its SQLSTATE.
FAILING = {
    "syntax": ("SELEC 1 AS n", "It must be one SELECT", "42601"),
    "two_statements": ("SELECT 1 AS n; SELECT 2", "It must be one SELECT", "42601"),
    "no_table": ("SELECT n FROM jobs", "Name its schema", "42P01"),
    "no_column": ("SELECT 1 AS m", "must give every column", "42703"),
    "no_right": ("SELECT n FROM app.secret", "GRANT SELECT", "42501"),
    "sleeps": ("SELECT 1 AS n FROM pg_sleep(60)", "make it cheaper", "57014"),
    "writes": ("SELECT app.write() AS n", "only read", "25006"),
    "changes": ("WITH one AS (INSERT INTO app.written VALUES (1) RETURNING n) SELECT n FROM one",
                "one SELECT", "0A000"),
    "divides": ("SELECT 1/0 AS n", "division by zero", "22012"),
    "floods": ("SELECT n FROM generate_series(1, 100000) AS n", "raise max_series", ""),
    "twice": ("SELECT 1 AS n UNION ALL SELECT 2", "aggregate", ""),
    "not_a_number": ("SELECT 'NaN'::float8 AS n", "no finite number", ""),
    "infinite": ("SELECT '-Infinity'::float8 AS n", "no finite number", ""),
    "a_time": ("SELECT now() AS n", "extract(epoch", ""),
    "long": ("SELECT repeat('1', 5000000) AS n", "no finite number", ""),
}
GOOD = {
    "allows": ("SELECT length(app.allow()) AS n", 3.0),
    "true": ("SELECT true AS n", 1.0),
    "commented": ("SELECT 7 AS n -- seven", 7.0),
    "ended": (" SELECT 8 AS n ;\n", 8.0),
    "numeric": ("SELECT 0.1 + 1e20::numeric AS n", 1e20),
    "null": ("SELECT NULL AS n", None),
    "none": ("SELECT 1 AS n WHERE false", None),
}


def documented():
    """The example of docs/queries.md."""
    text = (REPOSITORY / "docs/queries.md").read_text(encoding="utf-8")
    return re.search(r"```yaml\n(.*?)```", text, re.DOTALL)[1]


def query(name, sql):
    return {"name": name, "sql": sql, "interval": "5s", "max_series": 3,
            "metrics": [{"name": f"app_{name}", "column": "n", "help": "A number."}]}


@unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
class QueriesTest(unittest.TestCase):
    """One exporter with what is documented, one with what fails."""

    @classmethod
    def setUpClass(cls):
        cls.workspace = cls.enterClassContext(Workspace())
        cls.cluster = Cluster(cls.workspace, [Standby("s1", slot=True)])
        for statement in SCHEMA.split(";\n"):
            cls.cluster.p.execute(statement)
        cls.cluster.wait_caught_up()
        config = cls.cluster.exporter_config()
        # The primary once more, as a cluster of its own, for a query that is for that one only.
        (p, _), another = config["clusters"][0]["servers"], query("another", "SELECT 1 AS n")
        clusters = [*config["clusters"], {"name": "another", "servers": [p | {"name": "q"}]}]
        another |= {"clusters": ["another"]}
        cls.good = Exporter(
            cls.workspace, Path(BINARY).resolve(),
            f"{documented()}  - {json.dumps(another)}\nclusters: {json.dumps(clusters)}\n",
            name="good")
        queries = [query(name, said[0]) for name, said in (FAILING | GOOD).items()]
        cls.bad = Exporter(cls.workspace, Path(BINARY).resolve(), config | {"queries": queries},
                           name="bad")
        cls.pages = []
        # From when both are up, until all has been tried.
        cls.bad.wait_for(lambda page: len(page.series("pgrepl_in_recovery")) == 2, "both are up")
        cls.bad.wait_for(cls.all_ran, "every query has run", seconds=40)

    @classmethod
    def all_ran(cls, page):
        cls.pages.append(page)
        ran = [dict(pairs)["collector"] for pairs in page.families["pgrepl_collector_success"]]
        return all(ran.count(name) == 2 for name in FAILING | GOOD)

    def success(self, page, collector):
        return {dict(pairs)["server"]: value for pairs, value in
                page.series("pgrepl_collector_success", collector=collector,
                            pg_cluster="main").items()}

    def test_documented_example(self):
        page = self.good.wait_for(
            lambda page: all(len(self.success(page, name)) == count for name, count in
                             (("databases", 1), ("checkpoint_counts", 2), ("jobs", 2))), "all ran")
        for datname, size in self.cluster.p.rows(
                "SELECT datname, pg_database_size(oid) FROM pg_database WHERE datallowconn"):
            self.assertAlmostEqual(
                page.value("app_database_size_bytes", server="p", datname=datname), float(size),
                delta=1e6)
            self.assertGreater(page.value("app_database_xid_age", server="p", datname=datname), 1)
        self.assertEqual(page.series("app_database_size_bytes", server="s1"), {})
        for server in ("p", "s1"):
            self.assertGreaterEqual(page.value("app_checkpoints_total", server=server), 0)
            for queue, waiting in (("mail", 2), ('"} 1\n\\', 1), ("", 1)):
                labels = {"server": server, "queue": queue}
                self.assertEqual(page.value("app_jobs_waiting", **labels), waiting)
                self.assertAlmostEqual(page.value("app_job_oldest_seconds", **labels), 3600,
                                       delta=120)
        self.assertEqual(self.success(page, "databases"), {"p": 1})
        self.assertEqual(self.success(page, "jobs"), {"p": 1, "s1": 1})

    def test_query_for_another_cluster(self):
        page = self.good.wait_for(lambda page: "app_another" in page.families, "it ran")
        for family, labels in (("app_another", {}),
                               ("pgrepl_collector_success", {"collector": "another"})):
            self.assertEqual(page.series(family, **labels), {
                frozenset({"pg_cluster": "another", "server": "q", **labels}.items()): 1})

    def test_pages_are_clean(self):
        for exporter in (self.good, self.bad):
            self.assertEqual(promtool.check_metrics(exporter.get()), [])
            # Twice the same would be an error of the parser's.
            exporter.scrape()

    def test_what_fails_fails_alone_and_says_what_to_do(self):
        page = self.pages[-1]
        lines = [line for line in self.bad.log.splitlines() if 'msg="collector failed"' in line]
        for name, (_, words, sqlstate) in FAILING.items():
            with self.subTest(name):
                self.assertEqual(self.success(page, name), {"p": 0, "s1": 0})
                self.assertNotIn(f"app_{name}", page.families)
                for server in ("p", "s1"):
                    (line,) = [line for line in lines
                               if f"server={server} collector={name} " in line]
                    self.assertIn(words, line)
                    self.assertRegex(line, f' sqlstate="?{sqlstate}"? ')
        self.assertEqual(len(lines), 2 * len(FAILING))

    def test_what_works_works_beside_it(self):
        page = self.pages[-1]
        for name, (_, value) in GOOD.items():
            with self.subTest(name):
                self.assertEqual(self.success(page, name), {"p": 1, "s1": 1})
                self.assertEqual(page.value(f"app_{name}", server="p"), value)

    def test_nothing_was_written(self):
        self.assertEqual(self.cluster.p.value("SELECT count(*) FROM app.written"), "0")

    def test_what_is_built_in_is_unharmed(self):
        ups = set()
        for page in self.pages:
            ups |= set(page.families.get("pgrepl_up", {}).values())
            if page.value("pgrepl_caught_up_once", server="s1") == 1:
                self.assertLess(page.value("pgrepl_lag_seconds", server="s1"), 3)
        self.assertEqual(ups, {1.0})
        failed = {dict(pairs)["collector"] for pairs, value in
                  self.pages[-1].families["pgrepl_collector_success"].items() if not value}
        self.assertEqual(failed, set(FAILING))

    def test_a_server_logs_each_error_once_a_minute(self):
        for server in (self.cluster.p, self.cluster.s1):
            errors = re.findall("ERROR:  .*", server.log)
            self.assertEqual(len(errors), sum(bool(said[2]) for said in FAILING.values()), errors)


if __name__ == "__main__":
    unittest.main()
