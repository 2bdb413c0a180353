"""Danish on SQLite: what PostgreSQL gets from ICU and pg_trgm, taught to each new connection.

On PostgreSQL ``core.0001_initial`` creates the collation ``danish`` and the extension pg_trgm. SQLite
gets functions and a collation of the same names here, so queries and indexes are written once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

# The order of first rank, as ICU has it for da-DK: blanks, signs, digits, letters.
_SIGNS = (
    "\t\n\x0b\x0c\r\x85\u2028\u2029 _-–—,;:!¡?¿.·'‘’\"“”«»()[]{}§¶@*/\\&#%•`´^¯¨¸°©®←→↔+±÷×<=>¬|¦~⁄−≤≥¤¢$£¥€"
)
_RANK = {char: chr(i + 1) for i, char in enumerate(_SIGNS + "0123456789abcdefghijklmnopqrstuvwxyzæøå")}
_OTHER = 0x400  # every other letter comes after å, by code point
# The order of second rank: acute, grave, breve, circumflex, caron, ring, diaeresis, double acute, tilde, dot …
_MARKS = "\u0301\u0300\u0306\u0302\u030c\u030a\u0308\u030b\u0303\u0307\u0338\u0327\u0328\u0304"
_MARK = {char: chr(i + 3) for i, char in enumerate(_MARKS)}
_PLAIN = "\x02"
# Letters that Danish counts as another letter with an accent.
_ACCENTED = {
    "ä": "æ",
    "ö": "ø",
    "ő": "ø",
    "ü": "y",
    "ű": "y",
    "đ": "d",
    "ð": "d",
    "œ": "oe",
    "þ": "th",
    "ß": "ss",
}
_ACCENT = {"ű": "\x61", "ő": "\x61", "ð": "\x61", "þ": "", "ß": ""}
# The order of third rank: upper case before lower, and a plain letter before another way to write it.
_UPPER, _UPPER_VARIANT, _MIXED, _LOWER, _LOWER_VARIANT = "\x01\x02\x03\x04\x05"


@lru_cache(maxsize=4096)
def _weights(char: str) -> tuple[str, str, str]:
    """The three ranks of one character, each with a weight per sorting element."""
    small = char.lower()
    case = _UPPER if char != small else _LOWER
    if small in _RANK:
        return _RANK[small], _PLAIN, case
    if small in _ACCENTED:
        base, accent = _ACCENTED[small], _ACCENT.get(small, "\x60")
        if not accent:
            case = _UPPER_VARIANT if case == _UPPER else _LOWER_VARIANT
        return "".join(_RANK[c] for c in base), _PLAIN * len(base) + accent, case * len(base)
    if unicodedata.combining(char):
        return "", _MARK.get(char) or chr(_OTHER + ord(char)), ""
    parts = unicodedata.normalize("NFKD", char)
    if parts != char:
        first, second, _ = _join([_weights(part) for part in parts])
        return first, second, (_UPPER_VARIANT if char.isupper() else _LOWER_VARIANT) * len(first)
    if unicodedata.category(char) in ("Cc", "Cf"):
        return "", "", ""
    return chr(min(_OTHER + ord(small), 0x10FFFF)), _PLAIN, case


def _join(weights: list[tuple[str, str, str]]) -> tuple[str, str, str]:
    first, second, third = zip(*weights, strict=True)
    return "".join(first), "".join(second), "".join(third)


# Pairs that are one letter: a double a (not aA), and the letters that Unicode sees as a base and a mark.
_PAIRS = {
    pair: (_RANK["å"], _PLAIN, case)
    for pair, case in {"AA": _UPPER_VARIANT, "Aa": _MIXED, "aa": _LOWER_VARIANT}.items()
} | {unicodedata.normalize("NFD", letter): _weights(letter) for letter in "ÅåÄäÖöŐőÜüŰű"}


@lru_cache(maxsize=1 << 16)
def sort_key(text: str) -> str:
    """A string that sorts with ``<`` as ``text`` sorts in Danish; different texts have different keys."""
    parts, weights, i = unicodedata.normalize("NFD", text), [], 0
    while i < len(parts):
        pair = parts[i : i + 2]
        if pair in _PAIRS:
            weights.append(_PAIRS[pair])
            i += 2
        else:
            weights.append(_weights(parts[i]))
            i += 1
    return "\0".join((*(_join(weights) if weights else ("", "", "")), text))


def compare(a: str, b: str) -> int:
    """Below, at or above 0 as ``a`` sorts before, with or after ``b``."""
    if a == b:
        return 0
    return -1 if sort_key(a) < sort_key(b) else 1


@lru_cache(maxsize=512)
def _matcher(pattern: str, escape: str | None) -> Callable[[str], bool]:
    """A test of a case-folded text against a LIKE pattern."""
    parts: list[str] = []  # "%", "_", or a literal with a NUL before it
    chars = iter(pattern)
    for char in chars:
        literal = next(chars, "") if char == escape else char
        parts.append(char if char in "%_" and char != escape else "\0" + literal.casefold())
    inner = parts[1:-1]
    if len(parts) > 1 and parts[0] == parts[-1] == "%" and all(part[0] == "\0" for part in inner):
        needle = "".join(part[1:] for part in inner)
        return lambda text: needle in text
    wild = {"%": ".*", "_": "."}
    expression = "".join(wild.get(part) or re.escape(part[1:]) for part in parts)
    match = re.compile(expression, re.DOTALL).fullmatch
    return lambda text: match(text) is not None


def like(pattern: Any, value: Any, escape: str | None = None) -> bool | None:
    """SQL's ``value LIKE pattern ESCAPE escape``, blind to case in every alphabet."""
    if pattern is None or value is None:
        return None
    return _matcher(str(pattern), escape)(str(value).casefold())


