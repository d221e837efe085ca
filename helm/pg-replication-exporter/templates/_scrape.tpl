{{- /* What an endpoint of a ServiceMonitor and of a PodMonitor have in common. Labels of the page are
       not those of the target: honorLabels isn't needed. SPDX-License-Identifier: Apache-2.0 */ -}}
{{- define "pgrepl.scrape" -}}
path: /metrics
{{- with .interval }}
interval: {{ . }}
{{- end }}
{{- with .scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
{{- with .relabelings }}
relabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "pgrepl.address" -}}
{{- printf "%s.%s.svc:%d" (include "pgrepl.fullname" .) (include "pgrepl.namespace" .) (int .Values.service.port) -}}
{{- end -}}
