# SPDX-License-Identifier: Apache-2.0
"""Debian packages in fresh systems of their suites, the image's size, and whether a release is the same
twice, into docs/packages.md.

    python3 -m tests.packaging.proof --exporter BINARY     (make proof-packages; as root)
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.lab.chroot import Chroot
from tests.lab.ports import Ports
from tests.lab.process import run
from tests.lab.waiting import wait_until
from tests.lab.web import answers, get
from tests.lab.workspace import REPOSITORY

FILE = REPOSITORY / "docs/packages.md"
NAME = "pg-replication-exporter"
CONFIG = "etc/pg_replication_exporter/config.yml"
MINUTES = 60


class Root(Chroot):
    """In which a package is tried."""

    def install_file(self, deb):
        shutil.copyfile(deb, self.folder / "tmp/package.deb")
        self.install("/tmp/package.deb")

    def files(self):
        """Of the package, that are there."""
        return [path for pattern in ("usr/bin/pg_repl*", "etc/pg_repl*", "etc/default/pg_repl*",
                                     "usr/lib/systemd/system/pg_repl*", "usr/share/pg_repl*",
                                     f"usr/share/doc/{NAME}")
                for path in self.folder.glob(pattern)]


def older(deb, folder):
    """The same package as a version before."""
    tree = folder / "older"
    run(["dpkg-deb", "--raw-extract", deb, tree])
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"^Version: .*", "Version: 0.0.9-1", control.read_text(), flags=re.M))
    config = tree / CONFIG
    config.write_text("# of the version before\n" + config.read_text())
    run(["dpkg-deb", "--root-owner-group", "--build", tree, folder / "older.deb"])
    return folder / "older.deb"


def serves(root, ports):
    port = ports.take()
    exporter = subprocess.Popen(
        ["chroot", "--userspec=65534:65534", str(root.folder), "/usr/bin/pg_replication_exporter",
         f"--config.file=/{CONFIG}", f"--web.listen-address=127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(url + "/-/ready"), "the installed exporter is ready", 20)
        if 'pgrepl_up{pg_cluster="main",server="local"} 0' not in get(url + "/metrics"):
            raise RuntimeError("its page lacks the server of the packaged configuration")
    finally:
        exporter.terminate()
        exporter.wait(10)


def try_package(suite, deb):
    """Installs, upgrades, removes and purges it; raises where that isn't clean. What it saw."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        root = Root(suite, folder / "root")
        root.run("apt-get", "update", "-qq")
        before = {file for file in (root.folder / "etc").rglob("*")}
        root.install_file(older(deb, folder))
        (root.folder / "etc/pg_replication_exporter/passwords/main").write_text("secret\n")
        with (root.folder / CONFIG).open("a") as config:
            config.write("# changed here\n")
        root.install_file(deb)
        if "# changed here" not in (root.folder / CONFIG).read_text():
            raise RuntimeError("an upgrade lost what was changed in its configuration")
        version = root.run("pg_replication_exporter", "--version").strip()
        serves(root, Ports())
        depends = root.run("dpkg-query", "-W", "-f", "${Depends}", NAME)
        root.run("apt-get", "remove", "-y", "-qq", NAME)
        if not (root.folder / CONFIG).exists():
            raise RuntimeError("removing lost the configuration")
        root.run("apt-get", "purge", "-y", "-qq", NAME)
        if root.files():
            raise RuntimeError(f"purging left {root.files()}")
        left = {file for file in (root.folder / "etc").rglob("*")} - before
        left = {file for file in left if "pg_repl" in str(file)}
        if left:
            raise RuntimeError(f"purging left {left}")
    lintian = subprocess.run(["lintian", "--fail-on", "error", "--allow-root", deb], text=True,
                             capture_output=True, check=False)
    if lintian.returncode:
        raise RuntimeError(lintian.stdout)
    warnings = len(re.findall(r"^W:", lintian.stdout, re.M))
    return {"version": version, "depends": len(depends.split(",")), "warnings": warnings}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--exporter", type=Path, required=True)
    parser.add_argument("--suites", nargs="+", default=["bookworm", "trixie"])
    parser.add_argument("--again", nargs="*", help="suites whose packages are made twice (all)")
    options = parser.parse_args()
    again = options.suites if options.again is None else options.again
    commit = run(["git", "-C", REPOSITORY, "rev-parse", "--short", "HEAD"]).strip()
    with tempfile.TemporaryDirectory() as scratch:
        first = released(Path(scratch) / "first", commit, options.suites)
        second = released(Path(scratch) / "second", commit, again)
        return tell(commit, first, second, options)


def tell(commit, first, second, options):
    """Tries what a release has, and writes the file. The exit code."""
    rows = []
    for suite in options.suites:
        deb = next(first.glob(f"*~{suite}_*.deb"))
        seen = try_package(suite, deb)
        rows.append(f"| {suite} | {deb.stat().st_size / 1e6:.2f} MB | {seen['depends']} | "
                    f"{seen['version']} | 0, {seen['warnings']} |")
        print(rows[-1], flush=True)
    same = same_bytes(first, second)
    write(commit, rows, same, image_bytes(options.exporter))
    return any("NO" in row for row in same)


def released(folder, commit, suites):
    begin = time.monotonic()
    run([REPOSITORY / "packaging/dist.sh", folder, *suites], seconds=(1 + len(suites)) * MINUTES * 60,
        env={**os.environ, "COMMIT": commit})
    print(f"a release took {time.monotonic() - begin:.0f} s", flush=True)
    return folder


def same_bytes(first, second):
    """A row for each file of a release but its checksums: whether the other has the same."""
    digests, others = (
        {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}
        for folder in (first, second))
    del digests["SHA256SUMS"]
    words = {name: "not made again" if name not in others else "yes" if digest == others[name] else "NO"
             for name, digest in sorted(digests.items())}
    return [f"| `{name}` | {word} |" for name, word in words.items()]


def image_bytes(exporter):
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "root"
        run([REPOSITORY / "packaging/image/rootfs.sh", exporter, root])
        return sum(file.stat().st_size for file in root.rglob("*") if file.is_file())


def write(commit, packages, files, image):
    FILE.write_text(f"""# Packages, in fresh systems

Generated by `make proof-packages`; do not edit. At {commit}, {time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores.

Each package is built in a chroot of its suite, and tried in another that is fresh: the version before is
installed, its configuration changed, a password put beside it; upgraded (the change stays), run as nobody
and scraped, removed (the configuration stays) and purged (nothing stays).

| suite | size | depends on | version | lintian: errors, warnings |
|---|---|---|---|---|
{chr(10).join(packages)}

The release of one commit is made twice, each package in a new chroot.

| file | the same bytes |
|---|---|
{chr(10).join(files)}

The image's root file system is {image / 1e6:.1f} MB, with nothing in it to run but the exporter.
""")


if __name__ == "__main__":
    sys.exit(main())
