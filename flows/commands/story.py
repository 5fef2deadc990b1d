"""The whole story of one alert: what was seen, by which events, who said what, what followed.

Enters: an alert's id or its beginning. Leaves: a page of short tables, or one JSON document. An
event that no table has any more is shown by its id. May fail with Trouble: no such alert.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from connectors.trouble import Trouble
from flows.commands import actions, naming, shown
from flows.commands.trail import trail_table, zones_of
from flows.domain.rules import RULES
from flows.telling import name_of
from flows.words import Words, words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from rich.table import Table

    from connectors.queries import Queries, Row
    from flows.settings import Settings

HIDDEN = {"name", "name_zh"}
"""Figures that the sentence says already."""
CHANGE = (
    *("transition", "severity", "state", "at", "occurred_at", "actor", "note"),
    *("threshold", "observed", "events"),
)
"""What each transition has of its own."""
DELIVERED = {
    "waiting": "deliveries.state_waiting",
    "delivered": "deliveries.state_delivered",
    "given_up": "deliveries.state_given_up",
}


def show(database: Queries, args: argparse.Namespace, settings: Settings) -> None:
    """Show the story of the alert whose id is, or begins with, that of the arguments."""
    rows = database.rows("alert_ids", id=args.id)
    found = naming.one_of(rows, "alert", args.id, settings)
    transitions = database.rows("alert_transitions", id=found["alert_id"])
    if not transitions:
        raise Trouble(words(settings.lang)("story.gone", id=found["alert_id"]))
    told = _told(database, transitions)
    if args.json:
        shown.as_json(told)
        return
    say = words(settings.lang)
    zone = zones_of(database).get(told["warehouse"], settings.tz)
    shown.say_line(_title(told, zone, say))
    shown.show(_transitions(told["transitions"], zone, say), "")
    if told["observed"]:
        shown.show(_observed(told, zone, say), "")
    _show_events(told, zones_of(database), settings)
    if told["actions"]:
        shown.show(say("story.actions"), actions.listed(told["actions"], settings), "")
    if told["messages"]:
        shown.show(say("story.messages"), _messages(told["messages"], zone, say), "")
    runbook = f"deploy/runbook.md#{RULES[told['rule']].runbook}"
    shown.say_line(say("story.runbook", place=runbook))


def _told(database: Queries, transitions: Sequence[Row]) -> Row:
    """Return the last transition with all the others, the events, the actions, the messages."""
    first, last = transitions[0], transitions[-1]
    alert_id = last["alert_id"]
    events = list(dict.fromkeys(one for row in transitions for one in row["events"]))
    times = list({row["occurred_at"] for row in transitions})
    ids = [row["action_id"] for row in database.rows("alert_actions", id=alert_id)]
    spoken = [row for row in transitions if row["transition"] == "acknowledged"]
    return {
        **{name: value for name, value in last.items() if name not in CHANGE},
        **{name: last[name] for name in ("severity", "state", "threshold", "observed")},
        "opened_at": first["occurred_at"],
        "acknowledged_by": spoken[-1]["actor"] if spoken else None,
        "transitions": [_transition(row) for row in transitions],
        "events": events,
        "happened": database.rows("alert_events", sku=last["sku"], events=events, times=times),
        "actions": actions.by_id(database, ids) if ids else [],
        "messages": database.rows("alert_messages", about=[alert_id, *ids], since=first["at"]),
    }


def _transition(row: Row) -> Row:
    return {name: row[name] for name in (*CHANGE, "message_en", "message_zh")}


def _title(told: Row, zone: str, say: Words) -> str:
    return say(
        "story.title",
        id=told["alert_id"],
        name=name_of(told["rule"], say.lang),
        severity=naming.severity(told["severity"], say),
        state=naming.state(told, say),
        since=shown.local(told["opened_at"], zone),
        roles=", ".join(told["roles"]) or "–",
    )


def _transitions(rows: Sequence[Row], zone: str, say: Words) -> Table:
    heads = (("at", "!"), ("what", "<"), ("severity", "<"), ("by", "<"), ("reason", "<"))
    table = shown.table([(say(f"column.{name}"), how) for name, how in heads])
    language = "message_zh" if say.lang == "zh-CN" else "message_en"
    for row in rows:
        table.add_row(
            shown.local(row["occurred_at"], zone),
            say(f"change.{row['transition']}"),
            naming.severity(row["severity"], say),
            row["actor"] or "–",
            row[language],
        )
    return table


def _observed(told: Row, zone: str, say: Words) -> Table:
    """Return the numbers of the last transition, with the threshold."""
    figures: dict[str, Any] = {"threshold": told["threshold"], **told["observed"]}
    table = shown.table([(say("story.figure"), "<"), (say("story.value"), "<")])
    order = [name.removeprefix("figure.") for name in say.sentences if name.startswith("figure.")]
    for name in [*order, *sorted(figures.keys() - {*order, *HIDDEN})]:
        if figures.get(name) not in (None, ""):
            table.add_row(say.get(f"figure.{name}", name), _value(name, figures[name], zone))
    return table


def _value(name: str, value: Any, zone: str) -> str:
    if isinstance(value, list):
        return ", ".join(_value(name, one, zone) for one in value)
    if isinstance(value, dict):
        return " ".join(f"{key} {_value(key, one, zone)}" for key, one in value.items())
    if isinstance(value, str):
        return shown.local(datetime.fromisoformat(value), zone) if name.endswith("_at") else value
    return shown.number(value)


def _show_events(told: Row, zones: dict[str, str], settings: Settings) -> None:
    say = words(settings.lang)
    if told["happened"]:
        table = trail_table(told["happened"], zones, settings)
        shown.show(say("story.events"), table, "")
    known = {row["event_id"] for row in told["happened"]}
    others = [one for one in told["events"] if one not in known]
    if others:
        shown.say_line(say("story.other_events", ids=", ".join(others)))


def _messages(rows: Sequence[Row], zone: str, say: Words) -> Table:
    """Return the messages with how far each is with each receiver."""
    heads = ("column.at", "!"), ("deliveries.receiver", "<"), ("deliveries.state", "<")
    more = ("deliveries.latency", ">"), ("deliveries.name", "<")
    table = shown.table([(say(name), how) for name, how in (*heads, *more)])
    for row in rows:
        table.add_row(
            shown.local(row["created_at"], zone, to="seconds"),
            row["receiver"] or "–",
            say(DELIVERED[row["state"]]),
            shown.seconds(row["latency"]),
            row["message_id"],
        )
    return table
