{{- /* Names and labels of all objects. SPDX-License-Identifier: Apache-2.0 */ -}}

{{- define "pgrepl.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- /* Pods of shards have an ordinal behind it, revisions a hash: 52 is what is left of 63. */ -}}
{{- define "pgrepl.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "pgrepl.name" . -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "pgrepl.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{- /* Never change them: a Deployment's selector is immutable. */ -}}
{{- define "pgrepl.selectorLabels" -}}
app.kubernetes.io/name: {{ include "pgrepl.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "pgrepl.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "pgrepl.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* metadata of an object: (list $ name labels annotations [namespace]) */ -}}
{{- define "pgrepl.metadata" -}}
{{- $ := index . 0 -}}
metadata:
  name: {{ index . 1 }}
  namespace: {{ (len . | lt 4 | ternary (last .) "") | default (include "pgrepl.namespace" $) }}
  labels:
    {{- merge (deepCopy (index . 2)) (include "pgrepl.labels" $ | fromYaml) | toYaml | nindent 4 }}
  {{- with merge (deepCopy (index . 3)) $.Values.commonAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "pgrepl.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (ternary (include "pgrepl.fullname" .) "default" .Values.serviceAccount.create) -}}
{{- end -}}

{{- define "pgrepl.image" -}}
{{- $registry := .Values.global.imageRegistry | default .Values.image.registry -}}
{{- $image := ternary .Values.image.repository (printf "%s/%s" $registry .Values.image.repository) (empty $registry) -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $image .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}
