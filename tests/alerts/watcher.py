# SPDX-License-Identifier: Apache-2.0
"""What Prometheus and Alertmanager say of alerts, and when: a second apart."""

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

# Fires at all times.
WATCHDOG = "PostgresReplicationWatchdog"
# Alertmanager's receiver of what is critical.
_PAGER = "pager"


@dataclass
class Episode:
    """One alert of one cluster, from inactive to inactive."""
    alert: str
    labels: dict
    pending: float | None = None
    firing: float | None = None
    notified: float | None = None
    ended: float | None = None
    annotations: dict = field(default_factory=dict)
    servers: set = field(default_factory=set)  # that it fired for
    instances: int = 0  # the most that fired at once with the same labels: two are one too many


class Watcher:
    """A thread that asks Prometheus; `notified` is for the sink. Times are time.monotonic()."""

    def __init__(self, prometheus, cluster_of_instance):
        self.prometheus = prometheus
        self._cluster_of_instance = cluster_of_instance
        self._lock = threading.Lock()
        self._open = {}  # (cluster, alert) -> Episode
        self._closed = []
        self._pages = []  # (when, cluster, status)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watcher", daemon=True)
        self._thread.start()

    def close(self):
        self._end.set()
        self._thread.join()

    def cluster_of(self, labels):
        return labels.get("pg_cluster") or self._cluster_of_instance.get(labels.get("instance"), "")

    def episode(self, cluster, alert, since):
        """The one that goes on, else the last one that began after this moment."""
        with self._lock:
            if found := self._open.get((cluster, alert)):
                return found
            ended = [one for key, one in self._closed if key == (cluster, alert)
                     and (one.pending or one.firing or 0) >= since]
            return ended[-1] if ended else None

    def is_firing(self, cluster, alert):
        with self._lock:
            found = self._open.get((cluster, alert))
            return found is not None and found.firing is not None

    def is_active(self, cluster, alert):
        with self._lock:
            return (cluster, alert) in self._open

    def fired(self, cluster, since):
        """Names of all that have begun to fire in this cluster since then."""
        with self._lock:
            episodes = [one for key, one in self._closed if key[0] == cluster]
            episodes += [one for key, one in self._open.items() if key[0] == cluster]
            return {one.alert for one in episodes if one.firing and one.firing >= since}

    def pages(self, cluster, since):
        """'firing' or 'resolved' of each notification that has woken somebody for this cluster."""
        with self._lock:
            return [status for at, name, status in self._pages if name == cluster and at >= since]

    def notified(self, notification):
        """Takes what Alertmanager sends."""
        now = time.monotonic()
        with self._lock:
            if notification["receiver"] == _PAGER:
                name = self.cluster_of(notification["groupLabels"])
                self._pages.append((now, name, notification["status"]))
            for alert in notification["alerts"]:
                key = self.cluster_of(alert["labels"]), alert["labels"]["alertname"]
                found = self._open.get(key)
                if found and not found.notified and alert["status"] == "firing":
                    found.notified = now

    def _watch(self):
        while not self._end.wait(1):
            with suppress(OSError):
                self._take(self.prometheus.alerts())

    def _take(self, alerts):
        now = time.monotonic()
        with self._lock:
            seen, counts = set(), {}
            for alert in alerts:
                labels = alert["labels"]
                key = self.cluster_of(labels), labels["alertname"]
                if key[1] == WATCHDOG:
                    continue
                seen.add(key)
                episode = self._open.setdefault(key, Episode(key[1], labels))
                if alert["state"] == "pending":
                    episode.pending = episode.pending or now
                else:
                    episode.firing = episode.firing or now
                    episode.labels, episode.annotations = labels, alert["annotations"]
                    episode.servers.add(labels.get("server", ""))
                    same = (*key, labels.get("server"), labels.get("slot_name"),
                            labels.get("instance"), labels.get("standby"), labels.get("collector"))
                    counts[same] = counts.get(same, 0) + 1
                    episode.instances = max(episode.instances, counts[same])
            for key in self._open.keys() - seen:
                episode = self._open.pop(key)
                episode.ended = now
                self._closed.append((key, episode))
