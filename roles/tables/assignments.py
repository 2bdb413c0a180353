"""The columns of /roller/tildelinger/. Machine names are part of links and exports people keep."""

from __future__ import annotations

import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.html import conditional_escape, format_html

from foi_portal.ui import formats
from foi_portal.ui.tables import Column, Row, label, link
from registry.models import Kind
from roles import people_html
from roles.assignment_rows import AssignmentState
from roles.models import Part, RoleLevel

STATES = {AssignmentState.COMING: "badge-info", AssignmentState.OVER: "badge-warning"}
SOON = datetime.timedelta(days=90)


def _role(row: Row) -> str:
    extra = ' <span class="badge badge-warning">Arkiveret</span>' if row["archived_at"] is not None else ""
    return link(reverse("assignment-detail", args=[row["pk"]]), row["role__name"], extra)


def _code(path: str) -> str:
    return f'<span class="code">{conditional_escape(path)}</span>' if path else ""


def _scope(row: Row) -> str:
    if row["asset__code"]:
        name = "system-detail" if row["asset__kind"] == Kind.SYSTEM else "component-detail"
        return link(reverse(name, args=[row["asset__code"]]), row["scope_title"])
    if row["organisation__code"]:
        return link(reverse("organisation-detail", args=[row["organisation__code"]]), row["scope_title"])
    return conditional_escape(row["scope_title"])


def _person(row: Row) -> str:
    away = None
    if row["is_absent"]:
        instead = people_html.Who(row["stand_in"], row["stand_in_name"]) if row["stand_in"] else None
        away = people_html.Absent(row["back_on"], instead)
    shown = people_html.person(row["person_id"], row["person__name"], away)
    if row["has_left"]:
        return format_html('{} <span class="badge badge-warning">Fratrådt</span>', shown)
    return shown


def _email(row: Row) -> str:
    address = row["person__email"]
    return link(f"mailto:{address}", address) if address else ""


def _until(row: Row) -> str:
    until = row["until"]
    if until is None:
        return ""
    last, today = until - datetime.timedelta(days=1), timezone.localdate()
    left = (until - today).days
    soon = (
        f' <span class="mute">({left} dag{"" if left == 1 else "e"} endnu)</span>'
        if 0 < left <= SOON.days
        else ""
    )
    return f'<span class="nowrap">{formats.date(last)}</span>{soon}'


def _since(row: Row) -> str:
    return f'<span class="nowrap">{formats.date(row["since"])}</span>'


def _state(row: Row) -> str:
    text = label(AssignmentState, row["state"])
    css = STATES.get(row["state"])
    return f'<span class="badge {css}">{text}</span>' if css else text


def _stand_in(row: Row) -> str:
    return people_html.link(row["stand_in"], row["stand_in_name"]) if row["stand_in"] else ""


ASSIGNMENT_COLUMNS = (
    Column("role", "Rolle", "role__name", cell=_role, needs=("archived_at",)),
    Column("role_code", "Rollens kode", "role__code", cell=lambda row: _code(row["role__code"]), shown=False),
    Column("level", "Niveau", "role__level", choices=RoleLevel, shown=False),
    Column(
        "scope",
        "For",
        "scope_title",
        cell=_scope,
        needs=("asset__code", "asset__kind", "organisation__code"),
    ),
    Column("scope_code", "Kode", "scope_code", cell=lambda row: _code(row["scope_code"]), shown=False),
    Column("part", "Som", "part", choices=Part),
    Column(
        "person",
        "Person",
        "person__name",
        cell=_person,
        needs=("person_id", "is_absent", "back_on", "stand_in", "stand_in_name", "has_left"),
    ),
    Column("person_email", "E-mail", "person__email", cell=_email, shown=False),
    Column("since", "Fra", "since", cell=_since),
    Column("until", "Til og med", "until", cell=_until),
    Column("state", "Status", "state", cell=_state),
    Column("standing_in", "P.t.", "stand_in_name", cell=_stand_in, needs=("stand_in",), shown=False),
    Column("why_here", "Hvorfor her", "why_here", shown=False, sort="", minor=True),
    Column("updated_at", "Sidst ændret", "updated_at", shown=False),
)
