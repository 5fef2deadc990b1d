"""The files of alerting hold together, and each rule's SQL gives what Grafana can use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from flows.commands.grafana import DEFAULTS
from flows.domain.rules import RULES
from grafana.alerting import files, house, rules, templates
from tests.grafana import asking

ROOT = Path(__file__).resolve().parents[2]
PROVISIONING = ROOT / "grafana" / "provisioning"
FLOAT, TEXT = 701, 25
WECOM = 4096
WIDEST = 4
"""Bytes of the longest character."""


def documents() -> Iterator[dict[str, Any]]:
    """Yield every file of alerting."""
    for path in sorted((PROVISIONING / "alerting").glob("*.yaml")):
        yield yaml.safe_load(path.read_text())


def listed(key: str) -> list[dict[str, Any]]:
    """Return all entries of one kind."""
    return [one for document in documents() for one in document.get(key, [])]


GROUPS = listed("groups")
RULES_MADE = {rule["uid"]: rule for group in GROUPS for rule in group["rules"]}
EPISODES = [uid for uid, rule in RULES_MADE.items() if rule["labels"]["kind"] == "episode"]
HEARTBEATS = [uid for uid in RULES_MADE if uid not in EPISODES]
(TREE,) = listed("policies")
TEMPLATE = templates.text()


def sql_of(uid: str) -> str:
    """Return the statement of a rule."""
    return RULES_MADE[uid]["data"][0]["model"]["rawSql"]


# ---- rules


def test_there_is_a_rule_for_each_of_the_domain_and_its_roles_have_contact_points():
    """A rule that is added to the domain rings in Grafana too, or this fails."""
    ours = [name for names in house.FAMILIES.values() for name in names]
    assert sorted(ours) == sorted(RULES)
    assert {role for rule in RULES.values() for role in rule.roles} == set(house.ROLES)
    assert {f"wl-{house.dashed(name)}" for name in RULES} == set(EPISODES)


@pytest.fixture(scope="module")
def alarmed(new_database) -> Iterator[str]:
    """Give a database in which an episode of every rule is open in each severity."""
    episode = """
        INSERT INTO inventory.alert_state (rule, warehouse, sku, lot, bin, subject, alert_id,
            version, severity, state, opened_at, seen_at, threshold, observed, roles)
        VALUES (%(rule)s, 'SHA', %(sku)s, '', '', %(severity)s, %(id)s, 1, %(severity)s, 'open',
            now(), now(), %(threshold)s, '{"available": 3, "weight": 7.5}', %(roles)s)"""
    with new_database() as dsn:
        with psycopg.connect(dsn) as connection:
            for number, (rule, severity) in enumerate(pairs()):
                values = {"rule": rule, "severity": severity, "id": f"{rule}-{severity}"}
                values |= {"sku": "5\" 'knife'" if number % 2 else ""}
                values |= {"threshold": None if number % 3 else 10.5}
                connection.execute(episode, values | {"roles": list(RULES[rule].roles)})
        yield dsn


def pairs() -> Iterator[tuple[str, str]]:
    """Yield every (rule, severity)."""
    for rule in RULES:
        for severity in house.SEVERITIES:
            yield rule, severity


@pytest.mark.stack
@pytest.mark.parametrize("uid", [*EPISODES, *HEARTBEATS])
def test_a_rule_asks_for_one_number_and_texts_without_nulls(alarmed, uid):
    """Grafana takes the number for the figure and the texts for labels; a NULL breaks the rule."""
    with asking.connect(alarmed) as connection:
        cursor = connection.execute(sql_of(uid).encode())
        types = [column.type_code for column in cursor.description]
        rows = cursor.fetchall()
    assert types == [FLOAT, *[TEXT] * (len(types) - 1)]
    assert len(rows) == (len(house.SEVERITIES) if uid in EPISODES else 1)
    assert all(value is not None for row in rows for value in row)
    assert len({row[1:] for row in rows}) == len(rows)


@pytest.mark.stack
def test_a_rule_answers_on_an_empty_database(database):
    """No episode is no row; a pipeline that never ran is one that stands still."""
    with asking.connect(database) as connection:
        rows = {uid: connection.execute(sql_of(uid).encode()).fetchall() for uid in RULES_MADE}
    assert all(rows[uid] == [] for uid in EPISODES)
    assert all(rows[uid][0][0] is not None for uid in HEARTBEATS)


@pytest.mark.stack
def test_other_figures_of_an_episode_are_not_another_alert(alarmed):
    """What changes while an episode lasts is no label: Grafana would end one and begin another."""
    with asking.connect(alarmed) as connection:
        before = connection.execute(sql_of("wl-below-safety").encode()).fetchall()
    with psycopg.connect(alarmed) as connection:
        connection.execute(
            "UPDATE inventory.alert_state SET observed = '{\"available\": 1}', seen_at = now(),"
            " events = '{e1,e2}' WHERE rule = 'below_safety'"
        )
    with asking.connect(alarmed) as connection:
        after = connection.execute(sql_of("wl-below-safety").encode()).fetchall()
    assert [row[1:] for row in after] == [row[1:] for row in before]
    assert [row[0] for row in before] == [3.0] * 3
    assert [row[0] for row in after] == [1.0] * 3


@pytest.mark.stack
def test_a_storm_is_cut_and_the_worst_is_kept(database):
    """Grafana keeps a state per row: five hundred of a rule at most, critical ones first."""
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO inventory.alert_state (rule, warehouse, sku, alert_id, version, severity,"
            " state, opened_at, seen_at) SELECT 'overstock', 'W', n::text, 'overstock-' || n, 1,"
            " (ARRAY['info', 'warning', 'critical'])[1 + n %% 3], 'open', now(), now()"
            " FROM generate_series(1, 900) AS n",
            [],
        )
    with asking.connect(database) as connection:
        rows = connection.execute(sql_of("wl-overstock").encode()).fetchall()
    severities = [row[1 + rules.LABELS.index("severity")] for row in rows]
    assert severities == ["critical"] * 300 + ["warning"] * 200


@pytest.mark.parametrize("uid", EPISODES)
def test_an_open_episode_rings_and_one_that_is_gone_is_silent(uid):
    """Every row is an alert whatever its figure; no rows is fine, an error changes nothing."""
    rule = RULES_MADE[uid]
    assert (rule["noDataState"], rule["execErrState"]) == ("OK", "KeepLast")
    assert rule["missing_series_evals_to_resolve"] == 1
    evaluator = rule["data"][1]["model"]["conditions"][0]["evaluator"]
    assert evaluator == {"type": "gt", "params": [-1_000_000_000]}


@pytest.mark.parametrize("uid", HEARTBEATS)
def test_a_heartbeat_that_cannot_be_heard_rings(uid):
    """Silence of the database is an alert here, not peace."""
    rule = RULES_MADE[uid]
    assert (rule["noDataState"], rule["execErrState"]) == ("Alerting", "Error")
    assert {"severity", "roles", "kind"} <= rule["labels"].keys()


@pytest.mark.parametrize("uid", list(RULES_MADE))
def test_annotations_name_only_what_the_query_returns(uid):
    """A label that is not there would be read as `<no value>` by a person."""
    rule = RULES_MADE[uid]
    columns = set(re.findall(r"[a-z_]+", sql_of(uid).partition(" FROM ")[0]))
    for name in ("summary_en", "summary_zh"):
        text = rule["annotations"][name]
        assert set(re.findall(r"\$labels\.(\w+)", text)) <= columns
        assert set(re.findall(r"\$values\.(\w+)", text)) <= {"A"}
        # A figure is missing on errors: only `with` may name it.
        assert text.count("$values.A") == text.count("{{ with $values.A }}")
        opened = len(re.findall(r"\{\{ (?:with|if|range) ", text))
        assert opened == text.count("{{ end }}")
        assert "$" not in re.sub(r"\$(?:labels|values)\.", "", text)


def test_each_runbook_address_is_a_section_of_the_runbook():
    """Who follows the link finds what to do."""
    sections = set(
        re.findall(r"^## (\S+)$", (ROOT / "deploy/runbook.md").read_text(), re.MULTILINE)
    )
    for rule in RULES_MADE.values():
        assert rule["annotations"]["runbook_url"].partition("#")[2] in sections


# ---- who is told


def matches(route: dict[str, Any], labels: dict[str, str]) -> bool:
    """Say whether a route's matchers, anchored as Alertmanager does, take an alert."""
    for matcher in route.get("matchers", []):
        match = re.fullmatch(r'(\w+) (=|=~) "(.*)"', matcher)
        assert match, matcher
        name, operator, wanted = match.groups()
        value = labels.get(name, "")
        if not (value == wanted if operator == "=" else re.fullmatch(wanted, value)):
            return False
    return True


