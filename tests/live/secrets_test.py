# SPDX-License-Identifier: Apache-2.0
"""A password in every form that one can be given in: nothing that the exporter says has it."""

import json
import os
import subprocess
import time
import unittest
from pathlib import Path

from tests.lab.cluster import Cluster, Standby
from tests.lab.exporter import Exporter
from tests.lab.process import run
from tests.lab.workspace import Workspace

BINARY = os.environ.get("PGREPL_EXPORTER")
ROUTES = ("/metrics", "/", "/topology", "/topology?format=json", "/topology?format=dot", "/check",
          "/check?format=json", "/api/v1/clusters",
          "/sd", "/-/ready", "/-/healthy", "/primary?cluster=main&server=p")
# Each contains it, whatever is around.
SECRET = "s3cr3t-Kennwort"


class SecretsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not BINARY:
            raise unittest.SkipTest("PGREPL_EXPORTER names no exporter to test")
        cls.workspace = cls.enterClassContext(Workspace())
        cls.cluster = Cluster(cls.workspace, plan=[Standby("s1")])
        p, s1 = cls.cluster.p, cls.cluster.s1
        p.execute(f"ALTER ROLE pgrepl_monitor PASSWORD '{SECRET}'")
        p.set(archive_command=f"PASSWORD={SECRET} false")
        s1.set(primary_conninfo=s1.value("SHOW primary_conninfo") + f" options=-cfoo.password={SECRET}")
        cls.file = cls.workspace.secret("the.password", SECRET)
        cls.passfile = cls.workspace.secret("pgpass", f"*:*:*:pgrepl_monitor:{SECRET}")

    def servers(self):
        """The primary by each form, right and wrong."""
        at = f"host=127.0.0.1 port={self.cluster.p.port} dbname=postgres"
        url = f"127.0.0.1:{self.cluster.p.port}/postgres"
        user = f"{at} user=pgrepl_monitor"
        yield from {
            "keyword": {"conninfo": f"{user} password={SECRET}"},
            "quoted": {"conninfo": f"{user} password='{SECRET}'"},
            "uri": {"conninfo": f"postgresql://pgrepl_monitor:{SECRET}@{url}"},
            "uri_parameter": {"conninfo": f"postgresql://pgrepl_monitor@{url}?password={SECRET}"},
            "file": {"conninfo": user, "password_file": str(self.file)},
            "command": {"conninfo": user, "password_command": f"echo {SECRET}"},
            "failing_command": {"conninfo": user, "password_command": f"echo {SECRET}; false"},
            "passfile": {"conninfo": f"{user} passfile={self.passfile}"},
            "wrong": {"conninfo": f"{user} password={SECRET}x"},
            "nobody": {"conninfo": f"{at} user={SECRET} password={SECRET}"},
            "refused": {"conninfo": f"host=127.0.0.1 port=1 user=u password={SECRET}"},
            "s1": {"conninfo": self.cluster.monitor_conninfo(self.cluster.s1), "password_file": str(self.file)},
        }.items()

    def check(self, where, text):
        # As a user's name it is no secret, and PostgreSQL's answer repeats it.
        for kept in (f'user \\"{SECRET}\\"', f'user "{SECRET}"', f'role "{SECRET}"', f'role \\"{SECRET}\\"',
                     f"\\password {SECRET}"):  # psql's command, by which check says to set it anew
            text = text.replace(kept, "")
        at = text.find(SECRET)
        self.assertEqual(at, -1, f"{where}: {text[max(at - 200, 0):at + 100]}")

    def test_nothing_that_is_said(self):
        config = {"clusters": [{"name": "main", "servers": [
            {"name": name} | server for name, server in self.servers()]}]}
        for log_format in ("logfmt", "json"):
            exporter = Exporter(self.workspace, Path(BINARY).resolve(), config, name=f"with_{log_format}",
                                flags=["--log.level=debug", f"--log.format={log_format}"])
            good = ("keyword", "quoted", "uri", "uri_parameter", "file", "command", "passfile", "s1")
            page = exporter.wait_for(lambda page: all(
                page.value("pgrepl_up", server=name) == 1 for name in good), "servers are up")
            for name in ("wrong", "nobody", "refused", "failing_command"):
                self.assertEqual(page.value("pgrepl_up", server=name), 0, name)
            time.sleep(2)
            for route in ROUTES + ("/explain?server=s1&cluster=main", "/explain?server=wrong"):
                self.check(route, exporter.get(route) if "/primary" not in route else self.any_answer(exporter, route))
            self.check("process title", Path(f"/proc/{exporter.pid}/cmdline").read_text())
            self.assertIn("Max core file size        0                    0",
                          Path(f"/proc/{exporter.pid}/limits").read_text())
            exporter.stop()
            self.check("log", exporter.log)

    @staticmethod
    def any_answer(exporter, route):
        return subprocess.run(["curl", "-s", exporter.url + route], capture_output=True, text=True,
                              check=True).stdout

    def test_nothing_that_is_refused(self):
        """Wrong configurations, of which the error must name the place and not the text."""
        for number, conninfo in enumerate((
                f"postgresql://u:{SECRET}@host:port:port/db", f"host=h password={SECRET} nonsense",
                f"host=h passwrd={SECRET}", f"postgresql://u:{SECRET}@[::1/db", f"'{SECRET}",
                f"password {SECRET}", f"host=h password='{SECRET}")):
            with self.subTest(conninfo):
                file = self.workspace.folder / f"wrong{number}.yaml"
                file.write_text(json.dumps({"clusters": [{"name": "main", "servers": [
                    {"name": "p", "conninfo": conninfo}]}]}))
                said = run([BINARY, f"--config.file={file}", "--log.level=debug"], accept=(1,))
                self.assertIn(str(file), said)
                self.check("error", said)
        for environment in ({"DATA_SOURCE_NAME": f"postgresql://u:{SECRET}@h:x/db"},
                            {"DATA_SOURCE_NAME": f"host=h password={SECRET} nonsense"}):
            said = run([BINARY, "--log.level=debug"], env={"PATH": os.environ["PATH"]} | environment,
                       accept=(1,))
            self.check("error", said)

    def test_a_superuser_is_told_of(self):
        self.cluster.p.execute("ALTER ROLE pgrepl_monitor SUPERUSER")
        self.addCleanup(self.cluster.p.execute, "ALTER ROLE pgrepl_monitor NOSUPERUSER")
        exporter = Exporter(self.workspace, Path(BINARY).resolve(), {"clusters": [{"name": "main", "servers": [
            {"name": "p", "conninfo": self.cluster.monitor_conninfo(self.cluster.p),
             "password_file": str(self.file)}]}]}, name="superuser")
        self.addCleanup(exporter.stop)
        exporter.wait_for(lambda page: page.value("pgrepl_superuser", server="p") == 1, "it says so")
        self.cluster.p.execute("ALTER ROLE pgrepl_monitor NOSUPERUSER")
        self.cluster.p.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                               "WHERE application_name = 'pg_replication_exporter'")
        exporter.wait_for(lambda page: page.value("pgrepl_superuser", server="p") == 0, "no longer")
        self.assertEqual(exporter.log.count("is a superuser"), 1)


if __name__ == "__main__":
    unittest.main()
