{{- /* Rules, from the files of the project. SPDX-License-Identifier: Apache-2.0 */ -}}

{{- define "pgrepl.alertNames" -}}
{{- $names := list -}}
{{- range $path, $_ := .Files.Glob "files/rules/*.yaml" -}}
{{- range ($.Files.Get $path | fromYaml).groups -}}
{{- range .rules -}}{{- with .alert -}}{{- $names = append $names . -}}{{- end -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- join "," $names -}}
{{- end -}}

{{- /* One alert as the values want it: (list $ rule). Nothing if it is disabled. */ -}}
{{- define "pgrepl.alert" -}}
{{- $values := (index . 0).Values.prometheusRule -}}
{{- $rule := index . 1 -}}
{{- $own := index $values.alerts $rule.alert | default dict -}}
{{- if not $own.disabled -}}
{{- with $own.for -}}{{- $_ := set $rule "for" . -}}{{- end -}}
{{- with $own.keepFiringFor -}}{{- $_ := set $rule "keep_firing_for" . -}}{{- end -}}
{{- $severity := $own.severity | default $rule.labels.severity -}}
{{- $_ := set $rule "labels" (merge (dict "severity" $severity) ($own.labels | default dict) $values.additionalRuleLabels $rule.labels) -}}
{{- $annotations := merge (deepCopy ($own.annotations | default dict)) $values.additionalRuleAnnotations $rule.annotations -}}
{{- with $values.runbookUrl -}}
{{- $_ := set $annotations "runbook_url" (printf "%s/%s.md" (trimSuffix "/" .) $rule.alert) -}}
{{- end -}}
{{- $_ := set $rule "annotations" $annotations -}}
{{- toYaml $rule -}}
{{- end -}}
{{- end -}}

{{- /* All groups, as a YAML list. */ -}}
{{- define "pgrepl.groups" -}}
{{- $groups := list -}}
{{- $files := list -}}
{{- range $path, $_ := .Files.Glob "files/rules/*.yaml" -}}{{- $files = append $files $path -}}{{- end -}}
{{- if .Values.prometheusRule.compatibility -}}{{- $files = append $files "files/compatibility/postgres_exporter.yaml" -}}{{- end -}}
{{- range $path := $files -}}
{{- range $group := ($.Files.Get $path | fromYaml).groups -}}
{{- $rules := list -}}
{{- range $rule := $group.rules -}}
{{- if $rule.alert -}}
{{- with include "pgrepl.alert" (list $ $rule) -}}{{- $rules = append $rules (fromYaml .) -}}{{- end -}}
{{- else -}}
{{- $rules = append $rules $rule -}}
{{- end -}}
{{- end -}}
{{- if $rules -}}
{{- $groups = append $groups (merge (dict "rules" $rules) (omit $group "rules")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml $groups -}}
{{- end -}}
