{{/* Where a service is: (list CONTEXT NAME). In the release's own namespace,
unless global.services says otherwise. */}}
{{- define "egov.address" -}}
{{- $global := (index . 0).Values.global | default dict -}}
{{- $scheme := ternary "https" "http" (($global.tls).enabled | default false) -}}
{{- get ($global.services | default dict) (index . 1) | default (printf "%s://%s:8080" $scheme (index . 1)) -}}
{{- end }}

{{/* The configuration file: what the cluster decides, under what the values
say. Secrets are not in it. */}}
{{- define "egov.settings" -}}
{{- $own := dict
      "listen" ":8080"
      "linger" (printf "%ds" (int .Values.shutdown.lingerSeconds))
      "grace" (printf "%ds" (int .Values.shutdown.graceSeconds)) -}}
{{- if include "egov.tlsSecret" . -}}
{{- $tls := dict "cert" "/etc/egov/tls/tls.crt" "key" "/etc/egov/tls/tls.key" -}}
{{- /* Browsers bring no certificate: the portal asks for one where its own values say so. */ -}}
{{- with .Values.tls.clientCA | default (ternary "" ((.Values.global).tls).clientCA (eq .Chart.Name "portal")) -}}
{{- $_ := set $tls "client_ca" (printf "/etc/egov/tls/%s" .) -}}
{{- end -}}
{{- $_ := set $own "tls" $tls -}}
{{- end -}}
{{- if ne .Chart.Name "portal" -}}
{{- $_ := set $own "auth" (dict "jwks_url" (printf "%s/.well-known/jwks.json" (include "egov.address" (list . "identity")))) -}}
{{- /* Each service's own word about the keys it signs events with. */ -}}
{{- $register := list "/var/lib/egov/keys/register" -}}
{{- range list "identity" "declaration" "expertreview" "conference" "budgeting" "procurement" "cybersecurity" "cryptoassessment" "legalization" "dataresource" "auditexport" -}}
{{- if ne . $.Chart.Name -}}
{{- $register = append $register (printf "%s=%s/.well-known/event-keys.json" . (include "egov.address" (list $ .))) -}}
{{- end -}}
{{- end -}}
{{- $_ := set $own "keys" (dict "dir" "/var/lib/egov/keys" "register" (join "," $register)) -}}
{{- if .Values.blob.claim -}}
{{- $_ := set $own "blob" (dict "url" "file:///var/lib/egov/blob") -}}
{{- end -}}
{{- if .Values.packs.configMap -}}
{{- $_ := set $own "packs" "/etc/egov/packs" -}}
{{- end -}}
{{- else -}}
{{- $services := dict -}}
{{- range list "identity" "declaration" "expertreview" "conference" "budgeting" "procurement" "cybersecurity" "cryptoassessment" "legalization" "dataresource" "auditexport" -}}
{{- $_ := set $services . (include "egov.address" (list $ .)) -}}
{{- end -}}
{{- $_ := set $own "services" $services -}}
{{- end -}}
{{- $common := deepCopy ((.Values.global).config | default dict) -}}
{{- if eq .Chart.Name "portal" -}}
{{- $common = pick $common "log_level" "telemetry" "limits" "clock" -}}
{{- end -}}
{{- mergeOverwrite $own $common (deepCopy .Values.config) | toYaml -}}
{{- end }}

{{- define "egov.configMap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "egov.metadata" . | nindent 2 }}
data:
  config.yaml: |
    {{- .settings | toYaml | nindent 4 }}
{{- end }}

{{/* Secrets arrive as variables, by reference. */}}
{{- define "egov.secretEnv" -}}
- name: {{ .env }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
{{- end }}

{{/* The variables of one service's secrets; owner: as the migration, which
alone may be the schema's owner. */}}
{{- define "egov.serviceEnv" -}}
{{- $v := .Values -}}
{{- $prefix := .prefix | default "EGOV" -}}
{{- if .owner }}
{{- if .database }}
{{ include "egov.secretEnv" (dict "env" (printf "%s_DATABASE_OWNER_URL" $prefix) "secret" $v.database.ownerSecret "key" $v.database.ownerSecretKey) }}
{{- end }}
{{- else }}
{{- if .database }}
{{ include "egov.secretEnv" (dict "env" (printf "%s_DATABASE_URL" $prefix) "secret" $v.database.secret "key" $v.database.secretKey) }}
{{- end }}
{{ include "egov.secretEnv" (dict "env" (printf "%s_REDIS_URL" $prefix) "secret" $v.redis.secret "key" $v.redis.secretKey) }}
{{- end }}
{{- end }}

{{- define "egov.env" -}}
{{- $v := .Values -}}
{{- range .each | default (list .) }}
{{- include "egov.serviceEnv" (mergeOverwrite (dict) . (dict "owner" $.owner)) | trim | nindent 0 }}
{{- end }}
{{- with ternary "" $v.blob.credentialsSecret (not (empty .owner)) }}
{{ include "egov.secretEnv" (dict "env" "AWS_ACCESS_KEY_ID" "secret" . "key" "AWS_ACCESS_KEY_ID") }}
{{ include "egov.secretEnv" (dict "env" "AWS_SECRET_ACCESS_KEY" "secret" . "key" "AWS_SECRET_ACCESS_KEY") }}
{{- end }}
{{- if $v.trust.configMap }}
- name: SSL_CERT_DIR
  value: /etc/egov/trust
{{- end }}
{{- with $v.resources.limits.memory }}
- name: GOMEMLIMIT
  valueFrom:
    resourceFieldRef:
      resource: limits.memory
{{- end }}
{{- with $v.env }}
{{ toYaml . }}
{{- end }}
{{- end }}
