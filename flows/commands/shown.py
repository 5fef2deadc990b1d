"""How a command shows things: tables that fit 100 columns for people, JSON for programs.

In JSON quantities are strings of exact decimals, times are UTC with `Z`, days are `YYYY-MM-DD`.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

WIDTH = 100
LEVEL_STYLES = {"red": "bold red", "yellow": "yellow", "green": "green", "over": "blue"}


def console() -> Console:
    """Return the console of standard output, at most 100 columns wide."""
    out = Console(highlight=False, markup=False, emoji=False)
    width = min(out.width, WIDTH) if out.is_terminal else WIDTH
    return Console(width=width, highlight=False, markup=False, emoji=False)


def show(*what: RenderableType) -> None:
    """Print renderables one below the other."""
    out = console()
    for one in what:
        out.print(one)


def say_line(sentence: str) -> None:
    """Print one sentence as it is: not wrapped, so that a program finds it whole."""
    sys.stdout.write(f"{sentence}\n")


def as_json(value: Any) -> None:
    """Print one JSON document."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, default=plain)
    sys.stdout.write("\n")


def table(columns: Sequence[tuple[str, str]], title: str | None = None) -> Table:
    """Return a table; a column is (heading, how): one of `>` `<` `!` `~`.

    That is: right, left, left and never broken, left and cut to the room that is left.
    """
    made = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        show_edge=False,
    )
    for heading, how in columns:
        made.add_column(
            heading,
            justify="right" if how == ">" else "left",
            overflow="ellipsis" if how == "~" else "fold",
            no_wrap=how in {">", "~", "!"},
            ratio=1 if how == "~" else None,
        )
    made.expand = any(how == "~" for _, how in columns)
    return made


def number(value: Decimal | float | None) -> str:
    """Return a quantity with thousands separators and no idle zeros; a dash for unknown."""
    if value is None:
        return "–"
    if isinstance(value, Decimal):
        value = value.normalize()
        value = value.quantize(Decimal(1)) if value == value.to_integral_value() else value
    return f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"


def rounded(value: Decimal | None) -> str:
    """Return a value rounded to whole units, for totals that nobody reconciles."""
    return "–" if value is None else f"{value:,.0f}"


def level(word: str, shown: str) -> Text:
    """Return a water level in its colour."""
    return Text(shown, style=LEVEL_STYLES.get(word, ""))


def seconds(value: timedelta | Decimal | float | None) -> str:
    """Return a lag as people say it: 12 ms, 1.4 s, 3 min, 2 h."""
    if value is None:
        return "–"
    amount = value.total_seconds() if isinstance(value, timedelta) else float(value)
    for limit, unit, each in ((1, "ms", 0.001), (120, "s", 1), (7200, "min", 60)):
        if abs(amount) < limit:
            return f"{amount / each:.{1 if unit == 's' else 0}f} {unit}"
    return f"{amount / 3600:.0f} h"


def share(value: float | None) -> str:
    """Return a share as a percentage."""
    return "–" if value is None else f"{100 * value:.2f} %"


def local(at: datetime | None, zone: str, *, to: str = "minutes") -> str:
    """Return an instant as the wall clock of a zone shows it."""
    if at is None:
        return "–"
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat(" ", to)


def plain(value: Any) -> Any:
    """Return a value as JSON has it: exact decimals as text, times in UTC with `Z`."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "backslashreplace")
    raise TypeError(f"{type(value).__name__} has no place in JSON")
