"""How values are written in Danish: one place for screen, history and messages."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.formats import localize
from django.utils.html import conditional_escape

MONTHS = ("jan.", "feb.", "mar.", "apr.", "maj", "jun.", "jul.", "aug.", "sep.", "okt.", "nov.", "dec.")


def date(value: datetime.date) -> str:
    """23. nov. 2026"""
    return f"{value.day}. {MONTHS[value.month - 1]} {value.year}"


def year_or_date(value: datetime.date) -> str:
    """2019 for the first of January, which is how people write «siden 2019»; else the whole date."""
    return str(value.year) if (value.month, value.day) == (1, 1) else date(value)


def moment(value: datetime.datetime) -> str:
    """23. nov. 2026 kl. 10.14, in Danish time"""
    local = timezone.localtime(value)
    return f"{date(local)} kl. {local:%H.%M}"


def until(day: datetime.date, on: datetime.date) -> str:
    """How long there is on the day ``on``: i dag, i morgen, om 12 dage, om 5 måneder, for 3 dage siden."""
    days = (day - on).days
    if days in (0, 1, -1):
        return {0: "i dag", 1: "i morgen", -1: "i går"}[days]
    return f"om {_span(days)}" if days > 0 else f"for {_span(-days)} siden"


def _span(days: int) -> str:
    """In days for as long as people count in them."""
    if days <= 90:
        return f"{days} dage"
    if days < 2 * 365:
        return f"{round(days / 30.44)} måneder"
    return f"{round(days / 365.25)} år"


def plain(value: Any) -> str:
    """Any value as Danish text, not yet escaped. Nothing is an empty string."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "ja" if value else "nej"
    if isinstance(value, datetime.datetime):
        return moment(value)
    if isinstance(value, datetime.date):
        return date(value)
    if isinstance(value, (int, Decimal)):
        return str(localize(_without_needless_zeros(value)))
    return str(value)


def _without_needless_zeros(number: int | Decimal) -> int | Decimal:
    """Money keeps its two decimals; a number that may have more shows those it has: 204.700 and 2,9."""
    exponent = number.as_tuple().exponent if isinstance(number, Decimal) else 0
    if not isinstance(exponent, int) or exponent >= -2:
        return number
    return Decimal(f"{number:f}".rstrip("0").rstrip("."))


def text(value: Any) -> str:
    """Any value as Danish text, escaped for HTML unless it is marked safe."""
    return value if hasattr(value, "__html__") else conditional_escape(plain(value))
