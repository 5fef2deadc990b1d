"""The shapes of Grafana's provisioning files: data sources, boards' folders, alerting.

From the documentation and the names of keys that Grafana 12.4 reads; it drops any other key without
a word, which here is an error.
"""

from __future__ import annotations

import re

from tests.grafana.board_shapes import REF, TEXT, UID
from tests.grafana.shapes import By, Shape, one_of

SPAN = re.compile(r"\d+(ms|s|m|h|d|w)")
SECRET = re.compile(r"\$\{?[A-Z][A-Z0-9_]*\}?")
CLOCK = re.compile(r"([01]\d|2[0-4]):[0-5]\d")
LABEL = re.compile(r"[a-zA-Z_]\w*|\.\.\.")
MATCHER = re.compile(r'[a-zA-Z_]\w* ?(=|!=|=~|!~) ?("[^"]*"|[^\s"]+)')
WHOLE = (int, re.compile(r"\d+"), SECRET)
FIRST = {"apiVersion!": one_of(1)}

POSTGRES = {
    "name!": TEXT, "uid!": UID, "orgId": int, "type!": one_of("grafana-postgresql-datasource"),
    "access": one_of("proxy"), "url!": TEXT, "user!": TEXT, "isDefault": bool, "editable": bool,
    "version": int,
    "jsonData!": {
        "database!": TEXT, "sslmode!": TEXT, "sslRootCertFile": str, "sslCertFile": str,
        "sslKeyFile": str, "tlsConfigurationMethod": one_of("file-path", "file-content"),
        "postgresVersion": int, "timescaledb": bool, "maxOpenConns": int, "maxIdleConns": int,
        "maxIdleConnsAuto": bool, "connMaxLifetime": int, "timeInterval": SPAN,
    },
    "secureJsonData!": {"password!": SECRET, "tlsCACert": SECRET, "tlsClientCert": SECRET,
                        "tlsClientKey": SECRET},
}  # fmt: skip
DATASOURCES = FIRST | {
    "prune": bool, "datasources": [POSTGRES],
    "deleteDatasources": [{"name!": TEXT, "orgId": int}],
}  # fmt: skip
DASHBOARDS = FIRST | {
    "providers!": [{
        "name!": TEXT, "orgId": int, "folder": str, "folderUid": UID, "type!": one_of("file"),
        "disableDeletion": bool, "updateIntervalSeconds": int,
        "allowUiUpdates": one_of(False),  # noqa: FBT003
        "options!": {"path!": TEXT, "foldersFromFilesStructure": bool},
    }],
}  # fmt: skip

TLS = {"insecureSkipVerify": bool, "caCertificate": SECRET, "clientCertificate": SECRET,
       "clientKey": SECRET}  # fmt: skip
SETTINGS: dict[str, dict[str, Shape]] = {
    "webhook": {
        "url!": TEXT, "httpMethod": one_of("POST", "PUT"), "maxAlerts": WHOLE, "username": TEXT,
        "password": SECRET, "authorization_scheme": TEXT, "authorization_credentials": SECRET,
        "title": TEXT, "message": TEXT, "tlsConfig": TLS, "headers": {"*": TEXT},
        "hmacConfig": {"secret!": SECRET, "header": TEXT, "timestampHeader": TEXT},
        "payload": {"template!": TEXT, "vars": {"*": TEXT}},
    },
    "mqtt": {
        "brokerUrl!": TEXT, "topic!": TEXT, "clientId": TEXT, "username": TEXT, "password": SECRET,
        "messageFormat": one_of("json", "text"), "message": TEXT, "qos": WHOLE, "retain": bool,
        "tlsConfig": TLS,
    },
    "wecom": {
        "url": TEXT, "secret": SECRET, "agent_id": re.compile(r"\d+"), "corp_id": TEXT,
        "touser": TEXT, "msgtype": one_of("markdown", "text"), "title": TEXT, "message": TEXT,
        "endpointUrl": TEXT,
    },
    "email": {"addresses!": TEXT, "singleEmail": bool, "subject": TEXT, "message": TEXT},
}  # fmt: skip
RECEIVER = By("type", {
    kind: {"uid!": UID, "type!": str, "settings!": settings, "disableResolveMessage": bool}
    for kind, settings in SETTINGS.items()
})  # fmt: skip

