"""How messages read. Every text is bounded by the number of alerts and the length of each.

WeCom refuses markdown over 4,096 bytes. A template cannot count bytes, so it cuts texts by
characters, of which one has at most four bytes: `tests/grafana/test_alerting.py` adds it up.
"""

from __future__ import annotations

FIRING, RESOLVED = 6, 2
"""Alerts that a WeCom message shows; how many more there are is said."""
SUMMARY, NAME = 100, 30
"""Characters of a summary and of a name in it."""
MAIL, PDA = 50, 20
"""Alerts that an e-mail and a message to PDAs show."""

TITLE = f"""
{{{{ define "wl.title" -}}}}
{{{{ if eq .Status "firing" }}}}【{{{{ len .Alerts.Firing }}}} 条预警】{{{{ else }}}}【已恢复】{{{{ end -}}}}
{{{{ printf "%.{NAME}s" .CommonLabels.alertname }}}}
{{{{- with .CommonLabels.warehouse_zh }}}} · {{{{ printf "%.{NAME}s" . }}}}{{{{ end }}}}
{{{{- end }}}}
"""
WECOM = f"""
{{{{ define "wl.line" -}}}}
{{{{ printf "%.{SUMMARY}s" .Annotations.summary_zh }}}}（{{{{ (.StartsAt | tz "Asia/Shanghai").Format "01-02 15:04" }}}}）
{{{{- end }}}}
{{{{ define "wl.wecom" -}}}}
{{{{ range $i, $a := .Alerts.Firing }}}}{{{{ if lt $i {FIRING} -}}}}
> <font color="{{{{ if eq $a.Labels.severity "critical" }}}}warning{{{{ else }}}}comment{{{{ end }}}}">
{{{{- if eq $a.Labels.severity "critical" }}}}严重{{{{ else if eq $a.Labels.severity "warning" }}}}警告{{{{ else }}}}提示{{{{ end -}}}}
</font> {{{{ template "wl.line" $a }}}}
{{{{ end }}}}{{{{ end -}}}}
{{{{ if gt (len .Alerts.Firing) {FIRING} }}}}…共 {{{{ len .Alerts.Firing }}}} 条
{{{{ end -}}}}
{{{{ range $i, $a := .Alerts.Resolved }}}}{{{{ if lt $i {RESOLVED} -}}}}
> <font color="info">恢复</font> {{{{ template "wl.line" $a }}}}
{{{{ end }}}}{{{{ end -}}}}
{{{{ if gt (len .Alerts.Resolved) {RESOLVED} }}}}…恢复共 {{{{ len .Alerts.Resolved }}}} 条{{{{ end }}}}
{{{{- end }}}}
"""
MAIL_TEXT = f"""
{{{{ define "wl.mail" -}}}}
{{{{ range $i, $a := .Alerts }}}}{{{{ if lt $i {MAIL} -}}}}
[{{{{ $a.Status }}}}] {{{{ printf "%.200s" $a.Annotations.summary_zh }}}}
{{{{ printf "%.200s" $a.Annotations.summary_en }}}}
{{{{ $a.Annotations.runbook_url }}}}

{{{{ end }}}}{{{{ end -}}}}
{{{{ if gt (len .Alerts) {MAIL} }}}}… {{{{ len .Alerts }}}}{{{{ end }}}}
{{{{- end }}}}
"""
PDA_TEXT = f"""
{{{{ define "wl.pda" -}}}}
{{"version":1,"status":{{{{ printf "%q" .Status }}}},"count":{{{{ len .Alerts }}}},"alerts":[
{{{{- range $i, $a := .Alerts }}}}{{{{ if lt $i {PDA} }}}}{{{{ if $i }}}},{{{{ end -}}}}
{{"status":{{{{ printf "%q" $a.Status }}}},"alert_id":{{{{ printf "%.60q" $a.Labels.alert_id -}}}}
,"rule":{{{{ printf "%.40q" $a.Labels.rule }}}},"severity":{{{{ printf "%.10q" $a.Labels.severity -}}}}
,"warehouse":{{{{ printf "%.40q" $a.Labels.warehouse }}}},"sku":{{{{ printf "%.60q" $a.Labels.sku -}}}}
,"lot":{{{{ printf "%.60q" $a.Labels.lot }}}},"bin":{{{{ printf "%.40q" $a.Labels.bin -}}}}
,"summary_en":{{{{ printf "%.160q" $a.Annotations.summary_en -}}}}
,"summary_zh":{{{{ printf "%.160q" $a.Annotations.summary_zh }}}}}}
{{{{- end }}}}{{{{ end }}}}]}}
{{{{- end }}}}
"""
FIELDS = (
    *("alert_id", "rule", "severity", "roles", "warehouse", "sku", "lot", "bin", "subject"),
    *("threshold",),
)
"""Labels that the relay gets by their own names."""
PAYLOAD = (
    """
{{ define "wl.payload" -}}
{{- $alerts := coll.Slice -}}
{{- range .Alerts -}}
{{- $alerts = coll.Append (coll.Dict "fingerprint" .Fingerprint "status" .Status
  """
    + "\n  ".join(f'"{name}" .Labels.{name}' for name in FIELDS)
    + """
  "alertname" .Labels.alertname
  "summary_en" .Annotations.summary_en
  "summary_zh" .Annotations.summary_zh
  "runbook_url" .Annotations.runbook_url
  "starts_at" .StartsAt "ends_at" .EndsAt "values" .Values
  "panel_url" .PanelURL "silence_url" .SilenceURL) $alerts -}}
{{- end -}}
{{ coll.Dict "version" 1 "receiver" .Receiver "role" .Vars.role "status" .Status
  "group_key" .GroupKey "truncated" .TruncatedAlerts "alerts" $alerts | data.ToJSON }}
{{- end }}
"""
)


def text() -> str:
    """Return all templates as one text."""
    parts = (TITLE, WECOM, MAIL_TEXT, PDA_TEXT, PAYLOAD)
    return "\n".join(part.strip("\n") for part in parts) + "\n"
