# SPDX-License-Identifier: Apache-2.0
"""The chart, rendered by a real Helm."""

import functools
import json
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
CHART = REPOSITORY / "helm/pg-replication-exporter"
NAME = "pg-replication-exporter"
CASES = sorted((CHART / "ci").glob("*-values.yaml"))
LEAST = {"config": {"clusters": [{"name": "main", "servers": [{"name": "p", "conninfo": "host=p"}]}]}}


class Refused(Exception):
    """Helm would not."""


def program(major):
    path = REPOSITORY / f".cache/helm/{major}/helm"
    if not path.exists():
        raise unittest.SkipTest(f"Helm {major} is not in .cache/helm: packaging/get-helm.sh")
    return path


def helm(*words, major=4):
    done = subprocess.run([program(major), *map(str, words)], capture_output=True, text=True,
                          timeout=60, check=False)
    if done.returncode:
        raise Refused(done.stderr or done.stdout)
    return done.stdout


@functools.cache
def _render(values, major, kube):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(values)
        file.flush()
        text = helm("template", "rel", CHART, "--namespace", "ns", "--values", file.name,
                    "--kube-version", kube, major=major)
    return [one for one in yaml.safe_load_all(text) if one]


def render(values, major=4, kube="1.33.0"):
    """The objects of these values: a dictionary, or a file."""
    text = values.read_text() if isinstance(values, Path) else json.dumps(values)
    return json.loads(json.dumps(_render(text, major, kube)))


def of_kind(objects, kind):
    return [one for one in objects if one["kind"] == kind]


def only(objects, kind):
    found = of_kind(objects, kind)
    if len(found) != 1:
        raise AssertionError(f"{len(found)} of kind {kind}: "
                             f"{[one['metadata']['name'] for one in found]}")
    return found[0]


def configurations(objects):
    """The texts of the exporter's configuration files."""
    return [one["data"]["config.yml"] for one in of_kind(objects, "ConfigMap")
            if "config.yml" in one.get("data", {})]


def notes(values):
    """What is told after an installation. Helm shows it with a cluster only, but a template may ask."""
    shown = ("{apiVersion: v1, kind: Secret, metadata: {name: notes}, stringData: {notes: "
             '{{ include "pg-replication-exporter/templates/NOTES.txt" . | toJson }}}}')
    objects = render(values | {"extraObjects": [shown]})
    return next(one for one in objects if one["metadata"]["name"] == "notes")["stringData"]["notes"]


def with_least(**values):
    return LEAST | values


def pod_of(objects):
    """The pod's spec of the only workload."""
    workloads = of_kind(objects, "Deployment") + of_kind(objects, "StatefulSet")
    return workloads[0]["spec"]["template"]["spec"]


def exporter_of(objects):
    return pod_of(objects)["containers"][0]