def taken(route: dict[str, Any], labels: dict[str, str]) -> list[dict[str, Any]]:
    """Return the routes that send an alert: the deepest ones, going on where `continue` is."""
    found = []
    for inner in route.get("routes", []):
        if matches(inner, labels):
            found += taken(inner, labels)
            if not inner.get("continue"):
                break
    return found or [route]


@pytest.mark.parametrize(("rule", "severity"), list(pairs()))
def test_every_rule_reaches_its_roles_and_nobody_else(rule, severity):
    """A warehouse's alert is not one of its supervisor, whose name begins alike."""
    roles = sorted(RULES[rule].roles)
    labels = {"kind": "episode", "roles": ",".join(roles), "severity": severity}
    routes = taken(TREE, labels)
    wanted = {house.contact(role) for role in roles}
    if severity == "critical":
        wanted |= {house.pda(role) for role in roles if role in house.PDA_ROLES}
    assert sorted(route["receiver"] for route in routes) == sorted(wanted)
    muted = {bool(route.get("mute_time_intervals")) for route in routes}
    assert muted == {severity != "critical"}


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        (RULES_MADE["wl-heartbeat-flow"]["labels"], ["fallback", "role-platform"]),
        ({"alertname": "DatasourceError", "roles": "platform"}, ["fallback"]),
        ({"alertname": "DatasourceNoData"}, ["fallback"]),
        ({"roles": "nobody", "severity": "critical"}, ["fallback"]),
        ({}, ["fallback"]),
    ],
)
def test_what_has_no_role_and_what_breaks_goes_to_the_fallback(labels, receivers):
    """The relay may be what is broken: its receiver is not the only one."""
    assert sorted(route["receiver"] for route in taken(TREE, labels)) == receivers


