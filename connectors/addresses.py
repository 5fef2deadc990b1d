"""Addresses as people write them: host:port, an IPv6 address in brackets."""

from __future__ import annotations

from ipaddress import ip_address

_HIGHEST_PORT = 65535


def host_port(text: str, *, lowest: int = 0) -> tuple[str, int]:
    """Return (host, port) of host:port, or raise ValueError with a sentence; port 0 is any."""
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or len(port) > len(str(_HIGHEST_PORT)):
        raise ValueError(_wrong(text))
    if not lowest <= int(port) <= _HIGHEST_PORT:
        raise ValueError(_wrong(text))
    return host.strip("[]"), int(port)


def loopback(host: str) -> bool:
    """Return whether only this machine can reach the address."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _wrong(text: str) -> str:
    return f"{text!r} is not host:port such as 127.0.0.1:2101"
