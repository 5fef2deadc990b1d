"""Provisioning files are what Grafana reads, and agree with each other; faults are caught."""

from __future__ import annotations

import copy

import pytest
import yaml

from grafana.build import HERE
from tests.grafana import board_rules, provisioning_rules

FILES = provisioning_rules.read(HERE / "provisioning")
BOARDS = board_rules.read((HERE / "dashboards").glob("*/*.json"))


def test_every_key_is_one_that_grafana_reads():
    """A misspelt key is dropped without a word: a rule would then be another rule."""
    assert provisioning_rules.shapes(FILES) == []


def test_what_is_named_is_there():
    """Boards, panels, contact points, templates, mute times, data sources; no uid twice."""
    assert provisioning_rules.between(FILES, BOARDS) == []


def test_what_is_optional_has_the_same_shape():
    """Files that an administrator copies are checked like those that are used."""
    for file in sorted((HERE / "optional").glob("datasource*.yaml")):
        document = provisioning_rules.load(file.read_text())
        assert provisioning_rules.shapes({"datasources": [document]}) == []


SOUND = """
datasources:
- apiVersion: 1
  datasources:
  - name: W
    uid: w
    type: grafana-postgresql-datasource
    url: $ADDRESS
    user: $LOGIN
    jsonData: {database: w, sslmode: verify-full}
    secureJsonData: {password: $PASSWORD}
dashboards:
- apiVersion: 1
  providers:
  - {name: w, folder: W, folderUid: w, type: file, options: {path: /boards}}
alerting:
- apiVersion: 1
  templates:
  - {name: w, template: '{{ define "w.line" }}{{ .Status }}{{ end }}'}
  contactPoints:
  - name: purchasing
    receivers:
    - uid: w-purchasing
      type: webhook
      settings:
        url: $RELAY/v1
        hmacConfig: {secret: $SECRET}
        payload: {template: '{{ template "w.line" . }}'}
  muteTimes:
  - name: nights
    time_intervals: [{times: [{start_time: "22:00", end_time: "24:00"}], location: Asia/Shanghai}]
  policies:
  - receiver: purchasing
    routes:
    - {receiver: purchasing, matchers: [severity = critical], mute_time_intervals: [nights]}
  deleteRules: [{uid: w-old}]
  deleteContactPoints: [{uid: w-gone}]
  groups:
  - name: stock
    folder: W
    interval: 10s
    rules:
    - uid: w-short
      title: short
      condition: C
      for: 0s
      noDataState: OK
      execErrState: KeepLast
      labels: {team: w}
      annotations: {runbook_url: x, summary_en: x, summary_zh: x,
        __dashboardUid__: wl-b, __panelId__: "1"}
      data:
      - refId: A
        datasourceUid: w
        relativeTimeRange: {from: 60, to: 0}
        model: {refId: A, format: table, rawQuery: true, rawSql: SELECT 1 AS value LIMIT 500}
      - refId: C
        datasourceUid: __expr__
        model: {refId: C, type: threshold, expression: A,
          conditions: [{evaluator: {type: gt, params: [0]}}]}
"""
BOARD = {"uid": "wl-b", "panels": [{"id": 1, "type": "table", "targets": []}]}
ALERTING = ("alerting", 0)
RULE = (*ALERTING, "groups", 0, "rules", 0)
SETTINGS = (*ALERTING, "contactPoints", 0, "receivers", 0, "settings")
ROUTE = (*ALERTING, "policies", 0, "routes", 0)
BROKEN = {
    "the key of an older form": ((*RULE, "keep_firing_for"), "5m", "'keepFiringFor'"),
    "a misspelt key": ((*ROUTE, "group_waits"), "5s", "'group_wait'"),
    "a key of another file": ((*ALERTING, "contact_points"), [], "'contactPoints'"),
    "an unknown state": ((*RULE, "noDataState"), "Ok", "'Ok' is not one of"),
    "a time without a unit": ((*RULE, "for"), "60", "'60' is not of the form"),
    "a number as a text": ((*RULE, "missing_series_evals_to_resolve"), "1", "not of type int"),
    "no text in Chinese": ((*RULE, "annotations", "summary_zh"), "", "summary_zh"),
    "a uid that is too long": ((*RULE, "uid"), "w" * 41, "is not of the form"),
    "a secret in the file": ((*SETTINGS, "hmacConfig", "secret"), "hunter2", "hunter2"),
    "no such kind of receiver": (
        (*ALERTING, "contactPoints", 0, "receivers", 0, "type"), "webhok", "'webhok'"),
    "a matcher that does not match": ((*ROUTE, "matchers"), ["severity critical"], "of the form"),
    "an hour that is none": (
        (*ALERTING, "muteTimes", 0, "time_intervals", 0, "times", 0, "end_time"), "25:00", "25:00"),
    "a query that is no table": (
        (*RULE, "data", 0, "model", "format"), "time_series", "'time_series' is not one of"),
    "a password in a data source": (
        ("datasources", 0, "datasources", 0, "secureJsonData", "password"), "pw", "'pw' is not"),
    "boards that may be edited": (
        ("dashboards", 0, "providers", 0, "allowUiUpdates"), True, "True is not one of"),
    "a data source that is not there": ((*RULE, "data", 0, "datasourceUid"), "x", "'x' is not"),
    "a condition on no query": ((*RULE, "condition"), "B", "condition 'B' is no query"),
    "an expression on no query": ((*RULE, "data", 1, "model", "expression"), "B", "names no query"),
    "a query of two names": ((*RULE, "data", 0, "model", "refId"), "B", "calls itself B"),
    "a query without an end": ((*RULE, "data", 0, "model", "rawSql"), "SELECT 1", "no LIMIT"),
    "a board that is not there": ((*RULE, "annotations", "__dashboardUid__"), "wl-x", "'wl-x' is"),
    "a panel that is not there": ((*RULE, "annotations", "__panelId__"), "7", "has no panel 7"),
    "an interval that Grafana refuses": ((*ALERTING, "groups", 0, "interval"), "15s", "multiple"),
    "a contact point that is not there": ((*ROUTE, "receiver"), "sales", "'sales' is not there"),
    "a mute time that is not there": ((*ROUTE, "mute_time_intervals"), ["days"], "'days' is not"),
    "a template that is not there": (
        (*SETTINGS, "payload", "template"), '{{ template "w.lin" . }}', "'w.lin' is not there"),
    "a template that does not close": (
        (*SETTINGS, "message"), '{{ template "w.line" . }', "do not close"),
    "a rule that is made and deleted": (
        (*ALERTING, "deleteRules", 0, "uid"), "w-short", "is made and deleted"),
    "a receiver that is made and deleted": (
        (*ALERTING, "deleteContactPoints", 0, "uid"), "w-purchasing", "is made and deleted"),
}  # fmt: skip
TWICE = {
    (*ALERTING, "groups", 0, "rules"): "rule uid 'w-short' stands 2 times",
    (*ALERTING, "groups"): "group ('W', 'stock') stands 2 times",
    (*ALERTING, "contactPoints"): "receiver uid 'w-purchasing' stands 2 times",
    (*ALERTING, "templates"): "definition 'w.line' stands 2 times",
    (*ALERTING, "muteTimes"): "mute time 'nights' stands 2 times",
    (*ALERTING, "policies"): "policy tree of organisation 1 stands 2 times",
    ("datasources", 0, "datasources"): "data source 'w' stands twice",
    ("dashboards", 0, "providers"): "folder uid 'w' stands twice",
}


