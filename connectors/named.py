"""Named queries that say of themselves what they answer: the head of each file is its description.

In: files `NN_name.sql` that begin with lines `-- en: …`, `-- zh-CN: …`, `-- en columns: …`,
`-- zh-CN columns: …` and, per parameter, `-- :name kind [required] | English | 中文`. A kind is
integer, text, date, time, or the words allowed, as in `quantity/cost`. Out: what the heads say, in
the order of the files. May fail with Trouble naming a file whose head lacks something.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LANGUAGES = ("en", "zh-CN")
_SAYS = re.compile(r"-- (en|zh-CN)( columns)?: (.+)")
_PARAMETER = re.compile(r"-- :(\w+) (\S+)( required)? \| (.+) \| (.+)")


@dataclass(frozen=True)
class Parameter:
    """A value that a query takes; one that is not required may be NULL."""

    name: str
    kind: str
    required: bool
    says: Mapping[str, str]

    @property
    def choices(self) -> tuple[str, ...]:
        """The words allowed; () where any value of the kind is."""
        return tuple(self.kind.split("/")) if "/" in self.kind else ()


@dataclass(frozen=True)
class NamedQuery:
    """One file: `file` is what `Queries` calls it, `name` what people call it."""

    file: str
    name: str
    says: Mapping[str, str]
    columns: Mapping[str, str]
    parameters: tuple[Parameter, ...]


def read_named(folder: Path) -> list[NamedQuery]:
    """Return the named queries of a folder."""
    return [_read(path) for path in sorted(folder.glob("*.sql"))]


def _read(path: Path) -> NamedQuery:
    says: dict[str, str] = {}
    columns: dict[str, str] = {}
    parameters = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if said := _SAYS.fullmatch(line):
            (columns if said[2] else says)[said[1]] = said[3]
        elif named := _PARAMETER.fullmatch(line):
            texts = dict(zip(LANGUAGES, named.group(4, 5), strict=True))
            parameters.append(Parameter(named[1], named[2], bool(named[3]), texts))
    for lang in LANGUAGES:
        if lang not in says or lang not in columns:
            raise Trouble(
                f"{path.name} does not say in {lang} what it answers: see connectors/named.py"
            )
    name = path.stem.partition("_")[2]
    return NamedQuery(path.stem, name, says, columns, tuple(parameters))
