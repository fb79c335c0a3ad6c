{{- define "egov.scaling" -}}
{{- $v := .Values -}}
{{- if $v.autoscaling.enabled -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  {{- include "egov.metadata" . | nindent 2 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ .Chart.Name }}
  minReplicas: {{ $v.autoscaling.minReplicas }}
  maxReplicas: {{ $v.autoscaling.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {{ $v.autoscaling.targetCPU }}
  behavior:
    scaleDown:
      stabilizationWindowSeconds: 300
      policies:
        - {type: Pods, value: 1, periodSeconds: 60}
    scaleUp:
      stabilizationWindowSeconds: 0
      policies:
        - {type: Percent, value: 100, periodSeconds: 15}
{{- else if and $v.keda.enabled $v.follows -}}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  {{- include "egov.metadata" . | nindent 2 }}
spec:
  scaleTargetRef:
    name: {{ .Chart.Name }}
  minReplicaCount: {{ $v.keda.minReplicas }}
  maxReplicaCount: {{ $v.keda.maxReplicas }}
  pollingInterval: {{ $v.keda.pollingInterval }}
  cooldownPeriod: 300
  triggers:
    {{- range $group, $sources := $v.follows }}
    {{- range $sources }}
    - type: redis-streams
      metadata:
        address: {{ $v.keda.address | quote }}
        stream: egov:events:{{ . }}
        consumerGroup: {{ $group }}
        lagCount: {{ $v.keda.lag | quote }}
        activationLagCount: "0"
        enableTLS: {{ $v.keda.tls | quote }}
      {{- if $v.keda.secret }}
      authenticationRef:
        name: {{ $.Chart.Name }}-keda
      {{- end }}
    {{- end }}
    {{- end }}
{{- with $v.keda.secret }}
---
apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata:
  name: {{ $.Chart.Name }}-keda
  namespace: {{ $.Release.Namespace }}
  labels:
    {{- include "egov.labels" $ | nindent 4 }}
spec:
  secretTargetRef:
    - {parameter: username, name: {{ . }}, key: username}
    - {parameter: password, name: {{ . }}, key: password}
{{- end }}
{{- end -}}
{{- end }}

{{- define "egov.serviceMonitor" -}}
{{- if .Values.serviceMonitor.enabled -}}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  {{- include "egov.metadata" . | nindent 2 }}
    {{- with .Values.serviceMonitor.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  selector:
    matchLabels:
      {{- include "egov.selector" . | nindent 6 }}
  endpoints:
    - port: http
      path: /metrics
      interval: {{ .Values.serviceMonitor.interval }}
      {{- if include "egov.tlsSecret" . }}
      scheme: https
      {{- end }}
      {{- with .Values.serviceMonitor.tlsConfig }}
      tlsConfig:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      # The metrics say themselves which service they are of: one pod may hold several.
      honorLabels: true
{{- end -}}
{{- end }}
