{{/* What every pod of the suite is held to: the restricted profile of pod
security, and nothing of the cluster's API. */}}
{{- define "egov.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "egov.containerSecurity" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* Volumes and where they are mounted; kept in one place so that they cannot
part. keys: whether this pod has the service's keys. */}}
{{- define "egov.volumes" -}}
{{- $v := .Values }}
- name: config
  configMap:
    name: {{ .configMapName | default .Chart.Name }}
- name: tmp
  emptyDir:
    sizeLimit: 1Gi
{{- if and .database (not .bare) }}
- name: keys
  {{- if $v.keys.secret }}
  secret:
    secretName: {{ $v.keys.secret }}
    defaultMode: 0440
  {{- else }}
  persistentVolumeClaim:
    claimName: {{ $v.keys.volume.claim | default (printf "%s-keys" .Chart.Name) }}
  {{- end }}
{{- with $v.blob.claim }}
- name: blob
  persistentVolumeClaim:
    claimName: {{ . }}
{{- end }}
{{- end }}
{{- if not .bare }}
{{- with include "egov.tlsSecret" . }}
- name: tls
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- end }}
{{- with $v.packs.configMap }}
- name: packs
  configMap:
    name: {{ . }}
{{- end }}
{{- with $v.trust.configMap }}
- name: trust
  configMap:
    name: {{ . }}
{{- end }}
{{- with $v.volumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "egov.volumeMounts" -}}
{{- $v := .Values }}
- name: config
  mountPath: /etc/egov/config
  readOnly: true
- name: tmp
  mountPath: /tmp
{{- if and .database (not .bare) }}
- name: keys
  mountPath: /var/lib/egov/keys
  {{- if $v.keys.secret }}
  readOnly: true
  {{- end }}
{{- if $v.blob.claim }}
- name: blob
  mountPath: /var/lib/egov/blob
{{- end }}
{{- end }}
{{- if and (include "egov.tlsSecret" .) (not .bare) }}
- name: tls
  mountPath: /etc/egov/tls
  readOnly: true
{{- end }}
{{- if $v.packs.configMap }}
- name: packs
  mountPath: /etc/egov/packs
  readOnly: true
{{- end }}
{{- if $v.trust.configMap }}
- name: trust
  mountPath: /etc/egov/trust
  readOnly: true
{{- end }}
{{- with $v.volumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "egov.placement" -}}
{{- $v := .Values -}}
{{- with $v.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $v.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $v.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $v.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $v.spreadOver }}
topologySpreadConstraints:
  {{- range . }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "egov.selector" $ | nindent 8 }}
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- end }}
{{- end }}
