"""The columns of /budget/ansvar/. Machine names are part of links and exports people keep."""

from __future__ import annotations

from django.db.models import TextChoices
from django.urls import reverse
from django.utils import timezone
from django.utils.html import conditional_escape

from budgets import responsibility
from foi_portal.ui import formats
from foi_portal.ui.tables import Column, Row, label, link
from registry.models import ComponentType, Lifecycle


class State(TextChoices):
    """The values stand in exports."""

    CLARIFIED = responsibility.CLARIFIED, "Afklaret"
    UNCLARIFIED = responsibility.UNCLARIFIED, "Uafklaret"
    NONE = responsibility.NONE, "Ingen har ansvaret"


def _component(row: Row) -> str:
    extra = ' <span class="badge badge-warning">Arkiveret</span>' if row["archived_at"] is not None else ""
    return link(reverse("responsibility-detail", args=[row["code"]]), row["name"], extra)


def _code(row: Row) -> str:
    return f'<span class="code">{conditional_escape(row["code"])}</span>'


def _organisation(row: Row) -> str:
    code = row["own__organisation__code"]
    return link(reverse("organisation-detail", args=[code]), row["own__organisation__name"]) if code else ""


def _state(row: Row) -> str:
    text = label(State, row["state"])
    if row["state"] == State.CLARIFIED:
        return text
    css = "badge-error" if row["state"] == State.NONE else "badge-warning"
    return f'<span class="badge {css}">{text}</span>'


def _since(row: Row) -> str:
    since = row["own__since"]
    if since is None:
        return ""
    shown = f'<span class="nowrap">{formats.date(since)}</span>'
    if row["state"] == State.CLARIFIED:
        return shown
    return f'{shown} <span class="mute">({responsibility.how_long(since, timezone.localdate())})</span>'


def _follow_up(row: Row) -> str:
    day = row["own__follow_up_on"]
    if day is None:
        return ""
    late = row["state"] != State.CLARIFIED and day < timezone.localdate()
    badge = ' <span class="badge badge-error">Overskredet</span>' if late else ""
    return f'<span class="nowrap">{formats.date(day)}</span>{badge}'


RESPONSIBILITY_COLUMNS = (
    Column("component_name", "Komponent", "name", cell=_component, needs=("code", "archived_at")),
    Column("component", "Kode", "code", cell=_code, shown=False),
    Column("type", "Type", "component_type", choices=ComponentType, shown=False),
    Column("status", "Status", "lifecycle", choices=Lifecycle, shown=False),
    Column("state", "Budgetansvar", "state", cell=_state),
    Column(
        "organisation_name", "Hvis budget", "own__organisation__name", cell=_organisation,
        needs=("own__organisation__code",),
    ),
    Column("organisation", "Kode for hvis budget", "own__organisation__code", shown=False),
    Column("responsible", "Budgetansvarlig", "own__responsible"),
    Column("since", "Siden", "own__since", cell=_since, needs=("state",)),
    Column("action", "Hvad der gøres", "own__action", sort="", minor=True),
    Column("follow_up_on", "Følges op", "own__follow_up_on", cell=_follow_up, needs=("state",)),
)  # fmt: skip

__all__ = ["RESPONSIBILITY_COLUMNS", "State"]
