"""Template tags of budget pages: ``{% load budget %}``."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import template

from budgets import tabs, words
from budgets.models import BudgetYear

register = template.Library()


@register.inclusion_tag("budgets/year_tabs.html")
def year_tabs(year: BudgetYear, current: str) -> dict[str, Any]:
    """The tabs of the year's pages. ``current`` is the URL name of the one that is shown."""
    return {"tabs": tabs.of(year), "current": current, "year": year}


@register.filter
def kroner(amount: Decimal | None, cents: bool = False) -> str:
    """14.688.500, with øre when ``cents``; nothing when it is not known."""
    return words.kroner(amount, cents)


@register.filter
def exact(amount: Decimal | None) -> str:
    """An amount by itself, with øre only when it has some."""
    return words.exact(amount)


@register.filter
def signed(amount: Decimal | None, cents: bool | None = None) -> str:
    """+15.320 or −61.280; with øre as told, else only when it has some."""
    return words.signed(amount, words.has_cents([amount]) if cents is None else cents)


@register.filter
def risen(share: Decimal | None) -> str:
    """+0,2 % or −0,4 %; nothing when it is not known."""
    return words.percent(share)


@register.filter
def kr(amount: Decimal | None) -> str:
    """1.434.900 or −1.234,50; what is not known is a dash."""
    return words.exact(amount) or "–"


@register.filter
def change(amount: Decimal | None) -> str:
    """The same with its sign: +1.000."""
    return words.change(amount) or "–"
