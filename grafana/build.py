"""Boards and alerting files from their sources: `python -m grafana.build`, `--check` in CI.

Leaves `dashboards/{en,zh-CN}/*.json` and `provisioning/alerting/*.yaml`, sorted: a change of
a source is a readable change of a file. `--check` writes nothing and ends with 1 where a file is
not what its source makes.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from grafana import boards
from grafana.alerting import files as alerting
from grafana.language import languages

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from grafana.board import Board
    from grafana.language import Say

HERE = Path(__file__).parent


def built(say: Say) -> Iterator[Board]:
    """Yield every board in a language."""
    for module in sorted(iter_modules(boards.__path__), key=lambda one: one.name):
        yield import_module(f"{boards.__name__}.{module.name}").build(say)


def files() -> dict[Path, str]:
    """Return path below `grafana/` → contents of everything that is made."""
    made = {}
    for say in languages():
        for board in built(say):
            path = Path("dashboards", say.lang, f"{board.name.replace('_', '-')}.json")
            text = json.dumps(board.json(), ensure_ascii=False, indent=1, sort_keys=True)
            made[path] = text + "\n"
    return made | alerting.files()


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files, or say which differ."""
    parser = argparse.ArgumentParser(prog="python -m grafana.build", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if a file differs")
    check = parser.parse_args(arguments).check
    made = files()
    found = [*(HERE / "dashboards").rglob("*.json"), *(HERE / alerting.FOLDER).glob("*.yaml")]
    there = {path.relative_to(HERE) for path in found}
    stale = [path for path, text in made.items() if _read(path) != text]
    for path in [*stale, *(there - made.keys())]:
        if check:
            sys.stderr.write(f"grafana/{path} is not what its source makes\n")
        elif path in made:
            (HERE / path).parent.mkdir(parents=True, exist_ok=True)
            (HERE / path).write_text(made[path])
        else:
            (HERE / path).unlink()
    if check and (stale or there - made.keys()):
        sys.stderr.write("run `python -m grafana.build` and commit what it writes\n")
        return 1
    sys.stdout.write(
        f"{len(made)} files, {len(stale)} of them {'differ' if check else 'written'}\n"
    )
    return 0


def _read(path: Path) -> str | None:
    file = HERE / path
    return file.read_text() if file.exists() else None


if __name__ == "__main__":
    raise SystemExit(main())
