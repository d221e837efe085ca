# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus that scrapes the exporter and evaluates rules."""

import json
import urllib.parse

from .process import Process
from .web import answers, get


class Prometheus(Process):
    """Ready when the constructor ends. `every` is its scrape and evaluation interval; `text`, where it is
    given, the whole configuration."""

    def __init__(self, workspace, targets, rules=(), alertmanager=None, every="15s", port=None,
                 text=None):
        self.port = port or workspace.ports.take()
        self.url = f"http://127.0.0.1:{self.port}"
        folder = workspace.directory("prometheus")
        config = folder / "prometheus.yml"
        config.write_text(
            text or json.dumps(_config(targets, rules, alertmanager, every), indent=2))
        super().__init__(workspace, "prometheus", [
            "prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{self.port}"])
        self.wait_until(lambda: answers(self.url + "/-/ready"), "is ready")

    def api(self, path, **parameters):
        query = urllib.parse.urlencode(parameters)
        return json.loads(get(f"{self.url}/api/v1/{path}?{query}"))["data"]

    def query(self, expression):
        """{labels: value} of an instant vector, the labels a frozenset of pairs."""
        return {frozenset(one["metric"].items()): float(one["value"][1])
                for one in self.api("query", query=expression)["result"]}

    def alerts(self, name=None):
        """Pending and firing alerts, as the API describes them."""
        return [alert for alert in self.api("alerts")["alerts"]
                if name in (None, alert["labels"]["alertname"])]

    def rule_errors(self):
        """What was wrong when rules were last evaluated; empty is well."""
        return [f"{rule['name']}: {rule['lastError']}" for group in self.api("rules")["groups"]
                for rule in group["rules"] if rule.get("lastError")]


def _config(targets, rules, alertmanager, every):
    alerting = [{"static_configs": [{"targets": [alertmanager]}]}] if alertmanager else []
    return {
        "global": {"scrape_interval": every, "evaluation_interval": every},
        "rule_files": [str(file) for file in rules],
        "alerting": {"alertmanagers": alerting},
        "scrape_configs": [{
            "job_name": "pg_replication_exporter",
            "static_configs": [{"targets": list(targets)}]}],
    }
