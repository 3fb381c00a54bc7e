"""Addresses that may be asked: HTTPS, or plain HTTP on this machine or a host that the settings name."""

from __future__ import annotations

import ipaddress
from typing import NamedTuple
from urllib.parse import urlsplit

from amazon_listings.settings import settings


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
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise BadAddress("user")
    if parts.query or parts.fragment:
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
    if urlsplit(url).username is not None:
        raise BadAddress("user")
    if address.trusted and trusted:
        return address
    if address.scheme != "https":
        raise BadAddress("plain_http")
    if address.host == "localhost" or not is_public(address.host):
        raise BadAddress("private")
    return address


def is_public(host: str) -> bool:
    """Return whether a host is no number, or one of the public internet; names are resolved elsewhere."""
    number = _number(host)
    return number is None or (number.is_global and not number.is_multicast)


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
        _ = parts.port
        host = (parts.hostname or "").lower()
    except ValueError:
        raise BadAddress("none") from None
    readable = url.isascii() and url.isprintable() and " " not in url
    if parts.scheme not in {"http", "https"} or not host or not readable:
        raise BadAddress("none")
    trusted = is_trusted(host)
    if parts.scheme == "http" and not trusted:
        raise BadAddress("plain_http")
    return Address(parts.scheme, host, trusted)


def _number(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        number = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(number, "ipv4_mapped", None)
    return mapped or number
