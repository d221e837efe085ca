# SPDX-License-Identifier: Apache-2.0
"""Each template, and each switch of the values."""

import unittest

import yaml

from helm.tests.chart import (CASES, CHART, NAME, REPOSITORY, configurations, exporter_of, of_kind,
                              only, pod_of, render, with_least)

ALL = CHART / "ci/everything-values.yaml"
SHARDS = CHART / "ci/shards-values.yaml"
SIDECAR = CHART / "ci/sidecar-values.yaml"
CNPG = CHART / "ci/cloudnativepg-values.yaml"


def kinds(objects):
    return {one["kind"] for one in objects}


def config_of(objects):
    return yaml.safe_load(configurations(objects)[0])


def mounts(container):
    return {one["mountPath"]: one["name"] for one in container["volumeMounts"]}


class DefaultsTest(unittest.TestCase):
    def setUp(self):
        self.objects = render(with_least())

    def test_little_is_made(self):
        self.assertEqual(kinds(self.objects),
                         {"ConfigMap", "Deployment", "Service", "ServiceAccount", "Pod"})

    def test_pod_security_is_restricted(self):
        pod, container = pod_of(self.objects), exporter_of(self.objects)
        self.assertTrue(pod["securityContext"]["runAsNonRoot"])
        self.assertGreater(pod["securityContext"]["runAsUser"], 0)
        self.assertEqual(pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
        self.assertEqual(container["securityContext"], {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]}})
        self.assertFalse(pod["automountServiceAccountToken"])
        self.assertNotIn("hostNetwork", pod)

    def test_probes_ask_no_database(self):
        container = exporter_of(self.objects)
        self.assertEqual(container["livenessProbe"]["httpGet"]["path"], "/-/healthy")
        self.assertEqual(container["readinessProbe"]["httpGet"]["path"], "/-/ready")

    def test_names_and_labels(self):
        for one in self.objects:
            self.assertEqual(one["metadata"]["namespace"], "ns")
            self.assertEqual(one["metadata"]["labels"]["app.kubernetes.io/instance"], "rel")
        self.assertEqual(only(self.objects, "Deployment")["metadata"]["name"], f"rel-{NAME}")
        self.assertEqual(only(render(with_least(nameOverride="x")), "Deployment")["metadata"]["name"],
                         "rel-x")
        long = render(with_least(fullnameOverride="x" * 60))
        self.assertEqual(only(long, "Deployment")["metadata"]["name"], "x" * 52)

    def test_the_service_leads_to_the_pods(self):
        selector = only(self.objects, "Service")["spec"]["selector"]
        template = only(self.objects, "Deployment")["spec"]["template"]
        self.assertLessEqual(selector.items(), template["metadata"]["labels"].items())

    def test_a_changed_configuration_makes_new_pods(self):
        def checksum(values):
            return only(render(values), "Deployment")["spec"]["template"]["metadata"]["annotations"].get(
                "checksum/config")
        self.assertNotEqual(checksum(with_least()), checksum(with_least(
            passwordSecrets={"default": {"name": "x"}})))
        self.assertIsNone(checksum(with_least(configReloader={"enabled": True})))


