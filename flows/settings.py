"""The environment, read once and checked: the only reader of `os.environ`.

Enters: environment variables, the files that `*_FILE` variables name, and, for a database and
brokers that are not named, what the local stack wrote in `.waterline/stack.json`.
Leaves: one frozen `Settings`. A wrong value raises `Trouble` naming the variable.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from connectors.addresses import host_port
from connectors.trouble import Trouble
from flows.words import words

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGES = ("en", "zh-CN")
_LANGUAGE_WORDS = {"en": "en", "zh": "zh-CN", "zh-cn": "zh-CN", "zh-hans": "zh-CN"}
METRICS = ("127.0.0.1", 9465)
GRAFANA_USER = "waterline_grafana"
_MINUTES_A_DAY = 1440
_PREFIX = re.compile(r"[A-Za-z0-9._-]{0,100}")


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are and which language people read; `home` is the folder `.waterline`."""

    dsn: str | None
    brokers: str | None
    topic_prefix: str
    lang: str
    tz: str
    home: Path
    reject_share: float = 0.05
    reject_window: int = 10_000
    forecast_minutes: float = 10.0
    """How long the seasonal method may take a night, all warehouses together; 0: it is not used."""
    cache: Path | None = None
    maven_url: str | None = None
    debian_url: str | None = None
    metrics: tuple[str, int] | None = METRICS
    """Where `waterline run` answers /metrics and /health; None: nowhere."""
    edge_token: str | None = field(default=None, repr=False)
    """What senders of scans must show at `waterline edge`."""
    user: str | None = None
    """Who decides at this terminal; None: the operating system's user."""
    relay_timeout: float = 10.0
    """Seconds that an endpoint may take to answer."""
    relay_first_retry: float = 5.0
    relay_longest_retry: float = 14_400.0
    """Seconds up to which the pause before a second try and before a late one goes, at random."""
    relay_give_up_days: float = 5.0
    grafana_user: str = GRAFANA_USER
    """The login of Grafana in the database."""
    grafana_password: str | None = field(default=None, repr=False)
    """Its password; None: one is made, in a file below `home`."""

    def need_dsn(self) -> str:
        """Return the DSN, or raise Trouble that says how to get a database."""
        if self.dsn is None:
            raise Trouble(words(self.lang)("settings.no_database"))
        return self.dsn

    def need_brokers(self) -> str:
        """Return the brokers, or raise Trouble that says how to get one."""
        if self.brokers is None:
            raise Trouble(words(self.lang)("settings.no_brokers"))
        return self.brokers


def current() -> Settings:
    """Return the settings of this process's environment."""
    return load(os.environ)


def environment_of_children() -> dict[str, str]:
    """Return our environment with this package findable, installed or not, from any folder."""
    root = str(Path(__file__).resolve().parent.parent)
    path = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{path}" if path else root}


def load(environ: Mapping[str, str]) -> Settings:
    """Return the settings that `environ` says; unset or empty variables take their defaults."""
    home = _home(environ)
    dsn = _secret(environ, "WATERLINE_DSN")
    brokers = _secret(environ, "WATERLINE_BROKERS")
    if dsn is None or brokers is None:
        stack_dsn, stack_brokers = _stack(home)
        dsn, brokers = dsn or stack_dsn, brokers or stack_brokers
    cache = _text(environ, "WATERLINE_CACHE")
    return Settings(
        dsn=dsn,
        brokers=brokers,
        topic_prefix=_prefix(environ),
        lang=_language(environ),
        tz=_zone(environ),
        home=home,
        reject_share=_share(environ, "WATERLINE_REJECT_SHARE", 0.05),
        reject_window=_count(environ, "WATERLINE_REJECT_WINDOW", 10_000),
        forecast_minutes=_number(
            environ, "WATERLINE_FORECAST_MINUTES", 10.0, "minutes", (0, _MINUTES_A_DAY)
        ),
        cache=Path(cache) if cache else None,
        maven_url=_text(environ, "WATERLINE_MAVEN_URL"),
        debian_url=_text(environ, "WATERLINE_DEBIAN_URL"),
        metrics=_metrics(environ),
        edge_token=_secret(environ, "WATERLINE_EDGE_TOKEN"),
        user=_text(environ, "WATERLINE_USER"),
        relay_timeout=_number(environ, "WATERLINE_RELAY_TIMEOUT", 10.0, "seconds", (0.1, 60)),
        relay_first_retry=_number(
            environ, "WATERLINE_RELAY_FIRST_RETRY", 5.0, "seconds", (0, 3600)
        ),
        relay_longest_retry=_number(
            environ, "WATERLINE_RELAY_LONGEST_RETRY", 14_400.0, "seconds", (0, 86_400)
        ),
        relay_give_up_days=_number(
            environ, "WATERLINE_RELAY_GIVE_UP_DAYS", 5.0, "days", (0.001, 90)
        ),
        grafana_user=_text(environ, "WATERLINE_GRAFANA_USER") or GRAFANA_USER,
        grafana_password=_secret(environ, "WATERLINE_GRAFANA_PASSWORD"),
    )


