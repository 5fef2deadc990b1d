"""Which decoder reads a message: by topic, by the header `format`, else by the message's shape.

Each function takes a message's value, key and headers, and returns its events or rejects; an
empty list is a message that says nothing about stock. Nothing is raised. A further format is one
more line of its topic's table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from flows.domain.decode import canonical, debezium, epcis, qimen
from flows.domain.decode.refusal import shown
from flows.domain.events import TYPES, AnyEvent
from flows.domain.rejects import Reject

MAX_BYTES = 1_000_000

SCAN_TYPES = frozenset(TYPES) - {"warehouse", "item", "bin", "policy", "tick", "proposal"}
MASTER_TYPES = frozenset({"warehouse", "item", "bin", "policy"})
ORDER_TYPES = frozenset({"order_line", "purchase_line"})

Decoded = list[AnyEvent | Reject]
Decoder = Callable[[bytes | None, bytes | None], Decoded]


def _scan(value: bytes | None, _key: bytes | None) -> Decoded:
    return canonical.decode(value, allowed=SCAN_TYPES)


def _scan_by_shape(value: bytes | None, key: bytes | None) -> Decoded:
    if value and epcis.looks(value):
        return epcis.decode(value, key)
    if value and qimen.looks(value):
        return qimen.decode(value, key)
    return _scan(value, key)


def _master(value: bytes | None, _key: bytes | None) -> Decoded:
    return canonical.decode(value, allowed=MASTER_TYPES)


def _order(value: bytes | None, _key: bytes | None) -> Decoded:
    return canonical.decode(value, allowed=ORDER_TYPES)


def _change(value: bytes | None, key: bytes | None) -> Decoded:
    return [*debezium.decode(value, key)]


SCAN_FORMATS: dict[str, Decoder] = {
    "qimen": qimen.decode,
    "epcis": epcis.decode,
    "canonical": _scan,
}
MASTER_FORMATS: dict[str, Decoder] = {"canonical": _master}
ORDER_FORMATS: dict[str, Decoder] = {"debezium": _change, "canonical": _order}


def decode_scan(value: bytes | None, key: bytes | None, headers: Mapping[str, bytes]) -> Decoded:
    """Decode a message of `wms.scans`: movements, counts, cancels, lines, decisions."""
    return _decode(value, key, headers, SCAN_FORMATS, _scan_by_shape)


def decode_master(value: bytes | None, key: bytes | None, headers: Mapping[str, bytes]) -> Decoded:
    """Decode a message of `wms.master`: warehouses, items, bins, policies."""
    return _decode(value, key, headers, MASTER_FORMATS, _master)


def decode_order(value: bytes | None, key: bytes | None, headers: Mapping[str, bytes]) -> Decoded:
    """Decode a message of `oms.order-lines`: Debezium, or a canonical line told by its shape."""
    shape = _order if value and _looks_canonical(value) else _change
    return _decode(value, key, headers, ORDER_FORMATS, shape)


def decode_log(
    value: bytes | None,
    key: bytes | None,  # noqa: ARG001 — the four decoders are called alike
    headers: Mapping[str, bytes],  # noqa: ARG001
) -> Decoded:
    """Decode a message of the log: every type of canonical event."""
    if value is not None and len(value) > MAX_BYTES:
        return [_too_large(value)]
    return canonical.decode(value)


def _decode(
    value: bytes | None,
    key: bytes | None,
    headers: Mapping[str, bytes],
    formats: Mapping[str, Decoder],
    shape: Decoder,
) -> Decoded:
    if value is not None and len(value) > MAX_BYTES:
        return [_too_large(value)]
    named = headers.get("format") if headers else None
    if not named:
        return shape(value, key)
    name = named.decode("utf-8", "replace").strip().lower()
    decoder = formats.get(name)
    return decoder(value, key) if decoder else [_unknown(name, formats)]


class _Shape(msgspec.Struct):
    event_id: msgspec.Raw
    type: msgspec.Raw


_SHAPE = msgspec.json.Decoder(_Shape)


def _looks_canonical(value: bytes) -> bool:
    if b'"event_id"' not in value[:MAX_BYTES]:
        return False
    try:
        _SHAPE.decode(value)
    except (ValueError, RecursionError):
        return False
    return True


def _too_large(value: bytes) -> Reject:
    sizes = f"{len(value)} bytes, above the limit of {MAX_BYTES}"
    return Reject("too_large", "", f"The message is too large: {sizes}.")


def _unknown(name: str, formats: Mapping[str, Decoder]) -> Reject:
    takes = ", ".join(sorted(formats))
    sentence = f"The header `format` is {shown(name)}, but this topic takes {takes}."
    return Reject("unknown_format", "format", sentence)
