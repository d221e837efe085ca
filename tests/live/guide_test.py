# SPDX-License-Identifier: Apache-2.0
"""docs/guide.md, as somebody follows it: every command of it, on four hosts.

    export PGREPL_EXPORTER=build/release/exporter/pg_replication_exporter
    python3 -m unittest tests.live.guide_test

PGREPL_ROOT is a folder with another Debian, in which the three servers then live.
"""

import os
import re
import tarfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.lab import host
from tests.lab.process import run
from tests.lab.workspace import REPOSITORY, Workspace

BINARY = os.environ.get("PGREPL_EXPORTER")
ROOT = os.environ.get("PGREPL_ROOT", "/")
GUIDE = REPOSITORY / "docs/guide.md"
SERVERS = ("PRIMARY", "STANDBY1", "STANDBY2")
NAMES = dict(zip((*SERVERS, "MONITOR"), ("pg1", "pg2", "pg3", "monitor")))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
CONTROL = """Package: pg-replication-exporter
Version: 0.0.0
Architecture: all
Maintainer: nobody <nobody@example.org>
Description: what a package of it has, as far as the guide needs it
"""


@dataclass
class Step:
    """Commands, where somebody types them, and what they print, as far as the guide says it."""
    line: int
    hosts: tuple
    commands: str
    printed: str = ""


def steps(text):
    """Of the guide, in its order. What is neither run nor compared is an error."""
    found = []
    for block in FENCE.finditer(text):
        line = text.count("\n", 0, block.start()) + 1
        before = text[:block.start()].rstrip("\n").rpartition("\n")[2]
        if block[1] == "sh":
            found.append(Step(line, hosts_of(before, line), block[2]))
        elif block[1] == "text" and before == "```" and not found[-1].printed:
            found[-1].printed = block[2]
        else:
            raise ValueError(f"line {line}: a block that nobody runs")
    return found


def hosts_of(sentence, line):
    if sentence == "On every host:":
        return tuple(NAMES)
    names = re.findall(r"`\$([A-Z0-9]+)`", sentence)
    if re.sub(r"`\$[A-Z0-9]+`(, | and )?", "", sentence) != "On :" or set(names) - set(NAMES):
        raise ValueError(f"line {line}: where are these commands typed? '{sentence}'")
    return tuple(names)


def is_printed(expected, printed):
    """Whether these lines are among those printed, one after the other; '...' is anything."""
    lines = [".*?".join(map(re.escape, line.split("..."))) for line in expected.splitlines()]
    pattern = "\n".join("(?:.*\n)*?.*" if line == ".*?" else f"{line} *" for line in lines)
    return re.search(f"^{pattern}$", printed, re.M) is not None


@unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
class GuideTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if reason := host.missing():
            raise unittest.SkipTest(reason)
        cls.workspace = cls.enterClassContext(Workspace("pgrepl-guide-"))
        network = host.Network(cls.workspace)
        addresses = dict(re.findall(r"\b([A-Z0-9]+)=([0-9.]+)(?= |\n)", GUIDE.read_text()))
        cls.hosts = {name: network.host(NAMES[name], addresses[name], ROOT if name in SERVERS else "/")
                     for name in NAMES}
        for name in SERVERS:
            put_source(cls.hosts[name].home)
        put_package(cls.workspace, cls.hosts["MONITOR"].home)

    def test_every_command(self):
        shells = {name: one.shell() for name, one in self.hosts.items()}
        for step in steps(GUIDE.read_text()):
            with ThreadPoolExecutor() as pool:
                said = pool.map(lambda name, step=step: shells[name].type(step.commands), step.hosts)
            for name, printed in zip(step.hosts, said):
                if os.environ.get("PGREPL_VERBOSE"):
                    print(f"---- {step.line} {name}\n{step.commands}----\n{printed}", flush=True)
                self.assertTrue(is_printed(step.printed, printed),
                                f"line {step.line}, on {name}:\n{step.commands}printed\n{printed}\n"
                                f"and not\n{step.printed}")


def put_source(home):
    """What `make dist` makes of it, as far as the guide needs it."""
    with tarfile.open(home / "pg_replication_exporter-0.0.0.tar.gz", "w:gz") as archive:
        archive.add(REPOSITORY / "postgresql-ha", "pg_replication_exporter-0.0.0/postgresql-ha")


def put_package(workspace, home):
    """With the files of the real one, where that has them."""
    tree = workspace.folder / "package"
    systemd = REPOSITORY / "packaging/systemd"
    for file, place in ((Path(BINARY).resolve(), "usr/bin/pg_replication_exporter"),
                        (systemd / "config.yml", "etc/pg_replication_exporter/config.yml"),
                        (systemd / "pg_replication_exporter.default", "etc/default/pg_replication_exporter"),
                        (systemd / "pg_replication_exporter.service",
                         "usr/lib/systemd/system/pg_replication_exporter.service")):
        run(["install", "-D", file, tree / place])
    (tree / "etc/pg_replication_exporter/passwords").mkdir(mode=0o700)
    (tree / "DEBIAN").mkdir()
    (tree / "DEBIAN/control").write_text(CONTROL)
    run(["dpkg-deb", "-Znone", "--build", tree, home / "pg-replication-exporter_0.0.0-1_all.deb"])