def _text(environ: Mapping[str, str], name: str) -> str | None:
    return environ.get(name, "").strip() or None


def _secret(environ: Mapping[str, str], name: str) -> str | None:
    value, file = _text(environ, name), _text(environ, f"{name}_FILE")
    if value and file:
        raise Trouble(f"{name} and {name}_FILE are both set: set one of them")
    if file is None:
        return value
    try:
        content = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Trouble(f"{name}_FILE: cannot read {file}: {error}") from error
    if not content:
        raise Trouble(f"{name}_FILE: {file} is empty")
    return content


def _home(environ: Mapping[str, str]) -> Path:
    named = _text(environ, "WATERLINE_HOME")
    if named:
        return Path(named).expanduser().absolute()
    checkout = Path(__file__).resolve().parent.parent
    base = checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()
    return base / ".waterline"


def _stack(home: Path) -> tuple[str | None, str | None]:
    try:
        from deploy.local.stack import endpoints  # noqa: PLC0415 - only where it is needed
    except ImportError:
        return None, None
    found = endpoints(home)
    return (None, None) if found is None else (found.dsn, found.brokers)


def _prefix(environ: Mapping[str, str]) -> str:
    value = _text(environ, "WATERLINE_TOPIC_PREFIX") or ""
    if not _PREFIX.fullmatch(value):
        raise Trouble(
            f"WATERLINE_TOPIC_PREFIX: {value!r} may hold only letters, digits, '.', '_' and '-', "
            "at most 100"
        )
    return value


def _language(environ: Mapping[str, str]) -> str:
    value = _text(environ, "WATERLINE_LANG") or "en"
    word = _LANGUAGE_WORDS.get(value.replace("_", "-").lower())
    if word is None:
        raise Trouble(f"WATERLINE_LANG: {value!r} is not one of {', '.join(LANGUAGES)}")
    return word


def _zone(environ: Mapping[str, str]) -> str:
    value = _text(environ, "WATERLINE_TZ") or "Asia/Shanghai"
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError) as error:
        raise Trouble(f"WATERLINE_TZ: {value!r} is not the name of a time zone") from error
    return value


def _metrics(environ: Mapping[str, str]) -> tuple[str, int] | None:
    value = _text(environ, "WATERLINE_METRICS")
    if value is None:
        return METRICS
    if value.lower() == "off":
        return None
    try:
        return host_port(value)
    except ValueError as error:
        raise Trouble(f"WATERLINE_METRICS: {error}, nor is it off") from error


def _share(environ: Mapping[str, str], name: str, default: float) -> float:
    value = _text(environ, name)
    if value is None:
        return default
    try:
        share = float(value)
    except ValueError:
        share = -1.0
    if not 0 < share <= 1:
        raise Trouble(f"{name}: {value!r} is not a share above 0 and up to 1, such as 0.05")
    return share


def _count(environ: Mapping[str, str], name: str, default: int) -> int:
    value = _text(environ, name)
    if value is None:
        return default
    if not value.isascii() or not value.isdigit() or int(value) < 1:
        raise Trouble(f"{name}: {value!r} is not a whole number above 0")
    return int(value)


def _number(
    environ: Mapping[str, str], name: str, default: float, unit: str, between: tuple[float, float]
) -> float:
    value = _text(environ, name)
    if value is None:
        return default
    least, most = between
    try:
        number = float(value)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise Trouble(f"{name}: {value!r} is not a number of {unit} from {least:g} to {most:g}")
    return number