def every_route(route: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a route and all below it."""
    yield route
    for inner in route.get("routes", []):
        yield from every_route(inner)


def test_everything_that_is_named_exists():
    """Contact points, mute timings, templates: Grafana would refuse to start."""
    points = {point["name"] for point in listed("contactPoints")}
    nights = {one["name"] for one in listed("muteTimes")}
    for route in every_route(TREE):
        assert route["receiver"] in points
        assert set(route.get("mute_time_intervals", [])) <= nights
    said = TEMPLATE + "".join(map(str, listed("contactPoints")))
    defined = set(re.findall(r'define "([\w.]+)"', TEMPLATE))
    assert set(re.findall(r'template "([\w.]+)"', said)) <= defined
    (made,) = listed("templates")
    assert made["template"] == TEMPLATE


def seconds(text: str) -> int:
    """Return a duration in seconds."""
    return int(text[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86_400}[text[-1]]


def test_paces_are_in_order():
    """Grafana refuses a repetition that is not slower than a group's own pace."""
    for route in every_route(TREE):
        wait, interval = seconds(route["group_wait"]), seconds(route["group_interval"])
        assert wait <= interval < seconds(route["repeat_interval"])


# ---- texts, secrets, what is gone


def defined(name: str) -> str:
    """Return the body of a template."""
    body = TEMPLATE.partition(f'define "{name}"')[2]
    return re.split(r"\{\{-? end \}\}\n(?=\{\{ define|\Z)", body)[0]


def test_a_wecom_message_fits_however_long_the_names_are():
    """4,096 bytes, every text at its limit and each character of four bytes."""
    numbers = templates.NUMBERS
    literal = re.sub(r"\{\{.*?\}\}", "", defined("wl.wecom"), flags=re.DOTALL)
    marks = max(len(word.encode()) for word in re.findall(r"[^\x00-\x7f]+", TEMPLATE))
    frame = len('> <font color="comment"></font>  ()\n') + marks + len("01-02 15:04")
    line = frame + numbers["summary"] * WIDEST
    title = len("# 【99999 】 · \n".encode()) + marks + 2 * numbers["name"] * WIDEST
    counts = 2 * (len("… 99999 \n".encode()) + marks)
    lines = (numbers["firing"] + numbers["shown_resolved"]) * line
    assert len(literal) < 200
    assert title + lines + counts <= WECOM
    # No text goes in uncut: what is printed is a count, a cut text or a template of ours.
    shown = re.findall(r"\{\{-? ?([^}]*?) ?-?\}\}", defined("wl.wecom") + defined("wl.line"))
    for action in shown:
        plain = action.startswith(("range", "if", "else", "end", "len", "template", "(.StartsAt"))
        assert plain or action.startswith(f'printf "%.{numbers["summary"]}s"'), action


def test_no_secret_and_no_address_is_in_the_files():
    """Whatever differs from place to place is a variable, which `waterline grafana --env` gives."""
    named = set()
    for path in sorted(PROVISIONING.rglob("*.yaml")):
        text = path.read_text()
        if not path.name.startswith(("10-", "40-")):  # there `$` is of templates, not of Grafana
            plain = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
            assert set(re.findall(r"\$(\w*)", plain)) == set(
                re.findall(r"\$(WATERLINE_[A-Z_]+)", plain)
            )
            named |= set(re.findall(r"\$(\w+)", plain))
    ours = {name for name in named if not name.startswith("WATERLINE_GRAFANA_")}
    assert ours == {*DEFAULTS, "WATERLINE_RELAY_SECRET"}
    for point in listed("contactPoints"):
        for receiver in point["receivers"]:
            settings = receiver["settings"] | receiver["settings"].get("hmacConfig", {})
            for key in ("url", "brokerUrl", "secret", "password", "username", "addresses"):
                assert settings.get(key, "$WATERLINE_").startswith("$WATERLINE_")


def test_what_is_there_is_recorded_as_released_and_what_is_gone_is_deleted():
    """Grafana keeps what a file no longer names, and sends twice when a uid has changed."""
    assert files.current() <= files.released(), "add the new uids to grafana/alerting/released.txt"
    gone = files.removed(iter(files.current() - {("rule", "wl-expired"), ("contact", "wl-pda-x")}))
    assert {"orgId": 1, "uid": "wl-expired"} in gone["deleteRules"]
    now = {one["uid"] for key in ("deleteRules", "deleteContactPoints") for one in listed(key)}
    assert not now & {uid for _, uid in files.current()}


def test_uids_and_titles_are_unique():
    """One of two would win, and nobody knows which."""
    uids = [uid for _, uid in files.uids(GROUPS, listed("contactPoints"))]
    titles = [rule["title"] for rule in RULES_MADE.values()]
    assert len(set(uids)) == len(uids)
    assert len(set(titles)) == len(titles)
    assert all(len(uid) <= 40 for uid in uids)
