{{- define "guestbook.name" -}}
{{- printf "%s-guestbook" .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{/* What never changes of a part: (dict "root" $ "part" "front"). */}}
{{- define "guestbook.selector" -}}
app.kubernetes.io/name: guestbook
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end -}}

{{- define "guestbook.labels" -}}
{{ include "guestbook.selector" . }}
app.kubernetes.io/version: {{ .root.Values.version | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "guestbook.storeAddress" -}}
{{ include "guestbook.name" . }}-store:8080
{{- end -}}

{{/* The token: the one that is there, or a new one. */}}
{{- define "guestbook.token" -}}
{{- $there := lookup "v1" "Secret" .Release.Namespace (include "guestbook.name" .) -}}
{{- if $there -}}
{{- $there.data.token | b64dec -}}
{{- else -}}
{{- randAlphaNum 24 -}}
{{- end -}}
{{- end -}}
