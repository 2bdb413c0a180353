"""The columns of the lists of roles, requirements and editions."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import reverse
from django.utils.html import conditional_escape
from django.utils.safestring import mark_safe

from foi_portal.ui import formats
from foi_portal.ui.tables import Column, Row, label, link, listing
from roles.models import EditionState, Phase, RequirementOrigin, RoleLevel, ScopeKind, Verified

ARCHIVED = mark_safe(' <span class="badge badge-warning">Arkiveret</span>')
SCOPES = {  # of requirements, in a table's cell
    ScopeKind.MUNICIPALITY: "Hele kommunen",
    ScopeKind.EVERY_SYSTEM: "Hvert fagsystem",
    ScopeKind.EVERY_DEPARTMENT: "Hver forvaltning",
}


def _role(code: str, name: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        archived = ARCHIVED if name == "name" and row["archived_at"] is not None else ""
        return link(reverse("role-detail", args=[row[code]]), row[name], archived)

    return cell


def _code(path: str) -> Callable[[Row], str]:
    return lambda row: f'<span class="code">{conditional_escape(row[path])}</span>'


def _verified(row: Row) -> str:
    """The word, marked where the source confirms less than name and tasks."""
    text = conditional_escape(label(Verified, row["verified"]))
    if row["verified"] == Verified.UNVERIFIED:
        return f'<span class="badge badge-warning">{text}</span>'
    return text


def _requirements(row: Row) -> str:
    if not row["required_count"]:
        return '<span class="mute">0</span>'
    return link(listing(reverse("requirement-list"), role=row["code"]), formats.plain(row["required_count"]))


def _day(path: str) -> Callable[[Row], str]:
    return lambda row: formats.date(row[path]) if row[path] else ""


ROLE_COLUMNS = (
    Column("name", "Navn", "name", cell=_role("code", "name"), needs=("code", "archived_at")),
    Column("code", "Kode", "code", cell=_code("code")),
    Column("level", "Niveau", "level", choices=RoleLevel),
    Column("phase", "Fase", "phase", choices=Phase),
    Column("requirements", "Krav", "required_count", cell=_requirements, needs=("code",), numeric=True),
    Column("holders", "Indehavere nu", "holder_count", numeric=True),
    Column("verified", "Bekræftet af kilden", "verified", cell=_verified),
    Column("source", "Kilde", "source", minor=True),
    Column("source_version", "Kildens udgave", "source_version", minor=True),
    Column("description", "Ansvar", "description", shown=False),
    Column("updated_at", "Sidst ændret", "updated_at", cell=_day("updated_at"), shown=False),
)


def _scope(row: Row) -> str:
    badge = ARCHIVED if row["archived_at"] is not None else ""
    if row["asset__code"]:
        return link(
            reverse(f"{row['asset__kind']}-detail", args=[row["asset__code"]]), row["asset__name"], badge
        )
    return f"{conditional_escape(SCOPES[row['scope_kind']])}{badge}"


REQUIREMENT_COLUMNS = (
    Column(
        "role",
        "Rolle",
        "role__code",
        cell=_role("role__code", "role__name"),
        needs=("role__name",),
        sort="role__name",
    ),
    Column("scope_kind", "Omfang", "scope_kind", choices=ScopeKind, shown=False),
    Column(
        "scope",
        "Kræves for",
        "asset__code",
        cell=_scope,
        needs=("asset__name", "asset__kind", "scope_kind", "archived_at"),
        sort="asset__name",
    ),
    Column("holders", "Indehavere", "holders", numeric=True),
    Column("deputy_required", "Stedfortræder kræves", "deputy_needed"),
    Column("deputy_may_hold", "Må have anden rolle samme sted", "deputy_may_hold", shown=False),
    Column("since", "Gælder fra", "since", cell=_day("since")),
    Column("origin", "Kommer fra", "origin", choices=RequirementOrigin),
    Column("updated_at", "Sidst ændret", "updated_at", cell=_day("updated_at"), shown=False),
)


def _edition(row: Row) -> str:
    archived = ARCHIVED if row["archived_at"] is not None else ""
    return link(reverse("edition-detail", args=[row["pk"]]), row["name"], archived)


def _state(row: Row) -> str:
    text = conditional_escape(label(EditionState, row["state"]))
    css = {EditionState.IN_USE: "badge-success", EditionState.PREPARED: "badge-info"}.get(row["state"])
    return f'<span class="badge {css}">{text}</span>' if css else text


EDITION_COLUMNS = (
    Column("name", "Udgave", "name", cell=_edition, needs=("archived_at",)),
    Column("state", "Tilstand", "state", cell=_state),
    Column("roles", "Roller", "roles", numeric=True),
    Column("in_use_from", "I brug fra", "in_use_from", cell=_day("in_use_from")),
    Column("created_at", "Forberedt", "created_at", cell=_day("created_at")),
    Column("note", "Note", "note", minor=True),
)
