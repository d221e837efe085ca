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
    pattern = "".join(
        "(?:.*\n)*?" if line == "..." else ".*?".join(map(re.escape, line.split("..."))) + " *\n"
        for line in expected.splitlines())
    return re.search(f"^{pattern}", printed + "\n", re.M) is not None


class ReadingTest(unittest.TestCase):
    """Nothing of the guide is passed over, and nothing in it points nowhere."""

    def test_what_nobody_would_run_is_refused(self):
        for text in ("Then:\n\n```sh\ntrue\n```\n",
                     "On `$NOBODY`:\n\n```sh\ntrue\n```\n",
                     "On `$PRIMARY` or elsewhere:\n\n```sh\ntrue\n```\n",
                     "On `$PRIMARY`:\n\n```bash\ntrue\n```\n",
                     "On `$PRIMARY`:\n\n```\ntrue\n```\n",
                     "On `$PRIMARY`:\n\n```text\ntrue\n```\n"):
            with self.subTest(text), self.assertRaises(ValueError):
                steps(text)

    def test_all_of_it_is_read(self):
        text = GUIDE.read_text()
        self.assertEqual(2 * len(FENCE.findall(text)), text.count("```"))
        self.assertNotRegex(FENCE.sub("", text), r"(?m)^(~~~|<pre| {4}|\t)")

    def test_comparing(self):
        self.assertTrue(is_printed("b ... d\n", "a\nb c d \ne\n"))
        self.assertTrue(is_printed("a\n...\ne\n", "a\nb\nc\ne\n"))
        self.assertTrue(is_printed("a\n...\nb\n", "a\nb\n"))
        for expected in ("b\n", "a\nc\n", "b\n...\na\n", "a x\n"):
            self.assertFalse(is_printed(expected, "a\nbx\nc\n"), expected)

    def test_names_of_findings_are_those_of_check(self):
        table = GUIDE.read_text().partition("| what you see |")[2].partition("\n\n")[0]
        named = set(re.findall(r"`([a-z_]+)`", table)) - {"check"}
        self.assertGreater(len(named), 12)
        known = (REPOSITORY / "docs/check.md").read_text() + (REPOSITORY / "docs/lag.md").read_text()
        self.assertEqual(named - set(re.findall(r"`([a-z_]+)`", known)), set())

    def test_links_lead_somewhere(self):
        for target in re.findall(r"\]\(([^)]+)\)", GUIDE.read_text()):
            path, _, anchor = target.partition("#")
            file = GUIDE.parent / path
            self.assertTrue(file.exists(), target)
            headings = [re.sub(r"[^a-z0-9 -]", "", line.lower()).strip().replace(" ", "-")
                        for line in re.findall(r"(?m)^#+ (.*)$", file.read_text())] if anchor else [""]
            self.assertIn(anchor, headings, target)


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
    name = "pg_replication_exporter"
    for file, place in ((Path(BINARY).resolve(), f"usr/bin/{name}"),
                        (systemd / "config.yml", f"etc/{name}/config.yml"),
                        (systemd / f"{name}.default", f"etc/default/{name}"),
                        (systemd / f"{name}.service", f"usr/lib/systemd/system/{name}.service")):
        run(["install", "-D", file, tree / place])
    (tree / "etc" / name / "passwords").mkdir(mode=0o700)
    (tree / "DEBIAN").mkdir()
    (tree / "DEBIAN/control").write_text(CONTROL)
    run(["dpkg-deb", "-Znone", "--build", tree, home / "pg-replication-exporter_0.0.0-1_all.deb"])


if __name__ == "__main__":
    unittest.main()
