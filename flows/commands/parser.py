"""The argument parser: argparse that speaks the catalogue's language and errs in one sentence.

Help texts of commands (`command.NAME`) and options (`option.COMMAND.DEST`) come from the
catalogue where it has them, so that a command's module says them once, in English or not at all.
"""

from __future__ import annotations

import argparse
import difflib
import functools
import importlib.metadata
import sys
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from flows.words import Words, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Subparsers: TypeAlias = "argparse._SubParsersAction[Any]"  # noqa: SLF001 - it has no other name

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("begin", ("demo", "up", "down", "status", "migrate", "grafana")),
    ("flow", ("run", "endpoint", "edge", "send", "replay", "tick", "forecast")),
    ("look", ("summary", "stock", "trace", "rejects", "query", "schema", "rebalance")),
    ("act", ("alerts", "actions", "approve", "reject", "ack")),
    ("prove", ("check", "audit", "deliveries", "bench", "retention")),
)
"""The order in which `waterline --help` shows the commands."""


class Parser(argparse.ArgumentParser):
    """A parser whose mistakes are one sentence and exit code 2."""

    def __init__(self, *args: Any, say: Words | None = None, **kwargs: Any) -> None:
        """Take argparse's arguments; options are never abbreviated."""
        self.say = say or words("en")
        kwargs.setdefault("allow_abbrev", False)
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **kwargs)
        self._positionals.title = self.say("cli.arguments")
        self._optionals.title = self.say("cli.options")
        self.description = self.description or self.say.get(f"command.{self.command}", "") or None

    @property
    def command(self) -> str:
        """The words after the program's name, such as `stock`, or ""."""
        return self.prog.partition(" ")[2]

    def add_argument(self, *args: Any, **kwargs: Any) -> argparse.Action:
        """Add an option; its help is the catalogue's where it has one."""
        action = super().add_argument(*args, **kwargs)
        if action.dest == "help":
            action.help = self.say("cli.help")
        elif action.help is not argparse.SUPPRESS:
            name = f"option.{self.command.replace(' ', '-')}.{action.dest}"
            action.help = self.say.get(name, action.help or "") or None
        return action

    def add_subparsers(self, **kwargs: Any) -> Any:
        """Add a family of commands that speak the same language."""
        kwargs.setdefault("parser_class", functools.partial(Parser, say=self.say))
        help_ = self.say.get(f"option.{self.command}.{kwargs.get('dest')}", "")
        if help_:
            kwargs["help"] = help_
        return super().add_subparsers(**kwargs)

    def error(self, message: str) -> NoReturn:
        """Print one sentence and leave with exit code 2."""
        self.exit(2, f"waterline: {message}; {self.say('cli.see_help', prog=self.prog)}\n")


class Top(Parser):
    """The parser of `waterline` itself: its help shows the commands in groups."""

    known: Sequence[str] = ()

    def format_help(self) -> str:
        """Return the grouped help."""
        lines = [self.say("cli.usage"), "", self.say("cli.what"), ""]
        for group, names in GROUPS:
            shown = [name for name in names if name in self.known]
            if shown:
                lines += [self.say(f"cli.group.{group}"), *map(self._line, shown), ""]
        return "\n".join([*lines, self.say("cli.after")]) + "\n"

    def _line(self, name: str) -> str:
        return f"  {name:<10} {self.say(f'command.{name}')}"

    def unknown(self, name: str) -> NoReturn:
        """Say that there is no such command, and which one may have been meant."""
        listed = [one for _, names in GROUPS for one in names if one in self.known]
        near = difflib.get_close_matches(name, listed, n=1)
        hint = self.say("cli.did_you_mean", name=near[0]) if near else ", ".join(listed)
        self.error(self.say("cli.no_command", name=name, hint=hint))


def first_word(arguments: Iterable[str]) -> str | None:
    """Return the first argument that is not an option: the command."""
    return next((word for word in arguments if not word.startswith("-")), None)


def version() -> str | None:
    """Return the version of the installed distribution, None when there is none."""
    try:
        return importlib.metadata.version("waterline")
    except importlib.metadata.PackageNotFoundError:
        return None


def top(say: Words) -> Top:
    """Return the parser of `waterline`, without commands yet."""
    parser = Top(prog="waterline", say=say, add_help=True)
    parser.add_argument("--version", action="store_true", help=say("cli.version"))
    if sys.stdout is not None and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    return parser
