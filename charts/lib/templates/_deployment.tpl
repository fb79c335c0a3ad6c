{{- define "egov.deployment" -}}
{{- $v := .Values -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "egov.metadata" . | nindent 2 }}
spec:
  {{- if not (or $v.autoscaling.enabled $v.keda.enabled) }}
  replicas: {{ $v.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  progressDeadlineSeconds: 300
  strategy:
    {{- if and .database (not $v.keys.secret) (ne $v.keys.volume.accessMode "ReadWriteMany") }}
    # The next pod could not mount the keys beside this one.
    type: Recreate
    {{- else }}
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: 1
    {{- end }}
  selector:
    matchLabels:
      {{- include "egov.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "egov.labels" . | nindent 8 }}
        {{- with $v.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        checksum/config: {{ .settings | toYaml | sha256sum }}
        {{- with $v.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ include "egov.serviceAccountName" . }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      {{- include "egov.pullSecrets" . | nindent 6 }}
      terminationGracePeriodSeconds: {{ add $v.shutdown.lingerSeconds $v.shutdown.graceSeconds 15 }}
      securityContext:
        {{- include "egov.podSecurity" . | nindent 8 }}
      {{- include "egov.placement" . | nindent 6 }}
      containers:
        - name: {{ .Chart.Name }}
          image: {{ include "egov.image" . }}
          imagePullPolicy: {{ $v.image.pullPolicy }}
          args: [-config, /etc/egov/config/config.yaml]
          env:
            {{- include "egov.env" . | trim | nindent 12 }}
          ports:
            {{- range .ports }}
            - name: {{ .name }}
              containerPort: {{ .port }}
            {{- end }}
          {{- $probe := dict "port" (first .ports).name }}
          {{- if include "egov.tlsSecret" . }}
          {{- $_ := set $probe "scheme" "HTTPS" }}
          {{- end }}
          startupProbe:
            httpGet: {{ merge (dict "path" "/livez") $probe | toJson }}
            periodSeconds: 2
            failureThreshold: 60
          # A pod that is starved is not dead, and a restart would not feed it.
          livenessProbe:
            httpGet: {{ merge (dict "path" "/livez") $probe | toJson }}
            periodSeconds: 10
            timeoutSeconds: 10
            failureThreshold: 6
          readinessProbe:
            httpGet: {{ merge (dict "path" "/readyz") $probe | toJson }}
            periodSeconds: 3
            timeoutSeconds: 5
            failureThreshold: 3
          resources:
            {{- toYaml $v.resources | nindent 12 }}
          securityContext:
            {{- include "egov.containerSecurity" . | nindent 12 }}
          volumeMounts:
            {{- include "egov.volumeMounts" . | trim | nindent 12 }}
      volumes:
        {{- include "egov.volumes" . | trim | nindent 8 }}
{{- end }}

{{- define "egov.k8sService" -}}
{{- $root := . -}}
{{- range .services | default (list (dict "name" .Chart.Name "port" (first .ports).name)) }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "egov.labels" $root | nindent 4 }}
spec:
  selector:
    {{- include "egov.selector" $root | nindent 4 }}
  ports:
    - name: http
      port: 8080
      targetPort: {{ .port }}
      appProtocol: {{ ternary "https" "http" (not (empty (include "egov.tlsSecret" $root))) }}
{{- end }}
{{- end }}

{{- define "egov.disruption" -}}
{{- if and .Values.podDisruptionBudget.enabled (or (gt (int .Values.replicas) 1) .Values.autoscaling.enabled .Values.keda.enabled) -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "egov.metadata" . | nindent 2 }}
spec:
  maxUnavailable: {{ .Values.podDisruptionBudget.maxUnavailable }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "egov.selector" . | nindent 6 }}
{{- end -}}
{{- end }}