class SecretsTest(unittest.TestCase):
    def test_passwords_come_from_secrets_alone(self):
        for case in CASES:
            for one in render(case):
                self.assertFalse(one["kind"] == "Secret" and "rel-text" != one["metadata"]["name"],
                                 case.name)

    def test_each_server_has_the_password_of_its_cluster(self):
        objects = render(CHART / "ci/statefulset-values.yaml")
        config = config_of(objects)
        orders, billing = config["clusters"]
        for server in orders["servers"]:
            self.assertEqual(server["password_file"], "/etc/pgrepl/passwords/orders/password")
        self.assertNotIn("password_file", billing["discover"])
        self.assertEqual(config["defaults"], {
            "password_file": "/etc/pgrepl/passwords/default/password", "max_lag": "30s"})
        exporter = exporter_of(objects)
        volumes = {one["name"]: one for one in pod_of(objects)["volumes"]}
        for folder, secret in (("passwords/orders", "orders-monitor"),
                               ("passwords/default", "pgrepl-monitor"), ("tls/orders", "orders-ca")):
            volume = volumes[mounts(exporter)[f"/etc/pgrepl/{folder}"]]
            self.assertEqual(volume["secret"]["secretName"], secret)
            self.assertEqual(volume["secret"]["defaultMode"], 0o440, "libpq takes no more of a key")

    def test_members_have_it_too(self):
        cluster = config_of(render(CNPG))["clusters"][0]
        self.assertEqual(cluster["discover"]["password_file"], "/etc/pgrepl/passwords/orders/password")

    def test_a_password_of_ones_own_stays(self):
        values = with_least(passwordSecrets={"clusters": {"main": {"name": "x"}}})
        values["config"] = {"clusters": [{"name": "main", "servers": [
            {"name": "p", "conninfo": "host=p", "password_command": "pass show p"}]}]}
        server = config_of(render(values))["clusters"][0]["servers"][0]
        self.assertNotIn("password_file", server)

    def test_pgpass_is_nobodys_elses(self):
        pod = pod_of(render(ALL))
        init = pod["initContainers"][0]
        self.assertIn("chmod 600 /pgpass/pgpass", init["command"][-1])
        self.assertIn({"name": "PGPASSFILE", "value": "/etc/pgrepl/pgpass/pgpass"},
                      exporter_of(render(ALL))["env"])


class WorkloadTest(unittest.TestCase):
    def test_shards_are_a_stateful_set_for_each_replica(self):
        objects = render(SHARDS)
        self.assertEqual(of_kind(objects, "Deployment"), [])
        first, second = of_kind(objects, "StatefulSet")
        for one in (first, second):
            self.assertEqual(one["spec"]["replicas"], 3)
            container = one["spec"]["template"]["spec"]["containers"][0]
            self.assertIn("--shard=$(POD_NAME)/3", container["args"])
            self.assertEqual(container["env"][0]["valueFrom"]["fieldRef"]["fieldPath"], "metadata.name")
            self.assertLessEqual(one["spec"]["selector"]["matchLabels"].items(),
                                 one["spec"]["template"]["metadata"]["labels"].items())
        self.assertNotEqual(first["metadata"]["name"], second["metadata"]["name"])
        self.assertNotEqual(first["spec"]["selector"], second["spec"]["selector"])

    def test_a_sidecar_is_no_pod(self):
        objects = render(SIDECAR)
        self.assertEqual(kinds(objects), {"ConfigMap", "PodMonitor", "PrometheusRule"})
        self.assertEqual(only(objects, "PodMonitor")["spec"]["selector"]["matchLabels"],
                         {"pgrepl/sidecar": f"rel-{NAME}"})

    def test_image(self):
        def image(**values):
            return exporter_of(render(with_least(**values)))["image"]
        version = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
        self.assertEqual(image(), f"ghcr.io/{NAME}/{NAME}:{version}")
        self.assertEqual(image(image={"tag": "x"}), f"ghcr.io/{NAME}/{NAME}:x")
        digest = "sha256:" + "0" * 64
        self.assertEqual(image(image={"tag": "x", "digest": digest}), f"ghcr.io/{NAME}/{NAME}@{digest}")
        self.assertEqual(image(**{"global": {"imageRegistry": "r"}}), f"r/{NAME}/{NAME}:{version}")
        self.assertEqual(image(image={"registry": ""}), f"{NAME}/{NAME}:{version}")

    def test_a_configuration_of_ones_own(self):
        objects = render(CHART / "ci/existing-config-values.yaml")
        self.assertEqual(of_kind(objects, "ConfigMap"), [])
        self.assertIn("--config.file=/etc/pgrepl/config/pg_replication_exporter.yml",
                      exporter_of(objects)["args"])

    def test_everything_of_the_pod(self):
        objects = render(ALL)
        pod, exporter = pod_of(objects), exporter_of(objects)
        for key in ("nodeSelector", "tolerations", "affinity", "priorityClassName", "runtimeClassName",
                    "dnsPolicy", "dnsConfig", "hostAliases", "imagePullSecrets"):
            self.assertTrue(pod[key], key)
        self.assertEqual(pod["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"],
                         only(objects, "Deployment")["spec"]["selector"]["matchLabels"])
        self.assertEqual([one["name"] for one in pod["containers"]],
                         ["exporter", "config-reloader", "beside"])
        self.assertIn("--web.enable-lifecycle", exporter["args"])
        self.assertIn("--no-collector.subscriptions", exporter["args"])
        self.assertEqual(exporter["resources"]["limits"], {"memory": "128Mi"})
        self.assertIn("/tmp", mounts(exporter))
        self.assertEqual({one["metadata"]["name"] for one in objects} & {"rel-extra", "rel-text"},
                         {"rel-extra", "rel-text"})

    def test_selectors_never_change(self):
        """They are immutable: an upgrade that changes one fails."""
        kept = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/instance": "rel"}
        for case in CASES:
            objects = render(case)
            for one in of_kind(objects, "Deployment"):
                self.assertEqual(one["spec"]["selector"]["matchLabels"], kept, case.name)
            for number, one in enumerate(of_kind(objects, "StatefulSet")):
                self.assertEqual(one["spec"]["selector"]["matchLabels"],
                                 kept | {"pgrepl/replica": str(number)}, case.name)
                self.assertEqual(one["spec"]["serviceName"], f"rel-{NAME}")

    def test_the_test_asks_for_each_cluster(self):
        containers = only(render(CHART / "ci/statefulset-values.yaml"), "Pod")["spec"]["containers"]
        self.assertEqual([one["args"][-1] for one in containers],
                         ["--cluster=orders", "--cluster=billing"])
        self.assertEqual(of_kind(render(with_least(tests={"enabled": False})), "Pod"), [])


