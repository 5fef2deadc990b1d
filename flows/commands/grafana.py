"""`waterline grafana`: the login by which Grafana reads boards' views, and what Grafana needs.

Enters: the database of the settings, `grafana/grafana.ini`. Leaves: the login `waterline_grafana`,
its password in a file that only its owner can read; with `--env` the lines that a shell evaluates
before `grafana server`. No secret is printed: the lines read the files. May fail with Trouble: see
`connectors.login`; a password that Grafana would not take as it is.
"""

from __future__ import annotations

import re
import secrets
import shlex
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.trouble import Trouble
from flows.commands import shown
from flows.words import words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from flows.commands.parser import Subparsers
    from flows.settings import Settings

GRAFANA = Path(__file__).resolve().parents[2] / "grafana"
_PASSWORD = re.compile(r"[A-Za-z0-9._~-]{16,200}")
_HERE = ("127.0.0.1", "::1", "localhost")
DEFAULTS = {
    "WATERLINE_RELAY_URL": "http://127.0.0.1:8080",
    "WATERLINE_MQTT_URL": "tcp://127.0.0.1:1883",
    "WATERLINE_MQTT_USER": "",
    "WATERLINE_MQTT_PASSWORD": "",
    "WATERLINE_WECOM_ROBOT_URL": "http://127.0.0.1:9/no-wecom-robot-is-set",
    "WATERLINE_ALERT_MAIL": "nobody@localhost",
}
"""Where alerts go unless the environment says: Grafana refuses to start without an address."""


def register(subparsers: Subparsers) -> None:
    """Add `waterline grafana`."""
    parser = subparsers.add_parser(
        "grafana",
        epilog="examples:\n"
        "  waterline grafana\n"
        '  eval "$(waterline grafana --env)"; grafana server --homepath /usr/share/grafana',
    )
    parser.add_argument("--env", action="store_true")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Make the login; say so, or print the lines for a shell."""
    from connectors.login import make_screen_login  # noqa: PLC0415 - psycopg is slow to import

    say = words(settings.lang)
    password, place = _password(settings)
    if not _PASSWORD.fullmatch(password):
        raise Trouble(say("grafana.bad_password", place=place), exit_code=2)
    name = make_screen_login(settings.need_dsn(), settings.grafana_user, password)
    ready = say("grafana.ready", user=settings.grafana_user, name=name)
    if args.env:
        sys.stderr.write(f"{ready}\n")
        for line in _lines(settings):
            shown.say_line(line)
        return 0
    shown.say_line(ready)
    shown.say_line(say("grafana.next"))
    return 0


def _password(settings: Settings) -> tuple[str, str]:
    """Return the login's password and where it is said."""
    if settings.grafana_password is not None:
        return settings.grafana_password, "WATERLINE_GRAFANA_PASSWORD"
    file = _secret(settings, "grafana_password")
    return file.read_text(encoding="ascii").strip(), str(file)


def _secret(settings: Settings, name: str) -> Path:
    """Return the file of a secret, made if it is not there: hexadecimal, which nothing expands."""
    file = settings.home / "secrets" / name
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600, exist_ok=False)
        file.write_text(f"{secrets.token_hex(24)}\n", encoding="ascii")
    return file


def _lines(settings: Settings) -> Iterator[str]:
    for name, value in _plain(settings).items():
        yield f"export {name}={shlex.quote(value)}"
    for name, value in DEFAULTS.items():
        yield f'export {name}="${{{name}:-{value}}}"'
    for name, file in _secrets(settings).items():
        yield f'export {name}="${{{name}:-$(cat {shlex.quote(str(file))})}}"'
    yield _password_line(settings)


def _password_line(settings: Settings) -> str:
    """Return the line of the login's password: from our file, or from where the settings had it."""
    if settings.grafana_password is None:
        file = _secret(settings, "grafana_password")
        return f'export WATERLINE_GRAFANA_PASSWORD="$(cat {shlex.quote(str(file))})"'
    return (
        'export WATERLINE_GRAFANA_PASSWORD="${WATERLINE_GRAFANA_PASSWORD:-'
        '$(cat "$WATERLINE_GRAFANA_PASSWORD_FILE")}"; unset WATERLINE_GRAFANA_PASSWORD_FILE'
    )


def _plain(settings: Settings) -> dict[str, str]:
    """Return the variables that are no secrets: where the database is, and Grafana's files."""
    return {
        **_database(settings),
        "WATERLINE_GRAFANA_HOME": str(GRAFANA),
        "WATERLINE_GRAFANA_USER": settings.grafana_user,
        "GF_PATHS_PROVISIONING": str(GRAFANA / "provisioning"),
        "GF_PATHS_DATA": str(settings.home / "grafana"),
        "GF_PATHS_LOGS": str(settings.home / "grafana" / "logs"),
        "GF_SERVER_HTTP_ADDR": "127.0.0.1",
        **_ini(),
    }


def _database(settings: Settings) -> dict[str, str]:
    """Return where the database is, in words of Grafana; verified unless it is here."""
    from psycopg import conninfo  # noqa: PLC0415 - slow to import, needed only here

    parts = {k: str(v) for k, v in conninfo.conninfo_to_dict(settings.need_dsn()).items()}
    host = parts.get("host") or "127.0.0.1"
    mode = parts.get("sslmode") or ("disable" if host in _HERE else "verify-full")
    return {
        "WATERLINE_GRAFANA_ADDRESS": f"{host}:{parts.get('port') or 5432}",
        "WATERLINE_GRAFANA_DATABASE": parts.get("dbname") or "",
        "WATERLINE_GRAFANA_SSLMODE": "verify-full" if mode in {"allow", "prefer"} else mode,
        "WATERLINE_GRAFANA_SSLROOTCERT": parts.get("sslrootcert") or "",
    }


def _ini() -> dict[str, str]:
    """Return grafana.ini as the variables by which Grafana takes the same."""
    parser = ConfigParser(interpolation=None)
    parser.read(GRAFANA / "grafana.ini", encoding="utf-8")
    return {
        f"GF_{section}_{key}".upper().replace(".", "_").replace("-", "_"): value
        for section in parser.sections()
        for key, value in parser[section].items()
    }


def _secrets(settings: Settings) -> dict[str, Path]:
    """Return the secrets of Grafana's own and of its messages, and their files."""
    names = {
        "WATERLINE_RELAY_SECRET": "grafana_relay",
        "GF_SECURITY_ADMIN_PASSWORD": "grafana_admin",
        "GF_SECURITY_SECRET_KEY": "grafana_secret_key",
    }
    return {variable: _secret(settings, name) for variable, name in names.items()}
