# SPDX-License-Identifier: Apache-2.0
"""Makes the schemas in this folder from their origins: of a large set only what a test refers to.

    python3 -m tests.schemas.prune kubernetes_validate-1.37.0-py3-none-any.whl CRD_FOLDER compose_spec.json
"""

import json
import sys
import zipfile
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
VERSIONS = ("1.25", "1.29", "1.33", "1.37")
KINDS = ("configmap-v1", "deployment-apps-v1", "statefulset-apps-v1", "service-v1",
         "serviceaccount-v1", "secret-v1", "pod-v1", "role-rbac-v1", "rolebinding-rbac-v1",
         "networkpolicy-networking-v1", "ingress-networking-v1", "poddisruptionbudget-policy-v1")


def main(wheel, crds, compose):
    archive = zipfile.ZipFile(wheel)
    for version in VERSIONS:
        folder = f"kubernetes_validate/kubernetes-json-schema/v{version}.0-local-strict/"
        definitions = json.loads(archive.read(folder + "_definitions.json"))["$defs"]
        schema = {"kinds": {}, "definitions": {}}
        for kind in KINDS:
            one = json.loads(archive.read(f"{folder}{kind}.json"))
            about = one["x-kubernetes-group-version-kind"][0]
            name = "/".join(filter(None, (about["group"], about["version"], about["kind"])))
            schema["kinds"][name] = _inward(one)
        _close(schema, definitions)
        _write(f"kubernetes-{version}.json", schema)
    kinds = {}
    for file in sorted(Path(crds).glob("*.yaml")):
        crd = yaml.safe_load(file.read_text())["spec"]
        for version in crd["versions"]:
            name = f"{crd['group']}/{version['name']}/{crd['names']['kind']}"
            kinds[name] = _strict(version["schema"]["openAPIV3Schema"])
    _write("prometheus-operator.json", {"kinds": kinds, "definitions": {}})
    _write("compose-spec.json", _inward(json.loads(Path(compose).read_text())))


def _close(schema, definitions):
    """Adds what is referred to, and what that refers to."""
    open_names = _references(schema["kinds"])
    while open_names:
        name = open_names.pop()
        if name not in schema["definitions"]:
            schema["definitions"][name] = _inward(definitions[name])
            open_names |= _references(schema["definitions"][name])


def _inward(node):
    """Without prose; references to another file become references to this one."""
    if isinstance(node, list):
        return [_inward(one) for one in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _inward(value) for key, value in node.items()
            if not (key in ("description", "$id", "$schema") and isinstance(value, str))}
    if isinstance(kept.get("$ref"), str):
        kept["$ref"] = "#/definitions/" + kept["$ref"].rpartition("/")[2]
    return kept


def _references(node):
    if isinstance(node, list):
        return set().union(*map(_references, node))
    if not isinstance(node, dict):
        return set()
    own = node.get("$ref")
    found = {own.rpartition("/")[2]} if isinstance(own, str) else set()
    return found.union(*map(_references, node.values()))


def _strict(node):
    """As the API server prunes what it doesn't know, an unknown key would be lost without a word."""
    node = _inward(node)
    if isinstance(node, dict):
        node = {key: {name: _strict(one) for name, one in value.items()} if key == "properties"
                else _strict(value) if isinstance(value, dict) else value
                for key, value in node.items()}
        closed = "properties" in node and "additionalProperties" not in node
        if closed and not node.get("x-kubernetes-preserve-unknown-fields"):
            node["additionalProperties"] = False
    return node


def _write(name, schema):
    (HERE / name).write_text(json.dumps(schema, separators=(",", ":"), sort_keys=True) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
