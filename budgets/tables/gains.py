"""The columns of /gevinster/. Machine names are part of links and exports people keep."""

from __future__ import annotations

import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.html import conditional_escape, format_html

from budgets import words
from budgets.models import AWAITED, GainKind, GainState
from foi_portal.ui import formats
from foi_portal.ui.forms import shorten
from foi_portal.ui.tables import Column, Row, label, link

SOON = datetime.timedelta(days=30)
SHOWN = 110  # signs of a description


def _text(row: Row) -> str:
    extra = ' <span class="badge badge-warning">Arkiveret</span>' if row["archived_at"] is not None else ""
    return link(reverse("gain-detail", args=[row["pk"]]), shorten(row["text"], SHOWN), extra)


def _asset(row: Row) -> str:
    return link(reverse(f"{row['asset__kind']}-detail", args=[row["asset__code"]]), row["asset__name"])


def _code(row: Row) -> str:
    return f'<span class="code">{conditional_escape(row["asset__code"])}</span>'


def _yearly(row: Row) -> str:
    return "" if row["yearly"] is None else words.exact(row["yearly"])


def _year(path: str) -> Column:
    words = {"from_year": "Fra år", "to_year": "Til år"}
    # A year has no thousands separator.
    return Column(
        path, words[path], path, cell=lambda row: str(row[path] or ""), numeric=True, minor=True, shown=False
    )


def _organisation(row: Row) -> str:
    code = row["organisation__code"]
    return link(reverse("organisation-detail", args=[code]), row["organisation__name"]) if code else ""


def _follow_up(row: Row) -> str:
    return follow_up(row["follow_up_on"], row["state"], timezone.localdate())


def follow_up(day: datetime.date | None, state: str, today: datetime.date) -> str:
    """The date, with how long is left when it matters: HTML, empty when there is no date."""
    if day is None:
        return ""
    shown = format_html('<span class="nowrap">{}</span>', formats.date(day))
    left = (day - today).days
    if state not in AWAITED or left > SOON.days:
        return shown
    if left < 0:
        return format_html('{} <span class="badge badge-error">{}</span>', shown, overdue(-left))
    return format_html('{} <span class="badge badge-warning">{}</span>', shown, remaining(left))


def overdue(days: int) -> str:
    return "1 dag over tiden" if days == 1 else f"{formats.plain(days)} dage over tiden"


def remaining(days: int) -> str:
    return {0: "i dag", 1: "i morgen"}.get(days, f"om {formats.plain(days)} dage")


def _state(row: Row) -> str:
    text = conditional_escape(label(GainState, row["state"]))
    return text if row["state"] in GainState.values[:3] else f'<span class="mute">{text}</span>'


GAIN_COLUMNS = (
    Column("text", "Gevinst", "text", cell=_text, needs=("archived_at",)),
    Column("asset", "Ved", "asset__name", cell=_asset, needs=("asset__kind", "asset__code")),
    Column("asset_code", "Kode", "asset__code", cell=_code, shown=False),
    Column("kind", "Slags", "kind", choices=GainKind),
    Column("state", "Tilstand", "state", cell=_state),
    Column("yearly", "Kr. om året", "yearly", cell=_yearly, numeric=True),
    _year("from_year"),
    _year("to_year"),
    Column(
        "organisation", "Høstes af", "organisation__code", cell=_organisation, needs=("organisation__name",),
        sort="organisation__name",
    ),
    Column("responsible", "Ansvarlig", "responsible", shown=False),
    Column("follow_up_on", "Følges op", "follow_up_on", cell=_follow_up, needs=("state",)),
    Column("updated_at", "Sidst ændret", "updated_at", shown=False),
)  # fmt: skip

__all__ = ["GAIN_COLUMNS", "follow_up"]
