"""Addresses as people write them: host:port, IPv6 in brackets; and which the open network has."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_HIGHEST_PORT = 65535
_UNICAST = IPv6Network("2000::/3")


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


def public(address: IPv4Address | IPv6Address) -> bool:
    """Return whether the address is one of the open network.

    Not: private, loopback, link-local, shared, multicast, reserved; nor IPv6 addresses that have
    an IPv4 address inside, behind which any of those may be.
    """
    if isinstance(address, IPv6Address):
        return address in _UNICAST and address.is_global and address.sixtofour is None
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _wrong(text: str) -> str:
    return f"{text!r} is not host:port such as 127.0.0.1:2101"
