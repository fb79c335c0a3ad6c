{{/* What things are called. A service's resources bear the chart's name: one
release of a service a namespace, and its address is http://NAME:8080. */}}

{{- define "egov.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_") }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: egov
{{- with .Values.unit }}
egov/unit: {{ . }}
{{- end }}
{{ include "egov.selector" . }}
{{- end }}

{{- define "egov.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "egov.metadata" -}}
name: {{ .Chart.Name }}
namespace: {{ .Release.Namespace }}
labels:
  {{- include "egov.labels" . | nindent 2 }}
{{- end }}

{{- define "egov.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (ternary .Chart.Name "default" .Values.serviceAccount.create) -}}
{{- end }}

{{/* The image: a digest before a tag, the release's registry before none. */}}
{{- define "egov.image" -}}
{{- $global := (.Values.global).image | default dict -}}
{{- $name := .program | default .Chart.Name -}}
{{- $path := list (.Values.image.registry | default $global.registry | default "egov") $name | join "/" -}}
{{- if .Values.image.digest -}}
{{ $path }}@{{ .Values.image.digest }}
{{- else -}}
{{ $path }}:{{ .Values.image.tag | default $global.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* The Secret with the certificate of the service's listener; empty: plain
HTTP. In mode single the services speak to one another inside of their pod. */}}
{{- define "egov.tlsSecret" -}}
{{- $global := .Values.global | default dict -}}
{{- if ne ($global.mode | default "distributed") "single" -}}
{{- .Values.tls.secret | default (ternary (printf "%s-tls" .Chart.Name) "" (($global.tls).enabled | default false)) -}}
{{- end -}}
{{- end }}

{{- define "egov.pullSecrets" -}}
{{- with concat .Values.image.pullSecrets (((.Values.global).image).pullSecrets | default list) | uniq }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}