def wrong(files):
    """Return everything that is wrong with files beside the board."""
    shaped = provisioning_rules.shapes(files)
    return shaped or provisioning_rules.between(files, [BOARD])


def place(files, path):
    """Return what stands at a path."""
    for key in path:
        files = files[key]
    return files


def test_sound_files_are_sound():
    """What the broken files are made from has nothing wrong with it."""
    assert wrong(provisioning_rules.load(SOUND)) == []


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_is_found(case):
    """Each check catches what it is for."""
    path, value, said = BROKEN[case]
    files = provisioning_rules.load(SOUND)
    place(files, path[:-1])[path[-1]] = value
    assert any(said in sentence for sentence in wrong(files)), wrong(files)


@pytest.mark.parametrize("path", TWICE, ids=[path[-1] for path in TWICE])
def test_what_stands_twice_is_found(path):
    """Of two of one name Grafana keeps one, or does not start."""
    files = provisioning_rules.load(SOUND)
    entries = place(files, path)
    entries.append(copy.deepcopy(entries[0]))
    assert TWICE[path] in wrong(files)


def test_a_key_that_stands_twice_is_found():
    """YAML says that it is an error; most readers keep the last one."""
    with pytest.raises(yaml.YAMLError, match="stands twice"):
        provisioning_rules.load("a: 1\nb: {c: 1, c: 2}")
