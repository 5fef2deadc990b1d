"""Times as people type them: RFC 3339, or a local day or time of the chosen zone."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from connectors.trouble import Trouble
from flows.words import words

if TYPE_CHECKING:
    from flows.settings import Settings


def moment(text: str, option: str, settings: Settings) -> datetime:
    """Return the instant; without an offset it is the zone's clock, a day is its midnight."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as error:
        say = words(settings.lang)
        raise Trouble(say("time.bad", option=option, text=text), exit_code=2) from error
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(settings.tz))
