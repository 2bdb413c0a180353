"""How a certificate's days and standing are said and shown."""

from __future__ import annotations

import datetime

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from foi_portal.ui import formats
from registry.models.certificate import SOON

BADGES = {"Spærret": "badge-error", "Udløbet": "badge-error", "Kommende": "badge-info"}


def left(day: datetime.date, on: datetime.date) -> str:
    """How long until ``day``: "i dag", "i morgen", "om 12 dage", "om 5 måneder", "for 3 dage siden"."""
    days = (day - on).days
    if days in (0, 1, -1):
        return {0: "i dag", 1: "i morgen", -1: "i går"}[days]
    text = _span(abs(days))
    return f"om {text}" if days > 0 else f"for {text} siden"


def _span(days: int) -> str:
    if days <= SOON:
        return f"{days} dage"
    if days < 2 * 365:
        return f"{round(days / 30.44)} måneder"
    return f"{round(days / 365.25)} år"


def ends(day: datetime.date | None, on: datetime.date, *, matters: bool = True) -> SafeString:
    """The day with how long is left. What is near or past stands out, in words too, where the end still ``matters``."""
    if day is None:
        return format_html('<span class="mute">{}</span>', "Ikke oplyst")
    days, css = (day - on).days, "mute small"
    if matters and days <= SOON:
        css = "badge badge-warning" if days > 0 else "badge badge-error"
    return format_html(
        '<span class="nowrap">{}</span> <span class="{}">{}</span>', formats.date(day), css, left(day, on)
    )


def badge(standing: str) -> SafeString:
    """The standing in a word; what is not valid stands out."""
    css = BADGES.get(standing)
    return (
        format_html('<span class="badge {}">{}</span>', css, standing)
        if css
        else conditional_escape(standing)
    )


__all__ = ["badge", "ends", "left"]
