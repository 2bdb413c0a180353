"""The columns of the list of agreements, and how an agreement's standing and dates look."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from django.urls import reverse
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from foi_portal.ui import formats
from foi_portal.ui.tables import Column, Row, label, link, listing
from registry.agreements.days import SOON, Standing
from registry.models import AgreementKind, AgreementStatus, Environment

BADGES = {
    Standing.REQUESTED: "badge-info",
    Standing.APPROVED: "badge-info",
    Standing.REJECTED: "badge-warning",
    Standing.TERMINATED: "badge-warning",
    Standing.EXPIRED: "badge-error",
}


def standing_badge(standing: str) -> SafeString:
    """The standing in words; what is not active stands out."""
    text = label(Standing, standing)
    css = BADGES.get(Standing(standing))
    return format_html('<span class="badge {}">{}</span>', css, text) if css else conditional_escape(text)


def day_left(day: datetime.date, on: datetime.date) -> SafeString:
    """The date with how long is left; what is near or past stands out, in words too."""
    words = formats.until(day, on)
    days = (day - on).days
    shown, css = formats.date(day), "mute small"
    if days <= SOON:
        css = "badge badge-warning" if days >= 0 else "badge badge-error"
    return format_html('<span class="nowrap">{}</span> <span class="{}">{}</span>', shown, css, words)


def end_left(day: datetime.date, status: str, on: datetime.date) -> SafeString:
    """An agreement's end with how long is left; only the date when it was ended and is over, as it should be."""
    if status == AgreementStatus.TERMINATED and day <= on:
        return format_html('<span class="nowrap">{}</span>', formats.date(day))
    return day_left(day, on)


def _day(path: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        return formats.date(row[path]) if row[path] else ""

    return cell


def _left(path: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        return day_left(row[path], timezone.localdate()) if row[path] else ""

    return cell


def _notice(row: Row) -> str:
    """Once the agreement is over there is nothing more to give notice of."""
    return "" if row["standing"] == Standing.EXPIRED or not row["notice_day"] else _left("notice_day")(row)


def _end(row: Row) -> str:
    """How long is left is said where something is to be done; of what is not decided, only the date."""
    if row["valid_to"] is None:
        return "løber videre" if row["valid_from"] else ""
    if row["standing"] in (Standing.ACTIVE, Standing.TERMINATED, Standing.EXPIRED):
        return end_left(row["valid_to"], row["status"], timezone.localdate())
    return formats.date(row["valid_to"])


def _name(row: Row) -> str:
    extra = ' <span class="badge badge-warning">Arkiveret</span>' if row["archived_at"] is not None else ""
    return link(reverse("agreement-detail", args=[row["pk"]]), row["name"], mark_safe(extra))  # noqa: S308 - no value in it


def _named(path: str, url: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        code = row[f"{path}__code"]
        return link(reverse(url, args=[code]), row[f"{path}__name"]) if code else ""

    return cell


def _reference(name: str, title: str, path: str, url: str, shown: bool = True) -> Column:
    return Column(
        name,
        title,
        f"{path}__code",
        cell=_named(path, url),
        needs=(f"{path}__name",),
        sort=f"{path}__name",
        shown=shown,
    )


def _covers(row: Row) -> str:
    """A number that links to the list with exactly those dependencies."""
    if not row["covers"]:
        return '<span class="mute">0</span>'
    return link(listing(reverse("dependency-list"), agreement=row["pk"]), formats.plain(row["covers"]))


def _url(row: Row) -> str:
    return link(row["url"], row["url"]) if row["url"] else ""


AGREEMENT_COLUMNS = (
    Column("name", "Aftale", "name", cell=_name, needs=("archived_at",)),
    Column("number", "Nummer", "number", shown=False, minor=True),
    Column("kind", "Type", "kind", choices=AgreementKind),
    Column("standing", "Status", "standing", cell=lambda row: standing_badge(row["standing"])),
    _reference("system_code", "Fagsystem", "system", "system-detail"),
    _reference("counterpart_code", "Modpart", "counterpart", "organisation-detail"),
    Column("covers", "Dækker", "covers", cell=_covers),
    Column("valid_to", "Gælder til", "valid_to", cell=_end, needs=("valid_from", "standing", "status")),
    Column("last_notice_day", "Opsiges senest", "notice_day", cell=_notice, needs=("standing",)),
    Column("next_review", "Ses efter", "review_day", cell=_left("review_day")),
    Column("status", "Besluttet status", "status", choices=AgreementStatus, shown=False),
    Column("environment", "Miljø", "environment", choices=Environment, shown=False),
    _reference("unit_code", "Indgået af", "unit", "organisation-detail", shown=False),
    Column("valid_from", "Gælder fra", "valid_from", cell=_day("valid_from"), shown=False),
    Column("requested_on", "Anmodet", "requested_on", cell=_day("requested_on"), shown=False),
    Column("decided_on", "Afgjort", "decided_on", cell=_day("decided_on"), shown=False),
    Column("notice_months", "Varsel i måneder", "notice_months", shown=False),
    Column("review_months", "Ses efter hver … måned", "review_months", shown=False),
    Column("reviewed_on", "Sidst set efter", "reviewed_on", cell=_day("reviewed_on"), shown=False),
    Column("case_number", "Sagsnummer", "case_number", shown=False),
    Column("purpose", "Formål", "purpose", sort="", shown=False, minor=True),
    Column("legal_basis", "Hjemmel", "legal_basis", shown=False, minor=True),
    Column("uuid", "Aftalens UUID", "uuid", shown=False, minor=True),
    Column("service_uuid", "Servicens UUID", "service_uuid", shown=False, minor=True),
    Column("system_uuid", "It-systemets UUID", "system_uuid", shown=False, minor=True),
    Column("url", "Link", "url", cell=_url, shown=False, minor=True),
    Column("note", "Note", "note", sort="", shown=False, minor=True),
    Column("updated_at", "Sidst ændret", "updated_at", cell=_day("updated_at"), shown=False),
)

__all__ = ["AGREEMENT_COLUMNS", "day_left", "end_left", "standing_badge"]