class MonitoringTest(unittest.TestCase):
    def test_labels_that_prometheus_selects_by(self):
        objects = render(CHART / "ci/statefulset-values.yaml")
        for kind in ("ServiceMonitor", "PrometheusRule"):
            self.assertEqual(only(objects, kind)["metadata"]["labels"]["release"],
                             "kube-prometheus-stack")

    def test_the_service_monitor_finds_the_service(self):
        objects = render(CHART / "ci/statefulset-values.yaml")
        monitor, service = only(objects, "ServiceMonitor"), only(objects, "Service")
        self.assertLessEqual(monitor["spec"]["selector"]["matchLabels"].items(),
                             service["metadata"]["labels"].items())
        self.assertEqual(monitor["spec"]["namespaceSelector"]["matchNames"],
                         [service["metadata"]["namespace"]])
        self.assertEqual(monitor["spec"]["endpoints"][0]["port"], service["spec"]["ports"][0]["name"])

    def test_a_target_for_each_cluster(self):
        scrape = only(render(CHART / "ci/existing-config-values.yaml"), "ScrapeConfig")["spec"]
        self.assertEqual(scrape["httpSDConfigs"], [{"url": f"http://rel-{NAME}.ns.svc:9717/sd"}])
        self.assertIn({"targetLabel": "__address__", "replacement": f"rel-{NAME}.ns.svc:9717"},
                      scrape["relabelings"])
        probe = only(render(CHART / "ci/probe-values.yaml"), "Probe")["spec"]
        self.assertEqual(probe["targets"]["staticConfig"]["static"], ["main"])
        self.assertEqual(probe["prober"], {"url": f"rel-{NAME}.ns.svc:9717", "path": "/probe"})

    def test_alerts_as_one_wants_them(self):
        rule = only(render(ALL), "PrometheusRule")
        self.assertEqual(rule["metadata"]["namespace"], "rules")
        alerts = {one["alert"]: one for group in rule["spec"]["groups"] for one in group["rules"]
                  if "alert" in one}
        self.assertNotIn("PostgresReplayPaused", alerts)
        high = alerts["PostgresReplicationLagHigh"]
        self.assertEqual((high["for"], high["keep_firing_for"]), ("2m", "5m"))
        self.assertEqual(high["labels"], {"severity": "critical", "page": "yes", "team": "db"})
        self.assertEqual(high["annotations"]["chat"], "#db")
        self.assertEqual(high["annotations"]["runbook_url"],
                         "https://runbooks.example.org/pgrepl/PostgresReplicationLagHigh.md")
        for alert in alerts.values():
            self.assertEqual(alert["labels"]["team"], "db")
            name = alert["annotations"]["runbook_url"].rpartition("/")[2]
            self.assertTrue((REPOSITORY / "alerts/runbooks" / name).exists(), name)
            self.assertIn("dashboard", alert["annotations"])

    def test_dashboards_for_the_operator(self):
        objects = render(ALL)
        names = {one["metadata"]["name"] for one in of_kind(objects, "ConfigMap")}
        boards = of_kind(objects, "GrafanaDashboard")
        self.assertEqual(len(boards), 4)
        for board in boards:
            self.assertIn(board["spec"]["configMapRef"]["name"], names)


