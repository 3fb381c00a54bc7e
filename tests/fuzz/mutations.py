"""Mutations of bytes and of JSON, the same for the same seed."""

from __future__ import annotations

import gzip
import json
import zlib
from copy import deepcopy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

#: What breaks readers: halves of characters, depths, digits, floods, marks of several syntaxes.
TOKENS = (
    b"\\ud83d", b"\xff\xfe", b"\xed\xa0\x80", b"\0", b"\x1b[2J", b"\xe2\x80\xae", b"NaN", b"-Infinity", b"1e999",
    b"9" * 5000, b"[" * 400, b"{" * 400, b'{"a":' * 400, b"]" * 400, b"(" * 300, b"{{ " + b"(" * 300, b"w" * 20_000,
    b"<a " * 500, b"&#xD83D;", b"null", b"true", b'""', b"''", b"\t", b"\r\n", b"- ", b": ", b"&a ", b"*a", b"<<: ",
    b"!!python/object:os.system ", b"{% for a in range(9999999) %}", b"{{ product }}", b"{{ variants }}", b"../",
    b"%00", b"{0.__class__}", b"\xef\xbb\xbf", b"=cmd|x", b"0123", b"1_000", b"1,5", b"2026-02-30",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 10**30, 1.5, float("inf"), float("nan"), "", " ", "\ud83d", "x\udc00y", "\0", "a" * 5000,
    [], {}, [None], [[[]]], {"": None}, {"\ud800": 1}, "<a " * 2000, "=1+1", "../..", ["x", 1, None], {"value": None},
    -1.5, 2**53 + 1, 2**63, -(2**64), 1e-320, -0.0, 10**400, "1e999", "0x1F", "\uff11\uff12", "1.234,56", "Infinity", "NULL", "yes",
    "2026-02-30", "2026-11-28", "2026-11-28T24:00:00Z", "2026-11-28T10:00:00+25:00", "2026-11-28T10:00:00-14:00",
    "28.11.2026", "0000-00-00 00:00:00", "9999-12-31T23:59:60.999999999Z", "2026-W48-6", 1_795_824_000, 1_795_824_000_000, -1,
    "\u202eabc", "e\u0301", "\u200b", "ﬁ", "İ", "\r\n", "x\u2028y", "{{ 1 }}", "%s%n", "{0}", "$ref", "#/properties/x",
)  # fmt: skip
#: Encodings that a body may be in without saying so.
ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "utf-7", "latin-1", "cp932", "cp037", "gb18030")
#: What others answer in the place of a service: walls, gateways, storages, in their languages.
FOREIGN = (
    b"", b" \n", b"<html><title>Blocked</title>", b"\x16\x03\x01\x02\x00\x01\x00", b"HTTP/1.1 200 OK\r\n\r\n{}",
    "<!DOCTYPE html><html lang=ja><title>アクセスが拒否されました</title><p>管理者に連絡してください".encode("cp932"),
    "<html><head><title>Zugriff verweigert, Überprüfung läuft".encode("latin-1"), b"upstream connect error or disconnect",
    b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>',
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;&b;</x>',
    b'{"message": "Forbidden"}', b'{"error": "server_error", "error_description": null}', b'"OK"', b"0", b"[]", b'a:1:{i:0;s:1:"x";}',
    b'{"Message": "\xff\xfe"}', b')]}\'\n{"a": 1}', b"callback({});", b"--x\r\nContent-Type: text/plain\r\n\r\n{}", b"%PDF-1.7",
)  # fmt: skip