@lru_cache(maxsize=1 << 16)
def _trigrams(text: str) -> list[str]:
    """pg_trgm's trigrams in the order of the text: each word lower-cased, two blanks before, one after."""
    words = (f"  {word} " for word in re.findall(r"[^\W_]+", text.lower()))
    return [word[i : i + 3] for word in words for i in range(len(word) - 2)]


def word_similarity(a: Any, b: Any) -> float | None:
    """pg_trgm's ``word_similarity``: 0–1, how well ``a`` matches the stretch of ``b`` that is most like it."""
    if a is None or b is None:
        return None
    wanted, text = set(_trigrams(str(a))), _trigrams(str(b))
    best, lower = 0.0, -1
    seen: dict[str, int] = {}  # trigram of the stretch → its last place
    if wanted.isdisjoint(text):
        return best
    for upper, trigram in enumerate(text):
        if lower >= 0 or trigram in wanted:
            seen[trigram] = upper
        if trigram not in wanted:
            continue
        lower = upper if lower < 0 else lower
        top, start = _best_start(wanted, text, seen, lower, upper)
        for place in range(lower, start):
            if seen.get(text[place]) == place:
                del seen[text[place]]
        lower, best = start, max(best, top)
    return best


def _best_start(
    wanted: set[str], text: list[str], seen: dict[str, int], lower: int, upper: int
) -> tuple[float, int]:
    """The best score of a stretch that ends at ``upper``, and where from ``lower`` on it starts."""
    length, hits = len(seen), len(seen.keys() & wanted)
    top, start = 0.0, lower
    for place in range(lower, upper + 1):
        score = hits / (len(wanted) + length - hits)
        if score > top:
            top, start = score, place
        if seen[text[place]] == place:
            length -= 1
            hits -= text[place] in wanted
    return top, start


def _teach(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.vendor != "sqlite":
        return
    sqlite = connection.connection
    sqlite.create_collation("danish", compare)
    for name, count, function in (
        ("upper", 1, lambda text: str(text).upper() if text is not None else None),
        ("lower", 1, lambda text: str(text).lower() if text is not None else None),
        ("like", 2, like),
        ("like", 3, like),
        ("word_similarity", 2, word_similarity),
    ):
        sqlite.create_function(name, count, function, deterministic=True)


def connect() -> None:
    """Teach Danish to each SQLite connection from now on."""
    connection_created.connect(_teach, dispatch_uid="foi_portal.core.danish")


__all__ = ["compare", "connect", "like", "sort_key", "word_similarity"]
