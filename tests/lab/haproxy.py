# SPDX-License-Identifier: Apache-2.0
"""A real HAProxy, with a configuration that is shipped."""

import shutil

from .process import Process, run

PROGRAM = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")


class Haproxy(Process):
    """Runs in the foreground with this text as its configuration."""

    def __init__(self, workspace, text):
        config = workspace.folder / "haproxy.cfg"
        config.write_text(text)
        run([PROGRAM, "-c", "-f", config])
        super().__init__(workspace, "haproxy", [PROGRAM, "-db", "-f", config])
