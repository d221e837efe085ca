# SPDX-License-Identifier: Apache-2.0
"""Clients that want nothing, or nothing good: a scrape comes through, and afterwards all is as before."""

import contextlib
import json
import os
import resource
import socket
import ssl
import subprocess
import threading
import time
import unittest
from pathlib import Path

from tests.lab import sanitizer
from tests.lab.process import Process
from tests.lab.waiting import wait_until
from tests.lab.workspace import Workspace

BINARY = os.environ.get("PGREPL_EXPORTER")
IDLE, DRIBBLING, RUBBISH = 1000, 100, 20
# Bounds in seconds, of scrapes; a busy machine's own stalls are in them.
AT_FIRST, WHILE_THEY_STAY = 2, 1
MEMORY = 64 << 20
CONFIG = {"clusters": [{"name": "main", "servers": [{"name": "p", "conninfo": "host=127.0.0.1 port=1"}]}]}
HELLO = bytes.fromhex("16030102000100") + bytes(500)  # a ClientHello that never ends


class Flood:
    """Threads that keep so many connections open, anew where they were closed."""

    def __init__(self, port, start):
        self.port, self.start = port, start
        self.done = threading.Event()
        self.held = 0
        self.threads = [threading.Thread(target=work) for work in (self.idle, self.dribble, self.rubbish)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        for thread in self.threads:
            thread.join()

    def connect(self):
        client = socket.create_connection(("127.0.0.1", self.port), timeout=5)
        client.setblocking(False)
        return client

    @staticmethod
    def is_open(client):
        try:
            return client.recv(4096) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def refill(self, clients, count):
        for client in [one for one in clients if not self.is_open(one)]:
            clients.remove(client)
            client.close()
        while len(clients) < count:
            with contextlib.suppress(OSError):
                clients.append(self.connect())

    def hold(self, count, pause, sent):
        clients = []
        try:
            while not self.done.wait(pause):
                self.refill(clients, count)
                self.held = max(self.held, len(clients))
                for client in clients:
                    with contextlib.suppress(OSError):
                        client.send(sent())
        finally:
            for client in clients:
                client.close()

    def idle(self):
        self.hold(IDLE, 0.5, lambda: b"")

    def dribble(self):
        # Each its byte; a new one begins somewhere in the middle, which is no better.
        at = iter(range(1 << 30))
        self.hold(DRIBBLING, 0.05, lambda: self.start[next(at) % len(self.start):][:1])

    def rubbish(self):
        self.hold(RUBBISH, 0.02, lambda: os.urandom(20000))


class HttpFloodTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not BINARY:
            raise unittest.SkipTest("PGREPL_EXPORTER names no exporter to test")
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
        cls.workspace = cls.enterClassContext(Workspace())
        folder = cls.workspace.folder
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
             "-keyout", folder / "web.key", "-out", folder / "web.crt"], check=True, capture_output=True)
        cls.web_config = folder / "web.yml"
        cls.web_config.write_text("tls_server_config: {cert_file: web.crt, key_file: web.key}\n")
        cls.trusted = ssl.create_default_context(cafile=folder / "web.crt")

    def start(self, name, flags):
        port = self.workspace.ports.take()
        config = self.workspace.folder / "config.yml"
        config.write_text(json.dumps(CONFIG))
        exporter = Process(self.workspace, f"exporter-{name}", [
            Path(BINARY).resolve(), f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}", *flags])
        self.addCleanup(exporter.stop)
        exporter.port = port
        exporter.wait_until(lambda: "msg=listening" in exporter.log, "listens")
        return exporter

    def scrape(self, port, tls):
        begin = time.monotonic()
        with contextlib.ExitStack() as stack:
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            if tls:
                client = stack.enter_context(self.trusted.wrap_socket(client, server_hostname="127.0.0.1"))
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = b""
            while piece := client.recv(65536):
                answer += piece
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer[:100])
        self.assertTrue(answer.endswith(b"\n"))
        return time.monotonic() - begin

    def withstand(self, tls):
        exporter = self.start("tls" if tls else "plain", [f"--web.config.file={self.web_config}"] if tls else [])
        process = Path(f"/proc/{exporter.pid}")

        def descriptors():
            return len(list((process / "fd").iterdir()))

        def resident():
            return int((process / "statm").read_text().split()[1]) * resource.getpagesize()

        self.scrape(exporter.port, tls)
        time.sleep(0.5)
        before = descriptors(), resident()
        times = []
        with Flood(exporter.port, HELLO if tls else b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 4000) as flood:
            end = time.monotonic() + 8
            while time.monotonic() < end:
                times.append(self.scrape(exporter.port, tls))
                time.sleep(0.05)
            most = resident()
        print(f"{'TLS' if tls else 'plain'}: {len(times)} scrapes, the first {times[0]:.2f} s, the worst "
              f"{max(times):.2f} s, memory {before[1] >> 20} to {most >> 20} MB, held {flood.held}")
        self.assertGreaterEqual(flood.held, IDLE)
        early = times[:5]
        self.assertLess(max(early), AT_FIRST)
        self.assertLess(max(times[5:]), WHILE_THEY_STAY)
        if not sanitizer.IS_ON:
            self.assertLess(most, MEMORY)
        own = 2 if sanitizer.IS_ON else 0  # a pipe of ThreadSanitizer's
        wait_until(lambda: descriptors() <= before[0] + own, "no connection is left", 10)
        self.assertLess(self.scrape(exporter.port, tls), 0.5)

    def test_plain(self):
        self.withstand(tls=False)

    def test_tls(self):
        self.withstand(tls=True)


if __name__ == "__main__":
    unittest.main()
