# SPDX-License-Identifier: Apache-2.0
"""A fresh Debian of some suite, in a folder."""

from .process import run
from .workspace import REPOSITORY

SECONDS = 600


class Chroot:
    """Programs run in it by chroot; as root. It has the network of this machine."""

    def __init__(self, suite, folder):
        self.folder = folder
        run([REPOSITORY / "packaging/chroot.sh", suite, folder], seconds=SECONDS)

    def run(self, *words):
        return run(["unshare", "--mount", "--pid", "--fork", "--kill-child",
                    f"--mount-proc={self.folder}/proc", "chroot", self.folder, "env", "-i",
                    "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
                    "DEBIAN_FRONTEND=noninteractive", *words], seconds=SECONDS)

    def install(self, *packages):
        self.run("apt-get", "install", "-y", "-qq", "--no-install-recommends",
                 "-o", "Dpkg::Options::=--force-confold", *packages)
