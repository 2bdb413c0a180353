"""The search's pure half: what a query is, how good a hit is, what is marked. Strings in, strings out."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

MAX_LENGTH = 200
MAX_WORDS = 8


class Rank(enum.IntEnum):
    """How well a row answers a query, best first. With several words the weakest word decides."""

    CODE = 1
    NAME = 2
    CODE_START = 3
    NAME_START = 4
    WORD_START = 5
    NAME_PART = 6
    VENDOR = 7
    DESCRIPTION = 8
    PURPOSE = 9
    SIMILAR = 10

    @property
    def is_by_name(self) -> bool:
        """The reader named the thing, rather than something written about it."""
        return self <= Rank.NAME_PART


@dataclass(frozen=True)
class Query:
    """What was asked: the words, all of which must match, and the phrase they make."""

    words: tuple[str, ...] = ()
    was_cut: bool = False

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def __bool__(self) -> bool:
        return bool(self.words)


def parse(raw: str) -> Query:
    """A query from whatever was typed: unprintable signs and surplus blanks go, and it is cut at 200 signs
    and 8 words."""
    printable = "".join(sign if sign.isprintable() else " " for sign in raw[: MAX_LENGTH + 1])
    words = printable[:MAX_LENGTH].split()
    return Query(tuple(words[:MAX_WORDS]), was_cut=len(raw) > MAX_LENGTH or len(words) > MAX_WORDS)


@dataclass(frozen=True)
class Hit:
    """One row that answers the query. ``replaces`` names the outdated thing it was found by, if any."""

    kind: str
    id: int
    rank: Rank
    archived: bool = False
    place: int = 0
    replaces: str = ""


@dataclass(frozen=True)
class Outdated:
    """A retired or archived hit and the current thing that took over from it."""

    hit: Hit
    name: str
    successor_kind: str
    successor_id: int


@dataclass(frozen=True)
class Found:
    """The hits in order, how many there are of each kind, and whether they are only look-alikes."""

    hits: list[Hit] = field(default_factory=list)
    totals: dict[str, int] = field(default_factory=dict)
    only_similar: bool = False


def in_order(hits: Iterable[Hit], outdated: Iterable[Outdated]) -> list[Hit]:
    """The hits, best first and archived ones last; what took over from a hit by name stands just above it.

    A search for NemID is then answered by MitID, with NemID beside it.
    """
    found = {(hit.kind, hit.id): hit for hit in hits}
    place = {key: (hit.archived, hit.rank, hit.kind, hit.place, 1) for key, hit in found.items()}
    for old in outdated:
        key = (old.successor_kind, old.successor_id)
        above = (False, old.hit.rank, old.hit.kind, old.hit.place, 0)
        if key not in place or above < place[key]:
            hit = found.get(key) or Hit(*key, old.hit.rank)
            found[key] = replace(hit, rank=old.hit.rank, replaces=old.name)
            place[key] = above
    return [found[key] for key in sorted(found, key=lambda key: (place[key], key))]


def highlight(text: str, query: Query) -> SafeString:
    """``text`` escaped, with every occurrence of the query's words in ``<mark>``."""
    words = sorted(query.words, key=len, reverse=True)
    if not words:
        return conditional_escape(text)
    parts = re.split("(" + "|".join(map(re.escape, words)) + ")", text, flags=re.IGNORECASE)
    # re.split puts what matched in the odd places.
    marked = (format_html("<mark>{}</mark>", part) if odd % 2 else conditional_escape(part)
              for odd, part in enumerate(parts))  # fmt: skip
    return mark_safe("".join(marked))  # noqa: S308 - every part is escaped above


def snippet(text: str, query: Query, width: int = 220) -> SafeString:
    """At most ``width`` signs of ``text`` round the first word that occurs in it, marked."""
    if len(text) <= width:
        return highlight(text, query)
    lowered = text.lower()
    first = min((at for word in query.words if (at := lowered.find(word.lower())) >= 0), default=0)
    start = max(0, min(first - width // 4, len(text) - width))
    if start:
        start = text.rfind(" ", 0, start + 20) + 1
    end = start + width
    if end < len(text):
        end = max(text.rfind(" ", start, end), start + width // 2)
    cut = text[start:end].strip()
    return highlight(f"{'… ' if start else ''}{cut}{' …' if end < len(text) else ''}", query)
