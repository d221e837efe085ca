# SPDX-License-Identifier: Apache-2.0
"""README.md of the chart, from its values' comments.

    python3 -m helm.tests.document    writes it (make chart)
"""

import json
import re

import yaml

from helm.tests.chart import CASES, CHART

FILE = CHART / "README.md"

HEAD = """# pg-replication-exporter

<!-- Generated from Chart.yaml, values.yaml and ci/ by make chart; do not edit. -->

{description}. Chart {version}, for the exporter {app}, Kubernetes {kube}.

```sh
helm install pgrepl helm/pg-replication-exporter --namespace monitoring --create-namespace --values values.yaml
helm test pgrepl --namespace monitoring --logs
```

The least that `values.yaml` says is a cluster and a Secret with the password of its monitoring role:

```yaml
{least}
```

## Recipes

Each is a file that is rendered and held against the schemas of Kubernetes by tests.

| file | for |
|---|---|
{recipes}

## What to know

- **No password is in the values.** Secrets are mounted as files; a new password is used at the next connect, without a restart.
- **Rules and dashboards are those of this version**, `alerts/rules` and `grafana/dashboards`: nothing is copied by hand. An alert is
  changed by its name: `prometheusRule.alerts.PostgresReplayPaused.disabled: true`.
- **`shards: N`** gives each of N pods its part of the clusters, by the cluster's name: from N to N+1 only 1/(N+1) of them move.
- **`replicas: 2`** watches everything twice; rules and dashboards count nothing twice, so that no alert comes twice.
- **The page and its API have no password.** `networkPolicy` says who may connect, `ingress` and `httpRoute` are off.

## Values

| key | default | |
|---|---|---|
{values}
"""


def text():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    least = (CHART / "ci/default-values.yaml").read_text().partition("\n")[2].strip()
    return HEAD.format(
        description=chart["description"], version=chart["version"], app=chart["appVersion"],
        kube=chart["kubeVersion"].removesuffix("-0"), least=least, recipes="\n".join(map(_recipe, CASES)),
        values="\n".join(f"| `{key}` | {_code(default)} | {words} |" for key, default, words in values()))


def _recipe(case):
    words = []
    for line in case.read_text().splitlines():
        if not line.startswith("#"):
            break
        words.append(line.removeprefix("# "))
    return f"| [ci/{case.name}](ci/{case.name}) | {' '.join(words)} |"


def values():
    """(key, default, description) of each documented value, in the file's order."""
    source = (CHART / "values.yaml").read_text()
    defaults = yaml.safe_load(source)
    path, words = [], None
    for line in source.splitlines():
        comment = re.match(r"\s*# (-- )?(.*)", line)
        key = re.match(r"( *)([A-Za-z]+):", line)
        if comment:
            words = comment[2] if comment[1] else f"{words} {comment[2]}" if words else None
        elif key:
            del path[len(key[1]) // 2:]
            path.append(key[2])
            if words:
                yield ".".join(path), _at(defaults, path), words.replace("|", "\\|")
            words = None
        else:
            words = None


def _at(place, path):
    for key in path:
        place = place[key]
    return place


def _code(default):
    # A map whose keys have lines of their own.
    if isinstance(default, dict) and default:
        return ""
    return f"`{json.dumps(default)}`"


def main():
    FILE.write_text(text())


if __name__ == "__main__":
    main()