class AccessTest(unittest.TestCase):
    def test_members_of_a_service_may_be_listed(self):
        objects = render(CNPG)
        role, binding = only(objects, "Role"), only(objects, "RoleBinding")
        self.assertEqual(role["metadata"]["namespace"], "db")
        self.assertEqual(role["rules"], [{"apiGroups": ["discovery.k8s.io"], "verbs": ["list"],
                                          "resources": ["endpointslices"]}])
        self.assertEqual(binding["subjects"][0]["namespace"], "ns")
        self.assertEqual(binding["subjects"][0]["name"], pod_of(objects)["serviceAccountName"])
        self.assertTrue(pod_of(objects)["automountServiceAccountToken"])

    def test_nobody_else_gets_a_role(self):
        for case in CASES:
            if "kubernetes:" not in case.read_text():
                self.assertNotIn("Role", kinds(render(case)), case.name)

    def test_who_may_connect_and_whereto(self):
        def policy(case):
            return only(render(CHART / f"ci/{case}-values.yaml"), "NetworkPolicy")["spec"]
        def ports(spec):
            return {one["port"] for rule in spec["egress"] for one in rule["ports"]}
        self.assertEqual(policy("cloudnativepg")["ingress"][0]["from"], [{"podSelector": {}}])
        self.assertEqual(ports(policy("cloudnativepg")), {53, 5432, 443, 6443})
        self.assertEqual(ports(policy("zalando")), {53, 5432, 8008})
        self.assertEqual(ports(policy("everything")), {53, 5432, 6432, 443})
        self.assertIn("namespaceSelector", policy("zalando")["ingress"][0]["from"][0])
        self.assertEqual(policy("patroni-vms")["egress"][1]["to"], [{"ipBlock": {"cidr": "10.0.1.0/24"}}])

    def test_from_outside(self):
        objects = render(ALL)
        backend = only(objects, "Ingress")["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
        self.assertEqual(backend, {"name": f"rel-{NAME}", "port": {"name": "http"}})
        self.assertEqual(only(objects, "HTTPRoute")["spec"]["rules"][0]["backendRefs"],
                         [{"name": f"rel-{NAME}", "port": 9717}])
        self.assertEqual(only(objects, "PodDisruptionBudget")["spec"]["maxUnavailable"], 1)


if __name__ == "__main__":
    unittest.main()
