{{/* The database is brought to the release's form before the pods start. The
Job is given the schema owner's URL and nothing else of the service. */}}
{{- define "egov.migration" -}}
{{- $v := .Values -}}
{{- if and .database $v.migration.enabled -}}
{{- $self := mergeOverwrite (dict) . (dict "bare" true "owner" true "configMapName" (printf "%s-migration" .Chart.Name)) -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Chart.Name }}-migration
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "egov.labels" . | nindent 4 }}
  annotations:
    helm.sh/hook: pre-install,pre-upgrade,pre-rollback
    helm.sh/hook-weight: "-10"
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
data:
  config.yaml: |
    {{- .settings | toYaml | nindent 4 }}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Chart.Name }}-migration
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "egov.labels" . | nindent 4 }}
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-weight: "-5"
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  backoffLimit: {{ $v.migration.retries }}
  activeDeadlineSeconds: {{ $v.migration.deadlineSeconds }}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {{ .Chart.Name }}-migration
        app.kubernetes.io/instance: {{ .Release.Name }}
        app.kubernetes.io/part-of: egov
    spec:
      restartPolicy: Never
      automountServiceAccountToken: false
      enableServiceLinks: false
      {{- include "egov.pullSecrets" . | nindent 6 }}
      securityContext:
        {{- include "egov.podSecurity" . | nindent 8 }}
      containers:
        - name: migrate
          image: {{ include "egov.image" . }}
          imagePullPolicy: {{ $v.image.pullPolicy }}
          args: [-config, /etc/egov/config/config.yaml, -migrate]
          env:
            {{- include "egov.env" $self | trim | nindent 12 }}
          resources:
            {{- toYaml $v.resources | nindent 12 }}
          securityContext:
            {{- include "egov.containerSecurity" . | nindent 12 }}
          volumeMounts:
            {{- include "egov.volumeMounts" $self | trim | nindent 12 }}
      volumes:
        {{- include "egov.volumes" $self | trim | nindent 8 }}
{{- end -}}
{{- end }}

{{/* `helm test`: the program reads the configuration it would run with, and
says everything that is wrong with it. */}}
{{- define "egov.check" -}}
{{- $self := mergeOverwrite (dict) . (dict "bare" true) -}}
apiVersion: v1
kind: Pod
metadata:
  name: {{ .Chart.Name }}-check
  namespace: {{ .Release.Namespace }}
  labels:
    app.kubernetes.io/name: {{ .Chart.Name }}-check
    app.kubernetes.io/instance: {{ .Release.Name }}
    app.kubernetes.io/part-of: egov
  annotations:
    helm.sh/hook: test
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- include "egov.pullSecrets" . | nindent 2 }}
  securityContext:
    {{- include "egov.podSecurity" . | nindent 4 }}
  containers:
    - name: check
      image: {{ include "egov.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [-config, /etc/egov/config/config.yaml, -check]
      env:
        {{- include "egov.env" $self | trim | nindent 8 }}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      securityContext:
        {{- include "egov.containerSecurity" . | nindent 8 }}
      volumeMounts:
        {{- include "egov.volumeMounts" $self | trim | nindent 8 }}
  volumes:
    {{- include "egov.volumes" $self | trim | nindent 4 }}
{{- end }}

{{/* Where keys are made at the first start. The claim outlives the release:
what was signed with them cannot be signed by others. */}}
{{- define "egov.keys" -}}
{{- $k := .Values.keys -}}
{{- if and .database (not $k.secret) (not $k.volume.claim) -}}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ .Chart.Name }}-keys
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "egov.labels" . | nindent 4 }}
  annotations:
    helm.sh/resource-policy: keep
spec:
  accessModes: [{{ $k.volume.accessMode }}]
  {{- with $k.volume.storageClass }}
  storageClassName: {{ . }}
  {{- end }}
  resources:
    requests:
      storage: {{ $k.volume.size }}
{{- end -}}
{{- end }}
