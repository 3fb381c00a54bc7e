"""Addresses that may be asked: HTTPS, or plain HTTP on this machine or a host that the settings name."""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import NamedTuple
from urllib.parse import urlsplit

from amazon_listings.settings import settings

#: A part of a host's name; names in other alphabets are written as `xn--…`.
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_LONGEST_NAME = 253
#: IPv6 networks whose last 32 bits are an IPv4 address (RFC 6052, RFC 8215, RFC 4291).
_GATEWAYS = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96")))


class Address(NamedTuple):
    """An address taken apart; `trusted`: its host is this machine, or one that the settings name."""

    scheme: str
    host: str
    trusted: bool


class BadAddress(ValueError):
    """An address that may not be asked; `reason` is a code of `messages/` below `address.`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def endpoint(url: str) -> Address:
    """Return the address that a connection names.

    Raises:
        BadAddress: it is none, holds a user or a query, or is plain HTTP to a host that is not trusted.
    """
    address = _parts(url)
    if "?" in url or "#" in url:
        raise BadAddress("query")
    return address


def link(url: str, *, trusted: bool = False) -> Address:
    """Return the address that an answer names: a signed link, or where a redirect leads.

    Args:
        url: The link.
        trusted: Whether the answer came from a trusted host, such as a sandbox; it may name trusted hosts.

    Raises:
        BadAddress: it is none, is plain HTTP, or leads to this machine or a private network.
    """
    address = _parts(url)
    if address.trusted and trusted:
        return address
    if address.scheme != "https":
        raise BadAddress("plain_http")
    if not is_public(address.host):
        raise BadAddress("private")
    return address


def is_public(host: str) -> bool:
    """Return whether a host is no number, or one of the public internet; names are resolved elsewhere."""
    number = _number(host)
    if number is None:
        return not _is_loopback_name(host)
    inside = _carried(number) if isinstance(number, ipaddress.IPv6Address) else None
    return all(one.is_global and not one.is_multicast for one in (number, inside) if one is not None)


def is_trusted(host: str) -> bool:
    """Return whether plain HTTP may be spoken to a host: this machine, or one of the settings."""
    number = _number(host)
    loopback = host == "localhost" or (number is not None and number.is_loopback)
    return loopback or host in {
        one.strip().lower() for one in settings().http_hosts.split(",") if one.strip()
    }


def _parts(url: str) -> Address:
    try:
        parts = urlsplit(url)
        port, host = parts.port, (parts.hostname or "").lower()
    except ValueError:
        raise BadAddress("none") from None
    readable = url.isascii() and url.isprintable() and " " not in url
    if parts.scheme not in {"http", "https"} or not host or not readable:
        raise BadAddress("none")
    if parts.username is not None or parts.password is not None:
        raise BadAddress("user")
    if port == 0 or not _is_host(host):
        raise BadAddress("none")
    trusted = is_trusted(host)
    if parts.scheme == "http" and not trusted:
        raise BadAddress("plain_http")
    return Address(parts.scheme, host, trusted)


def _is_host(host: str) -> bool:
    """Return whether a host is a number, or a name that can be looked up."""
    if ":" in host or _number(host) is not None:
        return _number(host) is not None
    labels = host.removesuffix(".").split(".")
    named = all(map(_LABEL.fullmatch, labels)) and len(host) <= _LONGEST_NAME
    return named and not labels[-1].isdigit()


def _is_loopback_name(host: str) -> bool:
    """Return whether a name always stands for this machine (RFC 6761)."""
    return host.rstrip(".").rpartition(".")[2] == "localhost"


def _number(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the number that a host is, in any form that the system reads, as `127.1` or `2130706433`."""
    text = host.partition("%")[0] if ":" in host else host.removesuffix(".")  # only IPv6 has zones
    try:
        number = ipaddress.ip_address(text)
    except ValueError:
        if not text.rpartition(".")[2][:1].isdigit():
            return None
        try:
            return ipaddress.IPv4Address(socket.inet_aton(text))
        except OSError:
            return None
    mapped = getattr(number, "ipv4_mapped", None)
    return mapped or number


def _carried(number: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that a gateway's address leads to (6to4, NAT64, Teredo); None if it is none."""
    if number.teredo is not None:
        return number.teredo[1]
    if any(number in network for network in _GATEWAYS):
        return ipaddress.IPv4Address(int(number) & 0xFFFFFFFF)
    return number.sixtofour
