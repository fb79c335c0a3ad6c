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

{{/* Rights of people. Kubernetes cannot narrow "list" to a name, so looking is
by namespace; changing is for this service's Deployment alone. */}}
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
    resources: [pods, pods/log, services, endpoints, configmaps, events]
    verbs: [get, list, watch]
  - apiGroups: [discovery.k8s.io]
    resources: [endpointslices]
    verbs: [get, list, watch]
  - apiGroups: [autoscaling]
    resources: [horizontalpodautoscalers]
    verbs: [get, list, watch]
  - apiGroups: [policy]
    resources: [poddisruptionbudgets]
    verbs: [get, list, watch]
  - apiGroups: [networking.k8s.io]
    resources: [networkpolicies]
    verbs: [get, list, watch]
  - apiGroups: [""]
    resources: [services/proxy]
    resourceNames: [{{ .Chart.Name }}, {{ printf "http:%s:8080" .Chart.Name | quote }}, {{ printf "%s:8080" .Chart.Name | quote }}]
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
    resources: [deployments, deployments/scale]
    resourceNames: [{{ .Chart.Name }}]
    verbs: [get, patch, update]
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

{{- define "egov.ingress" -}}
{{- $i := .Values.ingress -}}
{{- if $i.enabled -}}
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
          - path: /
            pathType: Prefix
            backend:
              service:
                name: {{ ternary "portal" .Chart.Name (not (empty .services)) }}
                port:
                  name: http
{{- end -}}
{{- end }}
