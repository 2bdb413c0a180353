"""How a certificate's days and standing are said and shown."""

from __future__ import annotations

import datetime

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from foi_portal.ui import formats
from registry.models.certificate import SOON

BADGES = {"Spærret": "badge-error", "Udløbet": "badge-error", "Kommende": "badge-info"}


def ends(day: datetime.date | None, on: datetime.date, *, matters: bool = True) -> SafeString:
    """The day with how long is left. What is near or past stands out, in words too, where the end still ``matters``."""
    if day is None:
        return format_html('<span class="mute">{}</span>', "Ikke oplyst")
    days, css = (day - on).days, "mute small"
    if matters and days <= SOON:
        css = "badge badge-warning" if days > 0 else "badge badge-error"
    return format_html(
        '<span class="nowrap">{}</span> <span class="{}">{}</span>',
        formats.date(day),
        css,
        formats.until(day, on),
    )


def badge(standing: str) -> SafeString:
    """The standing in a word; what is not valid stands out."""
    css = BADGES.get(standing)
    return (
        format_html('<span class="badge {}">{}</span>', css, standing)
        if css
        else conditional_escape(standing)
    )


__all__ = ["badge", "ends"]
