# SPDX-License-Identifier: Apache-2.0
"""A real Grafana with the shipped provisioning and dashboards, where it is installed."""

import configparser
import os
import shutil
from pathlib import Path

from .process import Process
from .web import answers
from .workspace import REPOSITORY

SHIPPED = REPOSITORY / "grafana"
# Where Grafana's own packages and its image put what belongs to the program.
HOME = Path(os.environ.get("GF_PATHS_HOME", "/usr/share/grafana"))


def program():
    """`grafana` of release 9.4 and later, or None. Debian has no package of it; grafana.com has."""
    return shutil.which("grafana", path=f"{os.environ['PATH']}:/usr/sbin:{HOME}/bin")


def provision(folder, prometheus_url):
    """The shipped provisioning in `folder`, with the two lines changed that README.md says to."""
    shutil.copytree(SHIPPED / "provisioning", folder)
    _replace(folder / "datasources/prometheus.yaml", "http://localhost:9090", prometheus_url)
    _replace(folder / "dashboards/pg_replication_exporter.yaml",
             "/var/lib/grafana/dashboards/pg_replication_exporter", str(SHIPPED / "dashboards"))
    return folder


class Grafana(Process):
    """Whoever reaches it may look; nothing is kept, nothing calls home."""

    def __init__(self, workspace, prometheus_url, port):
        self.url = f"http://127.0.0.1:{port}"
        folder = workspace.directory("grafana")
        settings = configparser.ConfigParser(interpolation=None)
        settings.read_dict({
            "server": {"http_addr": "127.0.0.1", "http_port": port},
            "paths": {"data": folder / "data", "logs": folder / "logs", "plugins": folder / "plugins",
                      "provisioning": provision(folder / "provisioning", prometheus_url)},
            "auth.anonymous": {"enabled": True, "org_role": "Viewer"},
            "analytics": {"reporting_enabled": False, "check_for_updates": False},
            "plugins": {"preinstall_disabled": True}})
        config = folder / "grafana.ini"
        with config.open("w") as file:
            settings.write(file)
        super().__init__(workspace, "grafana",
                         [program(), "server", f"--homepath={HOME}", f"--config={config}"])
        # It migrates an empty database first.
        self.wait_until(lambda: answers(self.url + "/api/health"), "is ready", seconds=90)


def _replace(file, old, new):
    text = file.read_text()
    if text.count(old) != 1:
        raise RuntimeError(f"{file} has {text.count(old)} times {old}")
    file.write_text(text.replace(old, new))
