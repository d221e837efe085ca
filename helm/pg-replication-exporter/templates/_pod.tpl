{{- /* The exporter's pod. SPDX-License-Identifier: Apache-2.0 */ -}}

{{- /* Its container: also what a sidecar is. */ -}}
{{- define "pgrepl.container" -}}
- name: exporter
  image: {{ include "pgrepl.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args:
    - --config.file=/etc/pgrepl/config/{{ include "pgrepl.hasExistingConfig" . | empty | ternary "config.yml" .Values.existingConfig.key }}
    - --log.level={{ .Values.logLevel }}
    - --log.format={{ .Values.logFormat }}
    {{- if gt (int .Values.shards) 1 }}
    - --shard=$(POD_NAME)/{{ .Values.shards }}
    {{- end }}
    {{- if .Values.configReloader.enabled }}
    - --web.enable-lifecycle
    {{- end }}
    {{- range .Values.extraArgs }}
    - {{ . | quote }}
    {{- end }}
  {{- $env := include "pgrepl.env" . }}
  {{- with $env }}
  env:
    {{- . | nindent 4 }}
  {{- end }}
  {{- with .Values.extraEnvFrom }}
  envFrom:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  ports:
    - {name: http, containerPort: 9717, protocol: TCP}
  {{- with .Values.livenessProbe }}
  livenessProbe:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.readinessProbe }}
  readinessProbe:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.resources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    {{- toYaml .Values.securityContext | nindent 4 }}
  volumeMounts:
    - {name: config, mountPath: /etc/pgrepl/config, readOnly: true}
    {{- range $folder, $_ := include "pgrepl.passwordSecrets" . | fromJson }}
    - {name: {{ include "pgrepl.volumeName" (list "password" $folder) }}, mountPath: {{ printf "/etc/pgrepl/passwords/%s" $folder | quote }}, readOnly: true}
    {{- end }}
    {{- range $folder, $_ := .Values.tlsSecrets }}
    - {name: {{ include "pgrepl.volumeName" (list "tls" $folder) }}, mountPath: {{ printf "/etc/pgrepl/tls/%s" $folder | quote }}, readOnly: true}
    {{- end }}
    {{- if .Values.pgpass.existingSecret }}
    - {name: pgpass, mountPath: /etc/pgrepl/pgpass, readOnly: true}
    {{- end }}
    {{- if .Values.serviceFile.existingSecret }}
    - {name: service-file, mountPath: /etc/pgrepl/service, readOnly: true}
    {{- end }}
    {{- with .Values.extraVolumeMounts }}
    {{- tpl (toYaml .) $ | nindent 4 }}
    {{- end }}
{{- end -}}

{{- define "pgrepl.env" -}}
{{- if gt (int .Values.shards) 1 }}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
{{- end }}
{{- if .Values.pgpass.existingSecret }}
- {name: PGPASSFILE, value: /etc/pgrepl/pgpass/pgpass}
{{- end }}
{{- if .Values.serviceFile.existingSecret }}
- {name: PGSERVICEFILE, value: {{ printf "/etc/pgrepl/service/%s" .Values.serviceFile.key }}}
{{- end }}
{{- with .Values.extraEnv }}
{{ tpl (toYaml .) $ }}
{{- end }}
{{- end -}}

{{- /* A cluster may be called what a volume may not: (list kind folder). */ -}}
{{- define "pgrepl.volumeName" -}}
{{- printf "%s-%s" (index . 0) (index . 1 | sha256sum | trunc 10) -}}
{{- end -}}

{{- define "pgrepl.volumes" -}}
- name: config
  {{- if .Values.existingConfig.secret }}
  secret: {secretName: {{ .Values.existingConfig.secret }}}
  {{- else }}
  configMap: {name: {{ .Values.existingConfig.configMap | default (include "pgrepl.fullname" .) }}}
  {{- end }}
{{- range $folder, $secret := include "pgrepl.passwordSecrets" . | fromJson }}
- name: {{ include "pgrepl.volumeName" (list "password" $folder) }}
  secret: {secretName: {{ $secret.name }}, defaultMode: 0440}
{{- end }}
{{- range $folder, $secret := .Values.tlsSecrets }}
- name: {{ include "pgrepl.volumeName" (list "tls" $folder) }}
  secret: {secretName: {{ $secret }}, defaultMode: 0440}
{{- end }}
{{- if .Values.pgpass.existingSecret }}
- name: pgpass
  emptyDir: {medium: Memory, sizeLimit: 1Mi}
