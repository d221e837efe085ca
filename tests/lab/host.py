# SPDX-License-Identifier: Apache-2.0
"""Hosts of their own on one machine: what is done on them is done as the manual says, by root, in /etc.

A host is a set of namespaces. It has its processes, its name, its address, and a root that begins as
this machine's, or as that of a chroot, and forgets with its end what was written to it. So tests take
the real paths and ports, and nothing of the machine is touched.
"""

import os
import shutil
import subprocess
from pathlib import Path

from .process import run
from .shell import Shell
from .waiting import wait_until
from .workspace import REPOSITORY

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Empty at the beginning, whatever servers this machine has.
CLEAN = ("etc/postgresql", "var/lib/postgresql", "var/log/postgresql", "run", "tmp", "root", "dev/shm")
# Its first process: it must reap, as every init does.
INIT = r"""set -e
folder=$1 lower=$2 name=$3 homes=$4 address=$5 kit=$6; shift 6
mount -t tmpfs tmpfs "$folder"
mkdir "$folder"/{upper,work,root}
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$folder/upper,workdir=$folder/work" "$folder/root"
cd "$folder/root"
mount -t proc proc proc
mount --rbind /dev dev
for one; do mkdir -p "$one"; mount -t tmpfs -o mode=755 tmpfs "$one"; done
chmod 1777 tmp dev/shm
# By its own list of users.
chroot . chown postgres: /var/lib/postgresql /var/log/postgresql
mkdir run/homes
mount --bind "$homes" run/homes
mount --bind "$homes/$address" root
for one in "$kit"/*; do cp "$one" usr/local/bin/; done
hostname "$name"
echo "127.0.1.1 $name" >>etc/hosts
echo ready
while :; do sleep 1; done
"""


def missing():
    """Why there can be no hosts here; None where there can."""
    if os.geteuid() != 0:
        return "hosts of their own need root"
    for program, package in (("ip", "iproute2"), ("pg_createcluster", "postgresql-common")):
        if not shutil.which(program):
            return f"{package} is not installed"
    allowed = subprocess.run(
        ["unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "sh", "-c",
         "ip link add type veth && mount -t tmpfs tmpfs /mnt && mkdir /mnt/u /mnt/w && mount -t "
         "overlay overlay -o lowerdir=/etc,upperdir=/mnt/u,workdir=/mnt/w /mnt/w"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return "this machine lets root have no namespaces, veth or overlay" if allowed.returncode else None


class Network:
    """Hosts, by their addresses in one /24."""

    def __init__(self, workspace):
        self.workspace = workspace
        self.homes = workspace.directory("homes")
        self._switch = workspace.spawn(["unshare", "--net", "sleep", "infinity"])
        wait_until(lambda: _is_apart(self._switch.pid, "net"), "the switch is there")
        self._ip("link", "add", "switch", "type", "bridge")
        self._ip("link", "set", "switch", "up")

    def host(self, name, address, root="/"):
        (self.homes / address).mkdir(mode=0o700)
        host = Host(self.workspace, name, address, self.homes, root)
        self._ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", host.pid)
        self._ip("link", "set", name, "master", "switch")
        self._ip("link", "set", name, "up")
        host.connect()
        return host

    def _ip(self, *words):
        run(["nsenter", f"--target={self._switch.pid}", "--net", "ip", *words])


class Host:
    def __init__(self, workspace, name, address, homes, root):
        self.name, self.address, self.home = name, address, homes / address
        self._workspace = workspace
        self._folder = workspace.directory(f"host-{name}")
        unshare = workspace.spawn(
            ["unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child",
             "bash", "-c", INIT, "init", self._folder, root, name, homes, address,
             REPOSITORY / "tests/lab/reader", *CLEAN],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said = unshare.stdout.readline()
        if said != "ready\n":
            raise RuntimeError(f"host {name} does not begin: {said}{unshare.stdout.read()}")
        self.pid = int(Path(f"/proc/{unshare.pid}/task/{unshare.pid}/children").read_text())

    def connect(self):
        for words in (("addr", "add", f"{self.address}/24", "dev", "eth0"),
                      ("link", "set", "eth0", "up"), ("link", "set", "lo", "up")):
            run(["nsenter", f"--target={self.pid}", "--net", "ip", *words])

    def argv(self, *words):
        """What runs these words on the host, as root who has just logged in."""
        return ["nsenter", f"--target={self.pid}", "--mount", "--net", "--uts", "--ipc", "--pid",
                "chroot", f"{self._folder}/root", "env", "-i", f"PATH={PATH}", "HOME=/root",
                "LC_ALL=C.UTF-8", "sh", "-c", 'cd && exec "$@"', "sh", *map(str, words)]

    def run(self, *words, **options):
        """As tests.lab.process.run does."""
        return run(self.argv(*words), **options)

    def shell(self):
        return Shell(self._workspace, self.name, self.argv("bash"))


def _is_apart(pid, kind):
    return os.readlink(f"/proc/{pid}/ns/{kind}") != os.readlink(f"/proc/self/ns/{kind}")
