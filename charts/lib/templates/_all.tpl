{{/* Everything that a service is: the one include of a service's chart. In a
release of one pod for all (global.mode: single) a service brings nothing of its
own. */}}
{{- define "egov.service" -}}
{{- if ne ((.Values.global).mode | default "distributed") "single" -}}
{{- include "egov.complaints" . -}}
{{- $port := dict "name" "http" "port" 8080 -}}
{{- $self := mergeOverwrite (dict) . (dict
      "settings" (include "egov.settings" . | fromYaml)
      "ports" (list $port)
      "database" (.database | default (ne .Chart.Name "portal"))) -}}
{{- include "egov.workload" $self -}}
{{- end -}}
{{- end }}

{{/* The resources of a workload: a chart's context with settings (what the
configuration file says), ports and database (whether it owns one). */}}
{{- define "egov.workload" -}}
{{- $parts := list
      "egov.configMap" "egov.serviceAccount" "egov.rbac" "egov.keys" "egov.migration"
      "egov.k8sService" "egov.deployment" "egov.disruption" "egov.scaling"
      "egov.networkPolicy" "egov.serviceMonitor" "egov.ingress" "egov.check" -}}
{{- range $part := $parts }}
{{- with include $part $ | trim | trimPrefix "---" | trim }}
---
{{ . }}
{{- end }}
{{- end }}
{{- end }}

{{/* What cannot be meant. The schema finds wrong values; here are those that
are wrong together. All are said at once. */}}
{{- define "egov.complaints" -}}
{{- $c := list -}}
{{- $v := .Values -}}
{{- if and $v.autoscaling.enabled $v.keda.enabled -}}
{{- $c = append $c "autoscaling and keda: two scalers would fight over one Deployment; enable one" -}}
{{- end -}}
{{- if gt (int $v.autoscaling.minReplicas) (int $v.autoscaling.maxReplicas) -}}
{{- $c = append $c "autoscaling: minReplicas is above maxReplicas" -}}
{{- end -}}
{{- if and $v.keda.enabled (not $v.keda.address) -}}
{{- $c = append $c "keda.address: KEDA needs Redis's host:port" -}}
{{- end -}}
{{- if not $v.redis.secret -}}
{{- $c = append $c "redis.secret: the Secret with Redis's URL is needed" -}}
{{- end -}}
{{- if ne .Chart.Name "portal" -}}
{{- if not $v.database.secret -}}
{{- $c = append $c "database.secret: the Secret with the URL of the service's role is needed" -}}
{{- end -}}
{{- if and $v.migration.enabled (not $v.database.ownerSecret) -}}
{{- $c = append $c "database.ownerSecret: the migration needs the URL of the schema's owner (or migration.enabled: false, and migrate by hand)" -}}
{{- end -}}
{{- end -}}
{{- if and $v.keys.secret $v.keys.volume.claim -}}
{{- $c = append $c "keys: a Secret and a claim; name one" -}}
{{- end -}}
{{- if and (ne $v.keys.volume.accessMode "ReadWriteMany") (not $v.keys.secret) (or (gt (int $v.replicas) 1) $v.autoscaling.enabled $v.keda.enabled) (not (eq .Chart.Name "portal")) -}}
{{- $c = append $c (printf "keys.volume.accessMode %s: pods on several nodes could not share their keys; use ReadWriteMany, a Secret, or one pod" $v.keys.volume.accessMode) -}}
{{- end -}}
{{- if and $v.tls.clientCA (not (include "egov.tlsSecret" .)) -}}
{{- $c = append $c "tls.clientCA: callers bring certificates to a service that has one itself; set tls.secret" -}}
{{- end -}}
{{- range $key, $value := dict "linger" "shutdown.lingerSeconds" "grace" "shutdown.graceSeconds" "tls" "tls.secret" -}}
{{- if or (hasKey $v.config $key) (hasKey (($v.global).config | default dict) $key) -}}
{{- $c = append $c (printf "config.%s: the pod follows from it; set %s" $key $value) -}}
{{- end -}}
{{- end -}}
{{- if and $v.ingress.enabled (not $v.ingress.host) -}}
{{- $c = append $c "ingress.host: a name is needed" -}}
{{- end -}}
{{- if $c -}}
{{- fail (printf "\n%s:\n  - %s" .Chart.Name (join "\n  - " $c)) -}}
{{- end -}}
{{- end }}
