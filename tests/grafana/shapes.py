"""What a document may hold: a small language of shapes, and what is wrong with a value by one.

A shape is a type (`float` is any number), ANY, None for null, a compiled pattern for the whole of a
text, `one_of(…)`, a list of one shape, a tuple of shapes of which one must fit, `By(key, shapes)`
for objects that say of which kind they are, or a dict: "name" may be there, "name!" must be, "*" is
every other key. A key that no shape names is wrong: Grafana would ignore it without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

ANY = object()
Shape = Any


@dataclass(frozen=True)
class By:
    """Objects whose shape depends on what one of their keys says; `otherwise` is for the rest."""

    key: str
    shapes: dict[str, Shape]
    otherwise: Shape = None


@dataclass(frozen=True)
class OneOf:
    """One of some values."""

    values: tuple[Any, ...]


def one_of(*values: Any) -> OneOf:
    """Return the shape of one of some values."""
    return OneOf(values)


def problems(value: Any, shape: Shape, path: str = "") -> Iterator[str]:
    """Yield what is wrong with a value, each with the place."""
    if shape is ANY:
        return
    if isinstance(shape, dict):
        yield from _of_object(value, shape, path)
    elif isinstance(shape, By):
        yield from _by_kind(value, shape, path)
    elif isinstance(shape, list):
        yield from _of_list(value, shape[0], path)
    elif isinstance(shape, tuple):
        tried = [list(problems(value, one, path)) for one in shape]
        yield from min(tried, key=len)
    elif not _fits(value, shape):
        yield f"{path}: {value!r} is not {_told(shape)}"


def _fits(value: Any, shape: Shape) -> bool:
    if isinstance(shape, OneOf):
        return any(value == one and type(value) is type(one) for one in shape.values)
    if isinstance(shape, re.Pattern):
        return isinstance(value, str) and shape.fullmatch(value) is not None
    if shape is None:
        return value is None
    if shape is float:
        return type(value) in {int, float}
    return type(value) is shape


def _told(shape: Shape) -> str:
    if isinstance(shape, OneOf):
        return f"one of {', '.join(map(repr, shape.values))}"
    if isinstance(shape, re.Pattern):
        return f"of the form {shape.pattern}"
    return "null" if shape is None else f"of type {shape.__name__}"


def _of_object(value: Any, shape: dict[str, Shape], path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is not an object"
        return
    known = {key.removesuffix("!"): one for key, one in shape.items()}
    for key, one in value.items():
        if key not in known and "*" not in known:
            near = get_close_matches(key, known, 1)
            yield f"{path}: unknown key {key!r}" + (f", is it {near[0]!r}?" if near else "")
        else:
            yield from problems(one, known.get(key, known.get("*")), f"{path}.{key}")
    for key in shape:
        if key.endswith("!") and key[:-1] not in value:
            yield f"{path}: key {key[:-1]!r} is missing"


def _of_list(value: Any, shape: Shape, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: {value!r} is not a list"
        return
    for number, one in enumerate(value):
        yield from problems(one, shape, f"{path}[{number}]")


def _by_kind(value: Any, shape: By, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is not an object"
    elif value.get(shape.key) in shape.shapes:
        yield from problems(value, shape.shapes[value[shape.key]], path)
    elif shape.otherwise is not None:
        yield from problems(value, shape.otherwise, path)
    else:
        known = ", ".join(shape.shapes)
        yield f"{path}: {shape.key} {value.get(shape.key)!r} is not one of {known}"
