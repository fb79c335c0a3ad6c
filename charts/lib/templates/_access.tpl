{{- define "egov.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "egov.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "egov.labels" . | nindent 4 }}
  {{- with .Values.serviceAccount.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end -}}
{{- end }}

{{/* Rights of people: those of the ClusterRoles in deploy/access/operator.yaml,
for this release's namespace, and for whoever may not make ClusterRoles.
Kubernetes cannot narrow "list" to a name, nor a way into pods, so looking is by
namespace; changing is for this service's Deployment alone. */}}
{{- define "egov.rbac" -}}
{{- $v := .Values -}}
{{- if or $v.rbac.operators $v.rbac.viewers }}
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ .Chart.Name }}-viewer
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "egov.labels" . | nindent 4 }}
rules:
  - apiGroups: [apps]
    resources: [deployments, replicasets]
    verbs: [get, list, watch]
  - apiGroups: [""]
    resources: [pods, services, configmaps]
    verbs: [get, list, watch]
  - apiGroups: [""]
    resources: [pods/proxy]
    verbs: [get]
  - apiGroups: [""]
    resources: [pods/log, events]
    verbs: [get, list]
  - apiGroups: [batch]
    resources: [jobs]
    verbs: [get, list]
  - apiGroups: [autoscaling]
    resources: [horizontalpodautoscalers]
    verbs: [get, list]
  - apiGroups: [policy]
    resources: [poddisruptionbudgets]
    verbs: [get, list]
  - apiGroups: [networking.k8s.io]
    resources: [networkpolicies]
    verbs: [get, list]
  - apiGroups: [""]
    resources: [namespaces]
    verbs: [get]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ .Chart.Name }}-viewer
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "egov.labels" . | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ .Chart.Name }}-viewer
subjects:
  {{- range concat $v.rbac.operators $v.rbac.viewers | uniq }}
  - apiGroup: rbac.authorization.k8s.io
    kind: Group
    name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- if $v.rbac.operators }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ .Chart.Name }}-operator
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "egov.labels" . | nindent 4 }}
rules:
  - apiGroups: [apps]
    resources: [deployments]
    resourceNames: [{{ .Chart.Name }}]
    verbs: [patch]
  - apiGroups: [apps]
    resources: [deployments/scale]
    resourceNames: [{{ .Chart.Name }}]
    verbs: [get, update]
  - apiGroups: [""]
    resources: [pods/portforward]
    verbs: [get, create]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ .Chart.Name }}-operator
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "egov.labels" . | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ .Chart.Name }}-operator
subjects:
  {{- range $v.rbac.operators }}
  - apiGroup: rbac.authorization.k8s.io
    kind: Group
    name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "egov.networkPolicy" -}}
{{- $v := .Values -}}
{{- $np := $v.networkPolicy -}}
{{- if $np.enabled -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "egov.metadata" . | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/instance: {{ .Release.Name }}
    matchExpressions:
      - key: app.kubernetes.io/name
        operator: In
        values: [{{ .Chart.Name }}, {{ .Chart.Name }}-migration, {{ .Chart.Name }}-check]
  policyTypes: [Ingress, Egress]
  ingress:
    - from:
        - podSelector: {}
        - namespaceSelector:
            matchLabels:
              {{- toYaml $np.callers | nindent 14 }}
        {{- with $np.monitoring }}
        - namespaceSelector:
            matchLabels:
              {{- toYaml . | nindent 14 }}
        {{- end }}
      ports:
        {{- range .ports }}
        - port: {{ .name }}
        {{- end }}
    {{- with $np.ingress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  egress:
    # Names of the cluster.
    - to:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: kube-system
      ports:
        - {port: 53, protocol: UDP}
        - {port: 53, protocol: TCP}
    # The suite's own services: identity's keys, and for the portal all of them.
    - to:
        - podSelector: {}
        - namespaceSelector:
            matchLabels:
              {{- toYaml $np.callers | nindent 14 }}
      ports:
        - port: 8080
        {{- if .services }}
        {{- range .ports }}
        - port: {{ .port }}
        {{- end }}
        {{- end }}
    {{- if .database }}
    {{- include "egov.egressTo" $np.database | nindent 4 }}
    {{- end }}
    {{- include "egov.egressTo" $np.redis | nindent 4 }}
    {{- with $np.egress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
{{- end }}

{{- define "egov.egressTo" -}}
- ports:
    - port: {{ .port }}
  {{- with .networks }}
  to:
    {{- range . }}
    - ipBlock:
        cidr: {{ . }}
    {{- end }}
  {{- end }}
{{- end }}

{{/* What a gateway passes on, by who is behind it; nothing else is reached from
outside. /metrics, /status and /status/config are the operators', and a list of
what is closed would be gone round by how a path is written. Prefixes, but for
the portal's first page. */}}
{{- define "egov.open" -}}
{{- if eq . "portal" -}}
exact: [/, /favicon.svg]
prefix: [/api, /assets, /audit, /declare, /holidays, /password, /projects, /registers, /resources, /service-keys]
{{- else -}}
exact: [/openapi.json]
prefix: [/v1, /.well-known]
{{- end -}}
{{- end }}

{{- define "egov.ingress" -}}
{{- $i := .Values.ingress -}}
{{- if $i.enabled -}}
{{- $to := ternary "portal" .Chart.Name (not (empty .services)) -}}
{{- $open := include "egov.open" $to | fromYaml -}}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  {{- include "egov.metadata" . | nindent 2 }}
  {{- with $i.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with $i.className }}
  ingressClassName: {{ . }}
  {{- end }}
  {{- with $i.tlsSecret }}
  tls:
    - hosts: [{{ $i.host }}]
      secretName: {{ . }}
  {{- end }}
  rules:
    - host: {{ $i.host }}
      http:
        paths:
          {{- range $open.exact }}
          - path: {{ . }}
            pathType: Exact
            backend: {service: {name: {{ $to }}, port: {name: http}}}
          {{- end }}
          {{- range $open.prefix }}
          - path: {{ . }}
            pathType: Prefix
            backend: {service: {name: {{ $to }}, port: {name: http}}}
          {{- end }}
{{- end -}}
{{- end }}
