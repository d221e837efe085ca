# SPDX-License-Identifier: Apache-2.0
"""Objects of every case are what Kubernetes and Prometheus' operator take, in several versions."""

import functools
import json
import unittest

import jsonschema
import yaml

from helm.tests.chart import CASES, CHART, REPOSITORY, helm, render

SCHEMAS = REPOSITORY / "tests/schemas"
VERSIONS = ("1.25", "1.29", "1.33", "1.37")
# Kinds of operators whose schemas are not here.
UNCHECKED = {"gateway.networking.k8s.io/v1/HTTPRoute", "grafana.integreatly.org/v1beta1/GrafanaDashboard"}


@functools.cache
def validators(file):
    """{kind: validator}."""
    schema = json.loads((SCHEMAS / file).read_text())
    return {kind: jsonschema.Draft7Validator({"$ref": f"#/kinds/{kind.replace('/', '~1')}", **schema})
            for kind in schema["kinds"]}


def problems(thing, version):
    kind = f"{thing['apiVersion']}/{thing['kind']}"
    if kind in UNCHECKED:
        return []
    known = validators(f"kubernetes-{version}.json") | validators("prometheus-operator.json")
    if kind not in known:
        return [f"{kind} is not in Kubernetes {version}"]
    return [f"{kind} {thing['metadata']['name']}: {'/'.join(map(str, one.path))}: {one.message[:200]}"
            for one in known[kind].iter_errors(thing)]


class SchemasTest(unittest.TestCase):
    def test_a_wrong_object_is_found(self):
        for wrong in ({"spec": {"replicas": "2"}}, {"spec": {"replica": 2}}, {"specs": {}}):
            thing = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}} | wrong
            for version in VERSIONS:
                self.assertTrue(problems(thing, version), wrong)
        monitor = {"apiVersion": "monitoring.coreos.com/v1", "kind": "ServiceMonitor",
                   "metadata": {"name": "x"}, "spec": {"selector": {}, "endpoints": [{"prot": "http"}]}}
        self.assertTrue(problems(monitor, VERSIONS[0]))

    def test_every_case_by_every_version(self):
        for case in CASES:
            for major, version in ((3, VERSIONS[0]), (4, VERSIONS[1]), (3, VERSIONS[2]), (4, VERSIONS[3])):
                with self.subTest(case=case.name, helm=major, kubernetes=version):
                    objects = render(case, major, f"{version}.0")
                    self.assertTrue(objects)
                    self.assertEqual(sum((problems(one, version) for one in objects), []), [])

    def test_both_render_alike(self):
        for case in CASES:
            self.assertEqual(render(case, 3), render(case, 4), case.name)

    def test_lint(self):
        for major in (3, 4):
            for case in CASES:
                helm("lint", "--strict", CHART, "--values", case, major=major)

    def test_the_schema_knows_each_value_and_no_other(self):
        schema = json.loads((CHART / "values.schema.json").read_text())
        self.assertEqual(list(compare(yaml.safe_load((CHART / "values.yaml").read_text()), schema)), [])


def compare(values, schema, at=""):
    """Keys that only one of the two has."""
    known = schema.get("properties")
    if not isinstance(values, dict) or known is None or schema.get("additionalProperties") is not False:
        return
    for key in values:
        if key in known:
            yield from compare(values[key], known[key], f"{at}.{key}")
        else:
            yield f"not in the schema: {at}.{key}"
    if at != ".config":  # its keys are the configuration file's
        yield from (f"not in values.yaml: {at}.{key}" for key in known if key not in values)


if __name__ == "__main__":
    unittest.main()
