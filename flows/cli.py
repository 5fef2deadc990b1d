"""`waterline`: parses, calls one command, prints what went wrong in one sentence.

Enters: the command line and the environment. Leaves: an exit code: what the command returned,
1 for trouble (or the trouble's own code), 2 for a wrong command line, 130 for Ctrl-C.
`--debug` shows the traceback as well.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from typing import TYPE_CHECKING

from flows.commands.parser import Top, first_word, top, version
from flows.commands.sentences import sentence_of
from flows.settings import Settings, current
from flows.words import words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

MODULES = {
    "stack": ("up", "down", "status"),
    "migrate": ("migrate",),
    "run": ("run", "flow"),
    "edge": ("edge",),
    "send": ("send",),
    "replay": ("replay",),
    "tick": ("tick",),
    "forecast": ("forecast",),
    "look": ("stock", "trace", "rejects"),
    "alerts": ("alerts",),
    "actions": ("actions",),
    "decide": ("approve", "reject", "ack"),
    "query": ("query",),
    "schema": ("schema",),
    "summary": ("summary",),
    "rebalance": ("rebalance",),
    "demo": ("demo",),
    "audit": ("audit", "check"),
    "retention": ("retention",),
    "endpoint": ("endpoint",),
    "deliveries": ("deliveries",),
    "bench": ("bench",),
    "grafana": ("grafana",),
}
"""Module of `flows.commands` → the commands that it registers."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    arguments = [word for word in given if word != "--debug"]
    try:
        settings = current()
        try:
            code = _call(arguments, settings)
        finally:
            sys.stdout.flush()  # here, also after --help, and not when Python ends
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader has gone (`| head`); without this, closing stdout would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - the one place that turns errors into a sentence
        return _tell(error, debug=len(arguments) < len(given))
    return code


def build(settings: Settings, word: str | None = None) -> Top:
    """Return the parser of the command `word`, or of every command when there is none such.

    A flow that died must be back soon, and an edge is small: neither imports what it does not use.
    """
    modules = [name for name, commands in MODULES.items() if word in commands] or list(MODULES)
    parser = top(words(settings.lang))
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name in modules:
        importlib.import_module(f"flows.commands.{name}").register(subparsers)
    parser.known = tuple(subparsers.choices)
    return parser


def _call(arguments: list[str], settings: Settings) -> int:
    word = first_word(arguments)
    parser = build(settings, word)
    if word is not None and word not in parser.known:
        parser.unknown(word)
    args, left = parser.parse_known_args(arguments)
    if left:
        _unknown_option(parser, args, left)
    if args.version:
        sys.stdout.write(f"waterline {version() or '0.1.0 (not installed)'}\n")
        return 0
    if args.command is None:
        parser.print_help()
        return 0
    run: Callable[[argparse.Namespace, Settings], int] = args.run
    return run(args, settings)


def _unknown_option(parser: Top, args: argparse.Namespace, left: list[str]) -> None:
    if args.command:
        parser.prog = f"waterline {args.command}"
    parser.error(parser.say("cli.no_option", option=" ".join(left)))


def _tell(error: Exception, *, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
    sentence, code = sentence_of(error)
    sys.stderr.write(f"waterline: {sentence}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
