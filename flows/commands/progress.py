"""How far the flows are: per partition of the log, and what still waits before and in it.

Enters: the tables `offsets` and `intake`, the ends of the topics. Leaves: rows and a count.
May fail: no database, no broker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.kafka import INTAKE, LOG
from connectors.watermarks import ends
from flows.commands import shown
from flows.commands.look import queries
from flows.words import Words, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from connectors.queries import Row
    from flows.settings import Settings

COUNTERS = ("consumed", "applied", "repeats", "rejects")


def flow_rows(settings: Settings) -> dict[str, Any]:
    """Return `log` (a row per partition), `intake` (a row per topic and partition) and `lag`.

    The ends of intake's topics are read first and its counters next, then the same of the log:
    what intake has counted by then is in the log, so that zero behind everywhere is the truth.
    """
    brokers, prefix = settings.need_brokers(), settings.topic_prefix
    with queries(settings) as database:
        first = ends(brokers, [prefix + name for name in INTAKE])
        intake = _behind(database.rows("intake_progress"), first, "partition", prefix)
        last = ends(brokers, [prefix + LOG])
        log = _behind(database.rows("progress"), last, "log_partition", prefix)
        return {"log": log, "intake": intake, "lag": database.rows("lag")}


def anything_sent(settings: Settings) -> bool:
    """Return whether there was ever a message on the topics that intake reads."""
    topics = [settings.topic_prefix + name for name in INTAKE]
    return any(ends(settings.need_brokers(), topics).values())


def waiting(settings: Settings) -> int:
    """Return how many messages are not yet committed: before intake, and in the log."""
    rows = flow_rows(settings)
    return sum(row["behind"] or 0 for row in (*rows["intake"], *rows["log"]))


def _behind(rows: list[Row], last: dict[tuple[str, int], int], key: str, prefix: str) -> list[Row]:
    """Add `behind` to each row, and a row for each partition that nobody has read yet."""
    known = {(row["topic"], row[key]): row for row in rows}
    # The stock flow may keep the topic's name with or without this installation's prefix.
    known |= {(prefix + topic, part): row for (topic, part), row in known.items()}
    made = []
    for place, end in sorted(last.items()):
        row = known.get(place, {"topic": place[0], key: place[1], "next_offset": 0})
        behind = max(end - (row["next_offset"] or 0), 0)
        made.append({**row, "topic": place[0], "end": end, "behind": behind})
    return made


def show_progress(rows: dict[str, Any], settings: Settings) -> None:
    """Print the rows for a person."""
    say = words(settings.lang)
    if not rows["log"] and not rows["intake"]:
        shown.show(say("progress.nothing"))
        return
    shown.show(say("progress.intake"), intake_table(rows["intake"], say))
    shown.show("", say("progress.log"), log_table(rows["log"], say))
    if rows["lag"]:
        shown.show("", say("summary.lag"), lag_table(rows["lag"], say))


def intake_table(rows: Iterable[Row], say: Words) -> Table:
    """Return the table of intake's topics: the sums of their partitions, the youngest commit."""
    numbers = ("behind", "rate", "consumed", "events", "ignored", "rejects")
    table = shown.table(
        [
            (say("column.topic"), "<"),
            *((say(f"column.{name}"), ">") for name in (*numbers, "age_seconds")),
        ]
    )
    topics: dict[str, list[Row]] = {}
    for row in rows:
        topics.setdefault(row["topic"], []).append(row)
    for topic, parts in topics.items():
        ages = [row["age_seconds"] for row in parts if row.get("age_seconds") is not None]
        counts = [_whole(_sum(parts, name)) for name in numbers]
        table.add_row(topic, *counts, shown.seconds(min(ages, default=None)))
    return table


def _sum(rows: Iterable[Row], name: str) -> float | None:
    known = [row[name] for row in rows if row.get(name) is not None]
    return sum(known) if known else None


def log_table(rows: Iterable[Row], say: Words) -> Table:
    """Return the table of the log's partitions."""
    numbers = ("behind", "rate", *COUNTERS)
    table = shown.table(
        [
            (say("column.partition"), ">"),
            (say("column.offset"), ">"),
            *((say(f"column.{name}"), ">") for name in (*numbers, "age_seconds")),
            (say("column.owner"), "<"),
        ]
    )
    for row in rows:
        counts = [_whole(row.get(name)) for name in ("next_offset", *numbers)]
        age = shown.seconds(row.get("age_seconds"))
        owner = row.get("process") or row.get("owner") or "–"
        table.add_row(str(row["log_partition"]), *counts, age, owner)
    return table


def _whole(value: float | None) -> str:
    return shown.number(None if value is None else round(value))


def lag_table(rows: Iterable[Row], say: Words) -> Table:
    """Return the table of lags."""
    table = shown.table(
        [
            (say("column.kind"), "<"),
            (say("column.events"), ">"),
            *((name, ">") for name in ("p50", "p95", "p99")),
            (say("column.over_1s"), ">"),
            (say("column.over_3s"), ">"),
        ]
    )
    for row in rows:
        table.add_row(
            say(f"kind.{row['kind']}"),
            shown.number(row["events"]),
            *(shown.seconds(row[name]) for name in ("p50", "p95", "p99")),
            *(shown.share(row[name]) for name in ("share_over_1s", "share_over_3s")),
        )
    return table
