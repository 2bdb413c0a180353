"""How amounts are written on budget pages: 14.688.500, +15.320, −0,4 %. Pure. A page has øre everywhere or nowhere."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

MINUS = "−"
_DANISH = str.maketrans({",": ".", ".": ",", "-": MINUS})
MONTHS = (
    "januar",
    "februar",
    "marts",
    "april",
    "maj",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "december",
)


def has_cents(amounts: Iterable[Decimal | None]) -> bool:
    """Whether one of the amounts is not whole kroner, so that all of them should be written with øre."""
    return any(amount is not None and amount % 1 for amount in amounts)


def kroner(amount: Decimal | None, cents: bool = False) -> str:
    """14.688.500 or, with øre, 14.688.500,00. Empty when it is not known."""
    if amount is None:
        return ""
    return f"{amount:,.{2 if cents else 0}f}".translate(_DANISH)


def exact(amount: Decimal | None) -> str:
    """An amount by itself: with øre only when it has some. Empty when it is not known."""
    return kroner(amount, has_cents([amount]))


def signed(amount: Decimal | None, cents: bool = False) -> str:
    """+15.320 or −61.280; 0 has no sign. Empty when it is not known."""
    if amount is None:
        return ""
    return f"{'+' if amount > 0 else ''}{kroner(amount, cents)}"


def change(amount: Decimal | None) -> str:
    """A change by itself: +1.000, −1.234,50, 0; with øre only when it has some. Empty when it is not known."""
    return signed(amount, has_cents([amount]))


def percent(share: Decimal | None, plus: bool = True) -> str:
    """+0,2 % or, without ``plus``, 89,6 %. Empty when it is not known."""
    if share is None:
        return ""
    sign = "+" if plus and share > 0 else ""
    return f"{sign}{share:.1f}".translate(_DANISH) + " %" if share else "0 %"


def millions(amount: Decimal | None, unit: Decimal) -> str:
    """The amount counted in ``unit``, with one decimal: 14,7"""
    return "" if amount is None else f"{amount / unit:.1f}".translate(_DANISH)


__all__ = ["MINUS", "MONTHS", "change", "exact", "has_cents", "kroner", "millions", "percent", "signed"]
