"""The outbox as a list: its columns and its filter. Parameter names are part of links people save: keep them."""

from __future__ import annotations

import datetime
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.html import conditional_escape, format_html

from foi_portal.core.models import MailState, OutboxMail
from foi_portal.core.models.mail import WAITING
from foi_portal.ui import formats
from foi_portal.ui.filters import FilterSet
from foi_portal.ui.tables import Column, Row, label, link
from registry.filters import SearchFilter

BADGES = {MailState.FAILED: "badge-error", MailState.QUEUED: "badge-info", MailState.SENDING: "badge-info"}
WAITS = "waiting"
DAY = datetime.timedelta(days=1)
SENT = (("1", "Seneste døgn"), ("7", "Seneste 7 dage"), ("30", "Seneste 30 dage"))


def _subject(row: Row) -> str:
    return link(reverse("mail-detail", args=[row["pk"]]), row["subject"] or "Uden emne")


def _recipient(row: Row) -> str:
    return conditional_escape(row["recipient_name"] or row["address"])


def _state(row: Row) -> str:
    """In words; what waits for another attempt says so."""
    state = row["state"]
    word = label(MailState, state)
    if state == MailState.QUEUED and row["error"]:
        return '<span class="badge badge-warning">Prøves igen</span>'
    if state in BADGES:
        return format_html('<span class="badge {}">{}</span>', BADGES[state], word)
    return word


def _next(row: Row) -> str:
    waits = row["state"] == MailState.QUEUED
    return f'<span class="nowrap">{formats.text(row["next_attempt_at"])}</span>' if waits else ""


def inside(url: str) -> str:
    """An address if it is one of a page of the portal, else nothing."""
    return url if url.startswith("/") and not url.startswith(("//", "/\\")) else ""


def _about(row: Row) -> str:
    url = inside(row["about_url"])
    return link(url, row["about"] or url) if url else conditional_escape(row["about"])


MAIL_COLUMNS = (
    Column("subject", "Emne", "subject", cell=_subject),
    Column("recipient", "Modtager", "recipient_name", cell=_recipient, needs=("address",)),
    Column("address", "E-mailadresse", "address", shown=False),
    Column("state", "Tilstand", "state", cell=_state, needs=("error",)),
    Column("error", "Årsag", "error", minor=True),
    Column("created_at", "Skrevet", "created_at"),
    Column("sent_at", "Sendt", "sent_at"),
    Column("attempts", "Forsøg", "attempts", numeric=True),
    Column("next_attempt_at", "Næste forsøg", "next_attempt_at", cell=_next, needs=("state",), shown=False),
    Column("about", "Handler om", "about", cell=_about, needs=("about_url",), shown=False),
    Column("occasion", "Anledning", "occasion", shown=False),
    Column("message_id", "Message-ID", "message_id", sort="", shown=False),
    Column("error_detail", "Teknisk årsag", "error_detail", sort="", shown=False),
)


class MailFilter(FilterSet):
    archived = None
    seldom = ()

    q = SearchFilter(
        "subject", "recipient_name", "address", "about", "occasion", label="Emne, modtager eller anledning"
    )
    state = django_filters.ChoiceFilter(
        label="Tilstand",
        choices=((WAITS, "Venter"), *MailState.choices),
        empty_label="Alle",
        method="filter_state",
    )
    sent = django_filters.ChoiceFilter(label="Sendt", choices=SENT, empty_label="Alle", method="filter_sent")

    class Meta:
        model = OutboxMail
        fields = ("q", "state", "sent")

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Mails are not archived, so nothing is left out."""
        rows: QuerySet[Any] = django_filters.FilterSet.filter_queryset(self, queryset)
        return rows

    def filter_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(state__in=WAITING if value == WAITS else (value,))

    def filter_sent(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(sent_at__gte=timezone.now() - DAY * int(value))


__all__ = ["DAY", "MAIL_COLUMNS", "WAITS", "MailFilter", "inside"]