- name: pgpass-secret
  secret: {secretName: {{ .Values.pgpass.existingSecret }}, defaultMode: 0440}
{{- end }}
{{- if .Values.serviceFile.existingSecret }}
- name: service-file
  secret: {secretName: {{ .Values.serviceFile.existingSecret }}, defaultMode: 0440}
{{- end }}
{{- with .Values.extraVolumes }}
{{ tpl (toYaml .) $ }}
{{- end }}
{{- end -}}

{{- define "pgrepl.initContainers" -}}
{{- if .Values.pgpass.existingSecret }}
- name: pgpass
  image: {{ .Values.pgpass.initImage }}
  command: [sh, -c, {{ printf "cp /secret/%s /pgpass/pgpass && chmod 600 /pgpass/pgpass" .Values.pgpass.key | quote }}]
  securityContext:
    {{- toYaml .Values.securityContext | nindent 4 }}
  volumeMounts:
    - {name: pgpass-secret, mountPath: /secret, readOnly: true}
    - {name: pgpass, mountPath: /pgpass}
{{- end }}
{{- with .Values.extraInitContainers }}
{{ tpl (toYaml .) $ }}
{{- end }}
{{- end -}}

{{- define "pgrepl.reloader" -}}
- name: config-reloader
  image: {{ .Values.configReloader.image }}
  args:
    - --watched-dir=/etc/pgrepl/config
    - --reload-url=http://127.0.0.1:9717/-/reload
    - --listen-address=:9718
  ports:
    - {name: reloader, containerPort: 9718, protocol: TCP}
  {{- with .Values.configReloader.resources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    {{- toYaml .Values.securityContext | nindent 4 }}
  volumeMounts:
    - {name: config, mountPath: /etc/pgrepl/config, readOnly: true}
{{- end -}}

{{- /* template: of a Deployment or StatefulSet: (list $ replica-labels) */ -}}
{{- define "pgrepl.podTemplate" -}}
{{- $root := index . 0 -}}
{{- $own := index . 1 -}}
{{- with $root -}}
metadata:
  labels:
    {{- include "pgrepl.labels" . | nindent 4 }}
    {{- with $own }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    kubectl.kubernetes.io/default-container: exporter
    {{- if not (or .Values.configReloader.enabled (include "pgrepl.hasExistingConfig" .)) }}
    checksum/config: {{ include "pgrepl.config" . | sha256sum }}
    {{- end }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "pgrepl.serviceAccountName" . }}
  automountServiceAccountToken: {{ include "pgrepl.discoveryNamespaces" . | empty | not }}
  {{- with concat .Values.imagePullSecrets .Values.global.imagePullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  {{- range $key := list "priorityClassName" "runtimeClassName" "dnsPolicy" }}
  {{- with index $root.Values $key }}
  {{ $key }}: {{ . }}
  {{- end }}
  {{- end }}
  {{- if .Values.hostNetwork }}
  hostNetwork: true
  {{- end }}
  {{- range $key := list "dnsConfig" "hostAliases" "nodeSelector" "tolerations" "affinity" }}
  {{- with index $root.Values $key }}
  {{ $key }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- with .Values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- range . }}
    - {{ merge (deepCopy .) (dict "labelSelector" (dict "matchLabels" (include "pgrepl.selectorLabels" $root | fromYaml))) | toYaml | nindent 6 | trim }}
    {{- end }}
  {{- end }}
  securityContext:
    {{- toYaml .Values.podSecurityContext | nindent 4 }}
  {{- with include "pgrepl.initContainers" . }}
  initContainers:
    {{- . | nindent 4 }}
  {{- end }}
  containers:
    {{- include "pgrepl.container" . | nindent 4 }}
    {{- if .Values.configReloader.enabled }}
    {{- include "pgrepl.reloader" . | nindent 4 }}
    {{- end }}
    {{- with .Values.extraContainers }}
    {{- tpl (toYaml .) $root | nindent 4 }}
    {{- end }}
  volumes:
    {{- include "pgrepl.volumes" . | nindent 4 }}
{{- end -}}
{{- end -}}