ASKED = {
    "refId!": REF, "format!": one_of("table"), "rawQuery!": one_of(True),  # noqa: FBT003
    "editorMode": one_of("code"), "rawSql!": TEXT, "intervalMs": int, "maxDataPoints": int,
    "datasource": {"type": TEXT, "uid": TEXT},
}  # fmt: skip
CONDITION = {
    "evaluator!": {"type!": one_of("gt", "lt", "within_range", "outside_range"),
                   "params!": [float]},
}  # fmt: skip
EXPRESSION = By("type", {
    "threshold": {"refId!": REF, "type!": str, "expression!": REF, "conditions!": [CONDITION],
                  "datasource": {"type": TEXT, "uid": TEXT}},
    "math": {"refId!": REF, "type!": str, "expression!": TEXT},
    "reduce": {"refId!": REF, "type!": str, "expression!": REF,
               "reducer!": one_of("last", "max", "min", "mean", "sum", "count"),
               "settings": {"mode": one_of("", "dropNN", "replaceNN")}},
})  # fmt: skip
QUERY = By("datasourceUid", {
    "__expr__": {"refId!": REF, "datasourceUid!": str, "model!": EXPRESSION,
                 "relativeTimeRange": {"from!": int, "to!": int}},
}, otherwise={"refId!": REF, "datasourceUid!": UID, "model!": ASKED,
              "relativeTimeRange!": {"from!": int, "to!": int}})  # fmt: skip
RULE = {
    "uid!": UID, "title!": TEXT, "condition!": REF, "for!": SPAN, "keepFiringFor": SPAN,
    "noDataState!": one_of("OK", "Alerting", "NoData", "KeepLast"),
    "execErrState!": one_of("OK", "Alerting", "Error", "KeepLast"),
    "missing_series_evals_to_resolve": int, "isPaused": bool, "data!": [QUERY],
    "labels!": {"*": TEXT},
    "annotations!": {"runbook_url!": TEXT, "summary_en!": TEXT, "summary_zh!": TEXT,
                     "__dashboardUid__": UID, "__panelId__": re.compile(r"\d+"), "*": TEXT},
}  # fmt: skip
GROUP = {"orgId": int, "name!": TEXT, "folder!": TEXT, "interval!": SPAN, "rules!": [RULE]}
ROUTE: dict[str, Shape] = {
    "receiver!": TEXT, "group_by": [LABEL], "matchers!": [MATCHER], "continue": bool,
    "mute_time_intervals": [TEXT], "active_time_intervals": [TEXT],
    "group_wait": SPAN, "group_interval": SPAN, "repeat_interval": SPAN,
}  # fmt: skip
ROUTE["routes"] = [ROUTE]
ROOT = {key: ROUTE[key] for key in ROUTE.keys() - {"matchers!", "continue"}} | {"orgId": int}
ROOT = {key: ROOT[key] for key in ROOT.keys() - {"mute_time_intervals", "active_time_intervals"}}
TIMES = {
    "times": [{"start_time!": CLOCK, "end_time!": CLOCK}], "weekdays": [TEXT], "months": [TEXT],
    "days_of_month": [TEXT], "years": [TEXT], "location": re.compile(r"UTC|[A-Z]\w+/\w+"),
}  # fmt: skip
GONE = {"uid!": UID, "orgId": int}
ALERTING = FIRST | {
    "groups": [GROUP], "deleteRules": [GONE],
    "contactPoints": [{"orgId": int, "name!": TEXT, "receivers!": [RECEIVER]}],
    "deleteContactPoints": [GONE], "policies": [ROOT], "resetPolicies": [int],
    "templates": [{"orgId": int, "name!": TEXT, "template!": TEXT}],
    "deleteTemplates": [{"orgId": int, "name!": TEXT}],
    "muteTimes": [{"orgId": int, "name!": TEXT, "time_intervals!": [TIMES]}],
    "deleteMuteTimes": [{"orgId": int, "name!": TEXT}],
}  # fmt: skip
FOLDERS = {"datasources": DATASOURCES, "dashboards": DASHBOARDS, "alerting": ALERTING}
