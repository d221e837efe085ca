# SPDX-License-Identifier: Apache-2.0
"""Every way to log in that libpq knows of, what is refused and why, and passwords that change meanwhile."""

import os
import time
import unittest
from pathlib import Path

from tests.lab.cluster import Cluster, Standby
from tests.lab.exporter import Exporter
from tests.lab.process import run
from tests.lab.waiting import wait_until
from tests.lab.workspace import Workspace

BINARY = os.environ.get("PGREPL_EXPORTER")
OURS = "application_name = 'pg_replication_exporter'"
# Before the kit's own lines.
HBA = """\
hostssl all pgrepl_certificate 127.0.0.1/32 cert
local all pgrepl_monitor scram-sha-256
"""


def authority(folder, name):
    """A certificate authority of its own; its files are name.key and name.crt."""
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
         "-subj", f"/CN={name}", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt"])


def certificate(folder, name, common_name, signed_by):
    run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-subj", f"/CN={common_name}", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.csr"])
    extension = folder / f"{name}.ext"
    extension.write_text(f"subjectAltName=DNS:{common_name}\n")
    run(["openssl", "x509", "-req", "-days", "1", "-in", folder / f"{name}.csr", "-extfile", extension,
         "-CA", folder / f"{signed_by}.crt", "-CAkey", folder / f"{signed_by}.key", "-CAcreateserial",
         "-out", folder / f"{name}.crt"])


class LoginTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not BINARY:
            raise unittest.SkipTest("PGREPL_EXPORTER names no exporter to test")
        cls.workspace = cls.enterClassContext(Workspace())
        cls.cluster = Cluster(cls.workspace, plan=[Standby("s1")])
        cls.p = cls.cluster.p
        cls.serve_tls()
        password = cls.cluster.monitor_password_file.read_text().strip()
        cls.passfile = cls.workspace.secret("pgpass", f"*:*:*:pgrepl_monitor:{password}")
        services = cls.workspace.folder / "pg_service.conf"
        services.write_text(f"[primary]\nhost=127.0.0.1\nport={cls.p.port}\nuser=pgrepl_monitor\n"
                            f"dbname=postgres\npassfile={cls.passfile}\n")
        cls.workspace.environment["PGSERVICEFILE"] = str(services)

    @classmethod
    def serve_tls(cls):
        folder = cls.workspace.folder
        authority(folder, "ca")
        authority(folder, "stranger")
        certificate(folder, "server", "db.example", "ca")
        certificate(folder, "client", "pgrepl_certificate", "ca")
        certificate(folder, "another", "somebody_else", "ca")
        for name in ("server.key", "server.crt", "ca.crt"):
            (cls.p.data / name).write_bytes((folder / name).read_bytes())
            os.chmod(cls.p.data / name, 0o600)
            run(["chown", cls.p.user, cls.p.data / name])
        hba = cls.p.data / "pg_hba.conf"
        hba.write_text(HBA + hba.read_text())
        cls.p.execute("CREATE ROLE pgrepl_certificate LOGIN IN ROLE pg_monitor")
        cls.p.set(ssl="on", ssl_ca_file="ca.crt")
        wait_until(lambda: cls.p.value("SHOW ssl") == "on", "it serves TLS")

    def start(self, name, servers):
        """`servers`: what each has in the configuration, by name."""
        exporter = Exporter(self.workspace, Path(BINARY).resolve(), {"clusters": [{"name": "main", "servers": [
            {"name": server} | options for server, options in servers.items()]}]}, name=name)
        self.addCleanup(exporter.stop)
        return exporter

    def by_password(self, conninfo):
        return {"conninfo": f"{conninfo} user=pgrepl_monitor dbname=postgres",
                "password_file": str(self.cluster.monitor_password_file)}

    def ways(self):
        """Name, options, and the reason that the page must say."""
        folder, port = self.workspace.folder, self.p.port
        at = f"hostaddr=127.0.0.1 port={port}"
        full = f"{at} sslmode=verify-full sslrootcert={folder}/ca.crt"
        yield "verify_full", self.by_password(f"host=db.example {full}"), "ok"
        yield "wrong_name", self.by_password(f"host=other.example {full}"), "tls"
        yield "wrong_authority", self.by_password(
            f"host=db.example {at} sslmode=verify-full sslrootcert={folder}/stranger.crt"), "tls"
        yield "no_authority", self.by_password(
            f"host=db.example {at} sslmode=verify-full sslrootcert={folder}/nowhere.crt"), "tls"
        yield "channel_binding", self.by_password(f"host=db.example {full} channel_binding=require"), "ok"
        yield "nothing_to_bind_to", self.by_password(f"{at} sslmode=disable channel_binding=require"), "tls"
        theirs = f"host=db.example {full} user=pgrepl_certificate dbname=postgres"
        for who, reason in (("client", "ok"), ("another", "auth")):
            yield f"certificate_of_{who}", {
                "conninfo": f"{theirs} sslcert={folder}/{who}.crt sslkey={folder}/{who}.key"}, reason
        yield "no_certificate", {"conninfo": f"{theirs} sslcert={folder}/nowhere.crt"}, "auth"
        yield "socket", self.by_password(f"host={self.p.folder} port={port}"), "ok"
        yield "passfile", {"conninfo": f"{at} user=pgrepl_monitor dbname=postgres passfile={self.passfile}"}, "ok"
        yield "service", {"conninfo": "service=primary"}, "ok"
        yield "no_service", {"conninfo": "service=secondary"}, "other"
        yield "first_is_dead", self.by_password(f"host=127.0.0.1,127.0.0.1 port=1,{port}"), "ok"
        both = f"host=127.0.0.1,127.0.0.1 port={self.cluster.s1.port},{port}"
        yield "who_takes_writes", self.by_password(f"{both} target_session_attrs=read-write"), "ok"

    def test_ways(self):
        ways = list(self.ways())
        exporter = self.start("ways", {name: options for name, options, _ in ways})
        def reasons(page):
            return {name: page.state("pgrepl_up_reason", "reason", server=name) for name, _, _ in ways}
        wanted = {name: reason for name, _, reason in ways}
        try:
            page = exporter.wait_for(lambda page: reasons(page) == wanted, "each is up or refused", 10)
        except AssertionError:
            self.assertEqual(reasons(exporter.scrape()), wanted, exporter.log)
        self.assertEqual(page.value("pgrepl_in_recovery", server="who_takes_writes"), 0)
        # It is as the page says: what asked for TLS has it, by the server's own word.
        self.assertEqual(
            self.p.value("SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
                         f"WHERE ssl AND {OURS} AND client_dn = '/CN=pgrepl_certificate'"), "1")

    def test_a_password_that_changes(self):
        exporter = self.start("rotation", {"p": self.by_password(f"host=127.0.0.1 port={self.p.port}")})
        exporter.wait_for(lambda page: page.value("pgrepl_up", server="p") == 1, "it is up")
        old = self.cluster.monitor_password_file.read_text()
        self.addCleanup(self.change_password, old.strip())
        with self.subTest("the file in time"):
            self.change_password("new-1")
            self.assertEqual(self.seconds_down(exporter), 0)
        with self.subTest("the file too late"):
            self.p.execute("ALTER ROLE pgrepl_monitor PASSWORD 'new-2'")
            self.cut_off()
            exporter.wait_for(lambda page: page.state("pgrepl_up_reason", "reason", server="p") == "auth",
                              "the old one is refused")
            self.cluster.monitor_password_file.write_text("new-2\n")
            exporter.wait_for(lambda page: page.value("pgrepl_up", server="p") == 1, "it is up again", 5)
        self.assertNotIn("new-", exporter.log)

    def test_traps_in_the_way_of_names(self):
        """Functions, an operator and a view of the names that we use, found first by whoever isn't careful."""
        before = self.true_values("before")
        self.p.execute("""
            CREATE FUNCTION public.pg_is_in_recovery() RETURNS boolean LANGUAGE plpgsql AS
                $$BEGIN RAISE LOG 'trapped'; RETURN true; END$$;
            CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE plpgsql AS
                $$BEGIN RAISE LOG 'trapped'; RETURN 'epoch'::timestamptz; END$$;
            CREATE FUNCTION public.current_setting(text) RETURNS text LANGUAGE plpgsql AS
                $$BEGIN RAISE LOG 'trapped'; RETURN 'x'; END$$;
            CREATE FUNCTION public.differs(text, text) RETURNS boolean LANGUAGE plpgsql AS
                $$BEGIN RAISE LOG 'trapped'; RETURN false; END$$;
            CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = public.differs);
            CREATE VIEW public.pg_stat_replication AS SELECT * FROM pg_catalog.pg_stat_replication LIMIT 0;
            GRANT SELECT ON public.pg_stat_replication TO PUBLIC;
            ALTER ROLE pgrepl_monitor SET search_path = public, pg_catalog;
            ALTER DATABASE postgres SET search_path = public, pg_catalog;
            ALTER ROLE pgrepl_monitor SET datestyle = 'German';
            ALTER ROLE pgrepl_monitor SET intervalstyle = 'sql_standard';
            ALTER ROLE pgrepl_monitor SET timezone = 'Pacific/Auckland';
            ALTER ROLE pgrepl_monitor SET bytea_output = 'escape'""")
        # The trap works: who is careless steps into it.
        run([self.p.psql, f"host={self.p.folder} port={self.p.port} user=pgrepl_monitor dbname=postgres "
             f"passfile={self.passfile}", "-c", "SELECT pg_is_in_recovery()"])
        self.assertEqual(self.p.log.count("trapped"), 1)
        self.assertEqual(before["in recovery"], 0)
        self.assertEqual(self.true_values("after"), before)
        self.assertEqual(self.p.log.count("trapped"), 1)

    def true_values(self, name):
        """Of p: what doesn't change by itself, once all collectors have run."""
        exporter = self.start(name, {"p": self.by_password(f"host=127.0.0.1 port={self.p.port}"),
                                     "s1": self.by_password(f"host=127.0.0.1 port={self.cluster.s1.port}")})
        page = exporter.wait_for(lambda page: page.value(
            "pgrepl_collector_success", server="p", collector="settings") == 1, "it has read all")
        time.sleep(2)
        page = exporter.scrape()
        self.assertLess(abs(page.value("pgrepl_clock_skew_seconds", server="p")), 1)
        self.assertLess(page.value("pgrepl_lag_seconds", server="s1"), 5)
        exporter.stop()
        return {"in recovery": page.value("pgrepl_in_recovery", server="p"),
                "collectors": page.series("pgrepl_collector_success", server="p"),
                "connected": page.value("pgrepl_standby_connected", server="s1")}

    def change_password(self, password):
        self.p.execute(f"ALTER ROLE pgrepl_monitor PASSWORD '{password}'")
        self.cluster.monitor_password_file.write_text(password + "\n")

    def cut_off(self):
        self.p.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OURS}")

    def seconds_down(self, exporter):
        """Of the five after its session was ended."""
        self.cut_off()
        begin, down = time.monotonic(), 0.0
        while (at := time.monotonic()) < begin + 5:
            up = exporter.scrape().value("pgrepl_up", server="p")
            time.sleep(0.05)
            down += 0 if up else time.monotonic() - at
        return down


if __name__ == "__main__":
    unittest.main()