def deep(levels: int) -> Any:
    """Return lists inside lists."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def mutated_bytes(random: Random, content: bytes) -> bytes:
    """Return content with a few pieces flipped, cut, repeated or replaced."""
    made = bytearray(content)
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(made) + 1)
        end = min(len(made), at + random.choice((1, 1, 2, 8, 60)))
        kind = random.randrange(6)
        if kind == 0 and made:
            made[min(at, len(made) - 1)] = random.randrange(256)
        elif kind == 1:
            del made[at:end]
        elif kind == 2:
            made[at:at] = random.choice(TOKENS)
        elif kind == 3:
            made[at:end] = random.choice(TOKENS)
        elif kind == 4:
            made[at:at] = made[at:end] * random.choice((2, 9))
        else:
            del made[at + random.randrange(200) :]
    return bytes(made)


def mutated_json(random: Random, value: Any) -> Any:
    """Return a value with one or two of its parts replaced, removed, renamed, moved, wrapped or multiplied."""
    made = json.loads(json.dumps(value))
    often = (2, 2, 30, 3000)
    for _ in range(random.randint(1, 2)):
        holder, key = _place(random, made)
        if holder is None:
            return deepcopy(random.choice(VALUES))
        kind = random.randrange(9)
        if kind == 0:
            del holder[key]
        elif kind == 1 and isinstance(holder, dict):
            name = random.choice(
                (
                    "",
                    "\ud83d",
                    "x" * 300,
                    "__class__",
                    key * 2,
                    key.upper(),
                    key.title(),
                    f" {key}",
                    f"{key}s",
                )
            )
            holder[name] = holder.pop(key)
        elif kind == 2:
            holder[key] = deep(random.choice((5, 30, 100, 400)))
        elif kind == 3:
            holder[key] = _other_form(random, holder[key])
        elif kind == 4:
            source, place = _place(random, made)
            holder[key] = deepcopy(source[place]) if source else None
        elif kind == 5:
            _multiply(holder, key, random.choice(often))
            often = (2,)  # thousands of thousands would take all the time there is
        else:
            holder[key] = deepcopy(random.choice(VALUES))
    return made


def _other_form(random: Random, value: Any) -> Any:
    """The same value in another form: a number as text, alone instead of in a list, nearly the same text."""
    forms: list[Any] = [
        [value],
        {"value": value},
        {"0": value},
        [value, value],
        json.dumps(value),
        str(value),
    ]
    if isinstance(value, list | dict) and value:
        inner = list(value.values()) if isinstance(value, dict) else value
        forms += [inner[0], {str(n): one for n, one in enumerate(inner)}, inner[::-1]]
    if isinstance(value, str) and value:
        forms += [value.swapcase(), f"{value} ", value[:-1], value + "\u0301", list(value), len(value)]
    if isinstance(value, int | float):
        forms += [f"{value:,}", f"{value}.0", -value, value * 10**12, bool(value)]
        forms += [float(value)] if abs(value) < 10**300 else []
    return random.choice(forms)


def _multiply(holder: Any, key: Any, times: int) -> None:
    """Repeat a part of a list, or give an object so many keys."""
    if isinstance(holder, list):
        holder[key:key] = [holder[key]] * times
    else:
        holder.update((f"{key}{n}", holder[key] if times < 100 else n) for n in range(times))


def _place(random: Random, value: Any) -> tuple[Any, Any]:
    """A random place within a value."""
    holder, key = None, None
    while isinstance(value, dict | list) and value and (holder is None or random.random() < 0.75):
        holder = value
        key = random.choice(sorted(value)) if isinstance(value, dict) else random.randrange(len(value))
        value = value[key]
    return holder, key


def body(random: Random, value: Any) -> bytes:
    """Return a body as bytes: a mutated value, mutated bytes, or both; now and then in another encoding."""
    if random.random() < 0.6:
        value = mutated_json(random, value)
    text = json.dumps(value, ensure_ascii=random.random() < 0.7)
    if random.random() < 0.05:
        return text.encode(random.choice(ENCODINGS), "replace")
    content = text.encode("utf-8", "surrogatepass")
    return mutated_bytes(random, content) if random.random() < 0.4 else content


def packed(random: Random, content: bytes) -> bytes:
    """Return content packed with gzip: rightly, cut off, twice, in members, damaged, or with something behind it."""
    right = gzip.compress(content, 1)
    at = random.randrange(len(right))
    return random.choice(
        (
            right, right[:at], gzip.compress(right, 1), right + gzip.compress(b" "), right + b"\0\0\0", right + b"x",
            right[:-8] + bytes(8), right[:at] + b"\xff" + right[at + 1 :], right[:10], content, zlib.compress(content),
        )
    )  # fmt: skip
