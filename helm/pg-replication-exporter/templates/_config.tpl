{{- /* The exporter's configuration, and what follows from it. SPDX-License-Identifier: Apache-2.0 */ -}}

{{- /* config.yml: the values' own, with the path of its password for each server that has none. */ -}}
{{- define "pgrepl.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- $secrets := .Values.passwordSecrets -}}
{{- range $cluster := $config.clusters -}}
{{- with index $secrets.clusters $cluster.name -}}
{{- $file := printf "/etc/pgrepl/passwords/%s/%s" $cluster.name (.key | default "password") -}}
{{- range concat ($cluster.servers | default list) (list $cluster.discover | compact) -}}
{{- if not (or .password_file .password_command) -}}
{{- $_ := set . "password_file" $file -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $secrets.default.name -}}
{{- $defaults := $config.defaults | default dict -}}
{{- if not (or $defaults.password_file $defaults.password_command) -}}
{{- $file := printf "/etc/pgrepl/passwords/default/%s" $secrets.default.key -}}
{{- $_ := set $config "defaults" (merge (dict "password_file" $file) $defaults) -}}
{{- end -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{- /* Secrets of passwords by folder, as a JSON object of {name: ...}. */ -}}
{{- define "pgrepl.passwordSecrets" -}}
{{- $all := dict -}}
{{- with .Values.passwordSecrets.default.name -}}{{- $_ := set $all "default" (dict "name" .) -}}{{- end -}}
{{- range $cluster, $secret := .Values.passwordSecrets.clusters -}}
{{- $_ := set $all $cluster (dict "name" $secret.name) -}}
{{- end -}}
{{- toJson $all -}}
{{- end -}}

{{- /* Namespaces in which members are looked up by Kubernetes, comma separated; "" of none. */ -}}
{{- define "pgrepl.discoveryNamespaces" -}}
{{- $namespaces := list -}}
{{- range .Values.config.clusters -}}
{{- with (.discover | default dict).kubernetes -}}
{{- $namespaces = append $namespaces (.namespace | default (include "pgrepl.namespace" $)) -}}
{{- end -}}
{{- end -}}
{{- $namespaces | uniq | sortAlpha | join "," -}}
{{- end -}}

{{- define "pgrepl.hasExistingConfig" -}}
{{- or .Values.existingConfig.secret .Values.existingConfig.configMap -}}
{{- end -}}

{{- /* Contradictions, told before anything is made. */ -}}
{{- define "pgrepl.check" -}}
{{- $v := .Values -}}
{{- $existing := include "pgrepl.hasExistingConfig" . -}}
{{- if and $v.existingConfig.secret $v.existingConfig.configMap -}}
{{- fail "existingConfig names a secret and a configMap; keep one of them" -}}
{{- end -}}
{{- if and $existing $v.config.clusters -}}
{{- fail "existingConfig and config.clusters are both there; keep one of them" -}}
{{- end -}}
{{- if not (or $existing $v.config.clusters) -}}
{{- fail "nothing to watch: list a cluster under config.clusters, or name your own configuration under existingConfig" -}}
{{- end -}}
{{- $names := list -}}
{{- range $v.config.clusters -}}
{{- if has .name $names -}}{{- fail (printf "config.clusters has %q twice" .name) -}}{{- end -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- range $cluster, $_ := $v.passwordSecrets.clusters -}}
{{- if not (has $cluster $names) -}}
{{- fail (printf "passwordSecrets.clusters names %q, which config.clusters has not" $cluster) -}}
{{- end -}}
{{- end -}}
{{- if and $v.serviceMonitor.enabled $v.podMonitor.enabled -}}
{{- fail "serviceMonitor and podMonitor are both enabled: each pod would be scraped twice; keep one of them" -}}
{{- end -}}
{{- if and $v.scrapeConfig.enabled $v.probe.enabled -}}
{{- fail "scrapeConfig and probe are both enabled: each cluster would be scraped twice; keep one of them" -}}
{{- end -}}
{{- if and $existing $v.probe.enabled -}}
{{- fail "probe needs the names of config.clusters; with existingConfig take scrapeConfig, which asks the exporter for them" -}}
{{- end -}}
{{- if and (gt (int $v.shards) 1) (or $v.scrapeConfig.enabled $v.probe.enabled) -}}
{{- fail "scrapeConfig and probe ask the Service, behind which each shard has other clusters; with shards take serviceMonitor or podMonitor" -}}
{{- end -}}
{{- if and (eq $v.mode "sidecar") (or (gt (int $v.shards) 1) (gt (int $v.replicas) 1)) -}}
{{- fail "mode sidecar makes no pods: shards and replicas must be 1" -}}
{{- end -}}
{{- if and (eq $v.mode "sidecar") $v.serviceMonitor.enabled -}}
{{- fail "mode sidecar has no Service: take podMonitor" -}}
{{- end -}}
{{- if and $v.podDisruptionBudget.enabled (lt (mul (int $v.shards) (int $v.replicas)) 2) -}}
{{- fail "a podDisruptionBudget for one pod would block each drain of its node; disable it, or have replicas: 2" -}}
{{- end -}}
{{- if and $v.ingress.enabled (empty $v.ingress.hosts) -}}
{{- fail "ingress.enabled without ingress.hosts" -}}
{{- end -}}
{{- if and $v.httpRoute.enabled (empty $v.httpRoute.parentRefs) -}}
{{- fail "httpRoute.enabled without httpRoute.parentRefs" -}}
{{- end -}}
{{- if and $v.dashboards.grafanaOperator.enabled (not $v.dashboards.enabled) -}}
{{- fail "dashboards.grafanaOperator refers to the ConfigMaps of dashboards.enabled: enable both" -}}
{{- end -}}
{{- range $alert, $_ := $v.prometheusRule.alerts -}}
{{- if not (has $alert (include "pgrepl.alertNames" $ | splitList ",")) -}}
{{- fail (printf "prometheusRule.alerts names %q, which is no alert of this chart" $alert) -}}
{{- end -}}
{{- end -}}
{{- end -}}
