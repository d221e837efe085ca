# SPDX-License-Identifier: Apache-2.0
"""A real Alertmanager, and a place where its notifications arrive."""

import json
import shutil
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .listener import Listener
from .process import Process
from .web import answers, get

# Where the shipped configuration sends notifications, until a site puts its own receivers there.
PLACEHOLDER = "http://127.0.0.1:9718/"


class Sink(Listener):
    """Takes webhook notifications for as long as its `with` block lasts."""

    def __init__(self, port, on_notification=lambda notification: None):
        self.port = port
        self.url = f"http://127.0.0.1:{port}/"
        self.notifications = []
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                notification = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(204)
                self.end_headers()
                sink.notifications.append(notification)
                on_notification(notification)

            def log_message(self, *_):
                pass

        super().__init__(ThreadingHTTPServer(("127.0.0.1", port), Handler), "sink")

    def alerts(self, status, name):
        """The alerts of this status ('firing', 'resolved') and name that were notified."""
        return [alert for notification in self.notifications for alert in notification["alerts"]
                if alert["status"] == status and alert["labels"]["alertname"] == name]


class Alertmanager(Process):
    """Runs a configuration file and the templates beside it, with the sink in the place of the
    placeholder receivers."""

    def __init__(self, workspace, config_file, sink, port=None):
        self.port = port or workspace.ports.take()
        self.address = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.address}"
        folder = workspace.directory("alertmanager")
        shipped = config_file.read_text()
        if PLACEHOLDER not in shipped:
            raise ValueError(f"{config_file} has no receiver at {PLACEHOLDER}")
        config = folder / "alertmanager.yml"
        config.write_text(shipped.replace(PLACEHOLDER, sink.url))
        for template in config_file.parent.glob("*.tmpl"):
            shutil.copy(template, folder)
        super().__init__(workspace, "alertmanager", [
            "prometheus-alertmanager", f"--config.file={config}", f"--storage.path={folder}/data",
            f"--web.listen-address={self.address}", "--cluster.listen-address="])
        self.wait_until(lambda: answers(self.url + "/-/ready"), "is ready")

    def alerts(self):
        """Active alerts, as the API describes them."""
        return json.loads(get(self.url + "/api/v2/alerts"))

    def take(self, alerts):
        """Alerts as Prometheus sends them: each with labels, annotations and endsAt as need be."""
        request = urllib.request.Request(
            self.url + "/api/v2/alerts", json.dumps(alerts).encode(),
            {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=5):
            pass
