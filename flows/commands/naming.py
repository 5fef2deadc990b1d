"""Alerts and actions as people name them: by the beginning of an id, a severity, a state.

Enters: rows of the named queries. Leaves: words in the reader's language, or the one row that an
id's beginning means; Trouble when it means none or several.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from connectors.trouble import Trouble
from flows.words import Words, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.queries import Row
    from flows.settings import Settings

SEVERITIES = {
    "info": "severity.info",
    "warning": "severity.warning",
    "critical": "severity.critical",
}
STYLES = {"critical": "bold red", "warning": "yellow", "info": "blue"}
STATES = {
    "open": "alerts.open",
    "acknowledged": "alerts.acknowledged",
    "resolved": "alerts.resolved",
}
UNKNOWN = {"alert": "alerts.no_alert", "action": "actions.no_action"}


def severity(word: str, say: Words) -> Text:
    """Return a severity in its colour."""
    return Text(say(SEVERITIES[word]), style=STYLES[word])


def state(row: Row, say: Words) -> str:
    """Return how an alert stands."""
    return say(STATES[row["state"]], who=row["acknowledged_by"] or "–")


def one_of(rows: Sequence[Row], kind: str, prefix: str, settings: Settings) -> Row:
    """Return the alert or the action whose id `prefix` is, or begins; the exact one is first."""
    say, key = words(settings.lang), f"{kind}_id"
    if not rows:
        raise Trouble(say(UNKNOWN[kind], id=prefix))
    if len(rows) > 1 and rows[0][key] != prefix:
        ids = ", ".join(row[key] for row in rows)
        raise Trouble(say("decide.several", id=prefix, ids=ids))
    return rows[0]
