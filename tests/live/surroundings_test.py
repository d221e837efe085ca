# SPDX-License-Identifier: Apache-2.0
"""Faults of what the exporter itself runs on: names, clock, log, descriptors, its own life."""

import os
import socket
import time
import unittest
from contextlib import ExitStack, suppress
from pathlib import Path

from tests.lab import sanitizer
from tests.lab.exporter import Exporter
from tests.lab.process import run
from tests.lab.waiting import wait_until
from tests.lab.workspace import Workspace
from tests.live.watched import BINARY, VICTIM, FaultCase, patient

OURS = "application_name = 'pg_replication_exporter'"
# Debian's package libfaketime.
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
EXHAUSTED_SECONDS = 5
RESOLVER = Path(__file__).parents[1] / "lab/resolver.c"


class SurroundingsTest(FaultCase):
    def test_names_hang_and_change(self):
        library, said = self.workspace.folder / "resolver.so", self.workspace.folder / "resolver"
        run(["cc", "-shared", "-fPIC", "-o", library, RESOLVER, "-ldl"])
        said.write_text("db.example 127.0.0.1\n")
        config = self.config()
        servers = config["clusters"][0]["servers"]
        servers[-1]["conninfo"] = servers[-1]["conninfo"].replace("127.0.0.1", "db.example")
        exporter = self.start(config, wrapped=(f"export LD_PRELOAD={library} RESOLVER={said}", ""))
        with self.suffering(exporter):
            said.write_text("db.example hangs\n")
            self.end_sessions(*self.cluster.servers)
            self.down(exporter, "timeout")
            said.write_text("db.example 127.0.0.2\n")
            self.down(exporter, "refused")
            said.write_text("db.example 127.0.0.1\n")

    def end_sessions(self, *names):
        for name in names:
            self.cluster.servers[name].execute(
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OURS}")

    def test_clock_jumps(self):
        if sanitizer.IS_ON or not FAKETIME.exists():
            self.skipTest("libfaketime is not installed, or a sanitizer takes none")
        offset = self.workspace.folder / "offset"
        offset.write_text("+0\n")
        exporter = self.start(wrapped=(
            f"export LD_PRELOAD={FAKETIME} FAKETIME_TIMESTAMP_FILE={offset} FAKETIME_NO_CACHE=1 "
            "FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1", ""))
        self.cluster.wait_caught_up()
        with self.suffering(exporter, *self.cluster.servers):
            for hours in (1, -1, 0):
                offset.write_text(f"{hours * 3600:+}\n")
                page = exporter.wait_for(lambda page, skew=-3600 * hours: abs(
                    page.value("pgrepl_clock_skew_seconds", server="p") - skew) < 60, "the page knows of it", 20)
                time.sleep(2)
                page = exporter.scrape()
                for name in ("s1", "s2", "s3", VICTIM):
                    self.assertLess(page.value("pgrepl_lag_seconds", server=name), 5, name)

    def test_log_is_full(self):
        exporter = self.start(wrapped=("", ">/dev/full 2>/dev/full"))
        with self.suffering(exporter):
            for _ in range(3):
                self.victim.restart("immediate")
                exporter.get("/topology")
        self.assertEqual(exporter.log, "")

    def test_nobody_reads_the_log(self):
        pipe = self.workspace.folder / "pipe"
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        writer = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, writer)
        with suppress(BlockingIOError):
            while True:
                os.write(writer, b"x" * 4096)
        exporter = self.start(wrapped=("", f"2>{pipe}"))

        def told():
            with suppress(BlockingIOError):
                return os.read(reader, 8192)
            return b""
        with self.suffering(exporter):
            self.victim.stop("immediate")
            exporter.wait_for(lambda page: page.value("pgrepl_up", server=VICTIM) == 0, "it is down")
            while some := told():
                self.assertNotIn(b"level", some, "there was no room for it")
            self.victim.start()
            wait_until(lambda: b"lines were dropped" in told(), "it says so", 10)

    @patient
    def test_log_has_room_again(self):
        small = self.workspace.folder / "small"
        small.mkdir()
        try:
            run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small])
        except RuntimeError as refused:
            self.skipTest(f"no file system can be mounted: {refused}")
        self.addCleanup(run, ["umount", small])
        log, filler = small / "log", small / "filler"
        exporter = self.start(wrapped=("", f">>{log} 2>&1"))
        self.addCleanup(exporter.stop)  # before umount
        with suppress(OSError):
            filler.write_bytes(b"x" * 65536)
        with self.suffering(exporter):
            for _ in range(40):  # past the end of the page that the log has already
                self.end_sessions(VICTIM)
                time.sleep(0.2)
        self.assertEqual(os.statvfs(small).f_bavail, 0)
        lines = log.read_text()
        filler.unlink()
        self.victim.stop("immediate")
        wait_until(lambda: "server is down" in log.read_text()[len(lines):], "it logs again", 10)
        self.victim.start()

    @patient
    def test_its_watchdog_ends_it(self):
        """Each worker waits for a configuration that never comes to its end; whoever ended it would wait for them."""
        exporter = self.start(wrapped=("", "--web.enable-lifecycle"))
        exporter.config_file.unlink()
        os.mkfifo(exporter.config_file)
        with ExitStack() as stack:
            for _ in range(60):
                client = stack.enter_context(socket.create_connection(("127.0.0.1", exporter.port)))
                client.sendall(b"POST /-/reload HTTP/1.1\r\nHost: x\r\n\r\n")
            wait_until(lambda: exporter.exit_code is not None, "it ends", 120)
        self.assertEqual(exporter.exit_code, 1)
        self.assertIn("has not been well for a minute", exporter.log)

    @patient
    def test_no_descriptor_is_left(self):
        """Neither for a page nor for a connection; what is open goes on, and pages when there is one again."""
        exporter = self.start()
        before = self.backend("p")
        limit = len(list(Path(f"/proc/{exporter.pid}/fd").iterdir()))
        cpu = self.cpu(exporter)
        with self.suffering(exporter) as others, ExitStack() as stack:
            others.page_seconds = EXHAUSTED_SECONDS + 1
            run(["prlimit", f"--pid={exporter.pid}", f"--nofile={limit}:"])
            for _ in range(20):
                client = stack.enter_context(socket.create_connection(("127.0.0.1", exporter.port)))
                with suppress(OSError):
                    client.sendall(b"GET /metrics HT")
            self.end_sessions(VICTIM)
            time.sleep(EXHAUSTED_SECONDS)
            run(["prlimit", f"--pid={exporter.pid}", "--nofile=1024:"])
        self.assertLess(self.cpu(exporter) - cpu, 4)
        self.assertEqual(self.backend("p"), before)
        self.assertIsNone(exporter.exit_code)

    def backend(self, name):
        return self.cluster.servers[name].value(f"SELECT pid FROM pg_stat_activity WHERE {OURS}")

    @staticmethod
    def cpu(exporter):
        user, system = Path(f"/proc/{exporter.pid}/stat").read_text().split()[13:15]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def test_it_is_killed(self):
        exporter = self.start()
        exporter.kill()
        again = Exporter(self.workspace, Path(BINARY).resolve(), self.config(), port=exporter.port, name="again")
        self.addCleanup(again.stop)
        self.all_up(again, 10)
        with self.suffering(again, *self.cluster.servers):
            time.sleep(2)


@unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
class FewDescriptorsTest(unittest.TestCase):
    """Before a fleet runs out of them."""

    SERVERS, OTHERS = 20, 150

    @classmethod
    def setUpClass(cls):
        cls.workspace = cls.enterClassContext(Workspace())

    def warnings(self, limit):
        """What it says at its start; below its hard limit it may raise the other itself."""
        name = f"limit{limit}"
        script = self.workspace.folder / f"{name}.sh"
        script.write_text(f'#!/bin/sh\nulimit -Sn 100\nulimit -Hn {limit}\nexec {Path(BINARY).resolve()} "$@"\n')
        script.chmod(0o755)
        exporter = Exporter(self.workspace, script, {"clusters": [{"name": "main", "servers": [
            {"name": f"s{port}", "conninfo": f"host=127.0.0.1 port={port} user=pgrepl_monitor"}
            for port in range(1, self.SERVERS + 1)]}]}, name=name)
        exporter.stop()
        return [line for line in exporter.log.splitlines() if "too few file descriptors" in line]

    def test_it_says_how_many_it_needs(self):
        enough = self.SERVERS + self.OTHERS
        self.assertEqual(self.warnings(enough), [])
        line, = self.warnings(enough - 1)
        self.assertIn(f"limit={enough - 1}", line.replace('"', ""))
        self.assertIn(f"raise the hard limit to {enough}", line)


if __name__ == "__main__":
    unittest.main()
