"""Mutations of bytes and of JSON, the same for the same seed."""

from __future__ import annotations

import json
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
    """Return a value with one or two of its parts replaced, removed or renamed."""
    made = json.loads(json.dumps(value))
    for _ in range(random.randint(1, 2)):
        holder, key = _place(random, made)
        if holder is None:
            return deepcopy(random.choice(VALUES))
        kind = random.randrange(4)
        if kind == 0:
            del holder[key]
        elif kind == 1 and isinstance(holder, dict):
            holder[random.choice(("", "\ud83d", "x" * 300, "__class__", key * 2))] = holder.pop(key)
        elif kind == 2:
            holder[key] = deep(random.choice((5, 30, 100, 400)))
        else:
            holder[key] = deepcopy(random.choice(VALUES))
    return made


def _place(random: Random, value: Any) -> tuple[Any, Any]:
    """A random place within a value."""
    holder, key = None, None
    while isinstance(value, dict | list) and value and (holder is None or random.random() < 0.75):
        holder = value
        key = random.choice(sorted(value)) if isinstance(value, dict) else random.randrange(len(value))
        value = value[key]
    return holder, key


def body(random: Random, value: Any) -> bytes:
    """Return a body as bytes: a mutated value, mutated bytes, or both."""
    if random.random() < 0.6:
        value = mutated_json(random, value)
    content = json.dumps(value).encode()
    return mutated_bytes(random, content) if random.random() < 0.4 else content
