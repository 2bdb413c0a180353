"""Quantities, unit prices and per cent from what people write. Amounts in DKK are read by ``core.money``. Pure."""

from __future__ import annotations

import re
from decimal import Decimal

_BLANKS = re.compile(r"[\s\u00a0\u202f]+")
_SIGN = str.maketrans({"−": "-", "–": "-"})
# Thousands are three digits each. A group that begins with 0 is no thousand: 0.125 is an eighth.
_DANISH = re.compile(r"^[+-]?(?:[1-9]\d{0,2}(?:\.\d{3})+|\d+)(?:,\d+)?$", re.ASCII)
_ENGLISH = re.compile(r"^[+-]?(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)\.\d+$", re.ASCII)
_MANY_ENGLISH = re.compile(r"^[+-]?[1-9]\d{0,2}(?:,\d{3}){2,}$", re.ASCII)
_TWO_WAYS = re.compile(r"^[+-]?[1-9]\d{0,2},\d{3}$", re.ASCII)
PLACES = 4


class BadNumber(ValueError):  # noqa: N818  (it is a number, and it is bad)
    """The text is no number; the message says why, in Danish."""


def read_number(text: str, *, largest: Decimal, places: int = PLACES) -> Decimal | None:
    """A number from what people write: ``204.700``, ``12,50``, ``204700.5``, ``−0,5``; ``None`` for nothing.

    ``204.700`` is two hundred thousand, as Danes write it. ``204,700`` is too to an Englishman, so it is refused.
    Errors: ``BadNumber``, also for one above ``largest`` or with more than ``places`` decimals.
    """
    written = _BLANKS.sub("", text).translate(_SIGN)
    if not written:
        return None
    said = f"“{text.strip()[:40]}”"
    if _TWO_WAYS.match(written):
        whole, _, decimals = written.partition(",")
        raise BadNumber(f"{said} kan læses på to måder. Skriv {whole}.{decimals} eller {whole},{decimals}0.")
    if _MANY_ENGLISH.match(written) or (_ENGLISH.match(written) and not _DANISH.match(written)):
        plain = written.replace(",", "")
    elif _DANISH.match(written):
        plain = written.replace(".", "").replace(",", ".")
    else:
        raise BadNumber(f"{said} er ikke et tal. Skriv fx 204.700 eller 12,50.")
    whole, _, decimals = plain.partition(".")
    decimals = decimals.rstrip("0")
    if len(decimals) > places:
        raise BadNumber(f"{said} har flere end {places} decimaler.")
    if len(whole) > 30 or abs(number := Decimal(f"{whole}.{decimals}")) > largest:
        raise BadNumber(f"{said} er for stort. Se efter, om der er et komma eller et nul for meget.")
    return number + 0  # never minus zero


__all__ = ["PLACES", "BadNumber", "read_number"]
