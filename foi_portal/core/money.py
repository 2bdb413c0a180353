"""Money: DKK as ``Decimal`` with two places, from what people write and to what exports hold. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal("0.00")
CENT = Decimal("0.01")
LARGEST = Decimal("999999999999.99")  # what ``MoneyField`` holds

_BLANKS = re.compile(r"[\s\u00a0\u202f]+")
_CURRENCY = re.compile(r"^(?:kr\.?|dkk)|(?:kr\.?|dkk|,-)$", re.IGNORECASE)
_SIGN = str.maketrans({"−": "-", "–": "-"})
# Thousands are three digits each; the last sign of another kind is the decimal one.
_DANISH = re.compile(r"^-?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?$", re.ASCII)
_ENGLISH = re.compile(r"^-?(?:\d{1,3}(?:,\d{3})+|\d+)\.\d+$", re.ASCII)
_MANY_ENGLISH = re.compile(r"^-?\d{1,3}(?:,\d{3}){2,}$", re.ASCII)


class BadAmount(ValueError):  # noqa: N818  (it is an amount, and it is bad)
    """The text is no amount; the message says why, in Danish."""


def to_cents(amount: Decimal) -> Decimal:
    """The amount with two places; half an øre goes away from zero (as in Danish bookkeeping)."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def parse_amount(text: str) -> Decimal | None:
    """DKK from what people write: ``1.234,5``, ``1,234.5``, ``1234.50 kr.``, ``(12,00)``; ``None`` for nothing.

    ``1.234`` is one thousand, as Danes write it; ``1,234`` is one crown and 23.4 øre to a Dane and a thousand to an
    Englishman, so it is refused, as is a third decimal. Errors: ``BadAmount``.
    """
    written = _BLANKS.sub("", text).translate(_SIGN)
    if not written:
        return None
    number = _BLANKS.sub("", _CURRENCY.sub("", _CURRENCY.sub("", written)))
    if number.startswith("(") and number.endswith(")"):
        number = f"-{number[1:-1]}"
    if number.endswith("-") and len(number) > 1:  # finance systems write the sign last
        number = f"-{number[:-1]}"
    if _MANY_ENGLISH.match(number) or (_ENGLISH.match(number) and not _DANISH.match(number)):
        plain = number.replace(",", "")
    elif _DANISH.match(number):
        plain = number.replace(".", "").replace(",", ".")
    else:
        raise BadAmount(f"“{text.strip()[:40]}” er ikke et beløb. Skriv fx 1.234,50.")
    decimals = plain.partition(".")[2].rstrip("0")
    if len(decimals) > 2:
        raise BadAmount(
            f"“{text.strip()[:40]}” kan læses på to måder eller har flere end to decimaler. Skriv fx 1.234,50."
        )
    if len(plain) > 20:
        raise BadAmount("Beløbet er for stort. Det må højst være 999.999.999.999,99 kr.")
    amount = to_cents(Decimal(plain))
    if abs(amount) > LARGEST:
        raise BadAmount("Beløbet er for stort. Det må højst være 999.999.999.999,99 kr.")
    return amount + ZERO  # never minus zero


def machine(amount: Decimal | None) -> str:
    """An amount in an export: ``1234.50``; unknown is empty."""
    return "" if amount is None else f"{to_cents(amount):.2f}"


def exported(amount: Decimal | None, *, numbers: bool) -> float | str | None:
    """An amount in an export: a number for a workbook, else 1234.50. Unknown is empty."""
    if numbers:
        return None if amount is None else float(amount)
    return machine(amount)


def sum_of_known(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of the amounts that are known, in DKK; None when none is."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, ZERO) if known else None


__all__ = [
    "CENT",
    "LARGEST",
    "ZERO",
    "BadAmount",
    "exported",
    "machine",
    "parse_amount",
    "sum_of_known",
    "to_cents",
]
