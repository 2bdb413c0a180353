"""The columns of the registry's lists. Machine names are those of the import format where it has one."""

from __future__ import annotations

from collections.abc import Callable

from django.http import QueryDict
from django.urls import reverse
from django.utils.html import conditional_escape
from django.utils.safestring import mark_safe

from foi_portal.ui import formats
from foi_portal.ui.tables import Column, Row, label, link, listing
from registry.models import (
    ComponentType,
    Criticality,
    DependencyStatus,
    Direction,
    Importance,
    Kind,
    Level,
    Lifecycle,
    OrganisationKind,
    PersonalData,
)

BADGES = {
    Lifecycle.RETIRED: "badge-warning",
    Lifecycle.PHASING_OUT: "badge-info",
    Lifecycle.PLANNED: "badge-info",
}
STATUS_BADGES = {
    DependencyStatus.ENDED: "badge-warning",
    DependencyStatus.PHASING_OUT: "badge-info",
    DependencyStatus.PLANNED: "badge-info",
    DependencyStatus.IN_PROGRESS: "badge-info",
}


def _badge(css: str, text: str) -> str:
    return f' <span class="badge {css}">{conditional_escape(text)}</span>'


def _name(url: str) -> Callable[[Row], str]:
    """The row's name as a link; only what deviates from normal operation gets a badge."""

    def cell(row: Row) -> str:
        extra = ""
        if (css := BADGES.get(row.get("lifecycle", ""))) is not None:
            extra = _badge(css, label(Lifecycle, row["lifecycle"]))
        if row["archived_at"] is not None:
            extra += _badge("badge-warning", "Arkiveret")
        return link(_url(url, row["code"]), row["name"], mark_safe(extra))

    return cell


def _url(name: str, code: str) -> str:
    """``reverse`` for thousands of cells: the address differs only in its last part."""
    if name not in _prefixes:
        _prefixes[name] = reverse(name, args=["X"]).removesuffix("X/")
    return f"{_prefixes[name]}{code}/"


_prefixes: dict[str, str] = {}


def _linked(path: str, url: str) -> Callable[[Row], str]:
    """The name of a referenced row as a link to it."""
    name, code = f"{path}__name", f"{path}__code"

    def cell(row: Row) -> str:
        return link(_url(url, row[code]), row[name]) if row[code] else ""

    return cell


def _count(
    path: str, list_url: str, param: str, note: Callable[[Row], str] = lambda row: ""
) -> Callable[[Row], str]:
    """A number that links to the list with exactly that many rows."""

    def cell(row: Row) -> str:
        if not row[path]:
            return '<span class="mute">0</span>'
        return link(
            listing(reverse(list_url), **{param: row["code"]}), formats.plain(row[path]), mark_safe(note(row))
        )

    return cell


def _critical(row: Row) -> str:
    n = row["uses_critical"]
    return f' <span class="mute">({n} {"kritisk" if n == 1 else "kritiske"})</span>' if n else ""


def _criticality(row: Row) -> str:
    value = row["criticality"]
    if value is None:
        return ""
    text = conditional_escape(label(Criticality, value))
    return f"<strong>{text}</strong>" if value == Criticality.CRITICAL else text


def _code(row: Row) -> str:
    return f'<span class="code">{conditional_escape(row["code"])}</span>'


def _moment(path: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        return formats.date(row[path]) if row[path] else ""

    return cell


def _since(row: Row) -> str:
    return formats.year_or_date(row["since"]) if row["since"] else ""


def _asset(path: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        kind = row[f"{path}__kind"]
        if not kind:
            return ""
        name = "system-detail" if kind == Kind.SYSTEM else "component-detail"
        return link(_url(name, row[f"{path}__code"]), row[f"{path}__name"])

    return cell


def _asset_column(name: str, title: str, path: str, shown: bool = True) -> Column:
    return Column(
        name,
        title,
        f"{path}__code",
        cell=_asset(path),
        needs=(f"{path}__name", f"{path}__kind"),
        sort=f"{path}__name",
        shown=shown,
    )


NAME_NEEDS = ("code", "archived_at")

_COMMON = {
    "aliases": Column("aliases", "Gamle navne", "aliases", shown=False, minor=True),
    "description": Column("description", "Beskrivelse", "description", shown=False, sort="", minor=True),
    "status": Column("status", "Status", "lifecycle", choices=Lifecycle, shown=False),
    "criticality": Column("criticality", "Kritikalitet", "criticality", cell=_criticality),
    "uses": Column(
        "uses",
        "Afhænger af",
        "uses",
        cell=_count("uses", "dependency-list", "source", _critical),
        needs=("code", "uses_critical"),
    ),
    "used_by": Column(
        "used_by",
        "Bruges direkte af",
        "used_by",
        cell=_count("used_by", "dependency-list", "target"),
        needs=("code",),
    ),
    "successor": _asset_column("successor_code", "Afløses af", "successor", shown=False),
    "updated": Column("updated_at", "Sidst ændret", "updated_at", cell=_moment("updated_at"), shown=False),
}

SYSTEM_COLUMNS = (
    Column("name", "Fagsystem", "name", cell=_name("system-detail"), needs=(*NAME_NEEDS, "lifecycle")),
    Column("code", "Kode", "code", cell=_code, minor=True),
    Column(
        "department_code",
        "Forvaltning",
        "department__code",
        cell=_linked("department", "organisation-detail"),
        needs=("department__name",),
        sort="department__name",
    ),
    Column(
        "vendor_code",
        "Leverandør",
        "provider__code",
        cell=_linked("provider", "organisation-detail"),
        needs=("provider__name",),
        sort="provider__name",
    ),
    _COMMON["criticality"],
    Column("personal_data", "Persondata", "personal_data", choices=PersonalData),
    _COMMON["uses"],
    _COMMON["status"],
    Column(
        "used_by",
        "Bruges direkte af",
        "used_by",
        cell=_count("used_by", "dependency-list", "target"),
        needs=("code",),
        shown=False,
    ),
    _COMMON["aliases"],
    _COMMON["description"],
    Column("external_id", "Ekstern id (KITOS)", "external_id", shown=False),
    _COMMON["successor"],
    Column("confirmed_on", "Bekræftet", "confirmed_on", cell=_moment("confirmed_on"), shown=False),
    _COMMON["updated"],
)

COMPONENT_COLUMNS = (
    Column("name", "Komponent", "name", cell=_name("component-detail"), needs=(*NAME_NEEDS, "lifecycle")),
    Column("code", "Kode", "code", cell=_code, minor=True),
    Column("kind", "Type", "component_type", choices=ComponentType),
    Column(
        "parent_code",
        "Hører til",
        "parent__code",
        cell=_linked("parent", "component-detail"),
        needs=("parent__name",),
        sort="parent__name",
    ),
    Column("level", "Niveau", "level", choices=Level),
    Column(
        "owner_code",
        "Ejer",
        "provider__code",
        cell=_linked("provider", "organisation-detail"),
        needs=("provider__name",),
        sort="provider__name",
    ),
    _COMMON["used_by"],
    _COMMON["uses"],
    Column("criticality", "Kritikalitet", "criticality", cell=_criticality, shown=False),
    _COMMON["status"],
    _COMMON["aliases"],
    _COMMON["description"],
    _COMMON["successor"],
    Column("url", "Link", "url", shown=False, minor=True),
    Column("needs_agreement", "Kræver serviceaftale", "needs_agreement", shown=False),
    _COMMON["updated"],
)

ORGANISATION_COLUMNS = (
    Column("name", "Organisation", "name", cell=_name("organisation-detail"), needs=NAME_NEEDS),
    Column("code", "Kode", "code", cell=_code, minor=True),
    Column("kind", "Type", "kind", choices=OrganisationKind),
    Column(
        "parent_code",
        "Hører under",
        "parent__code",
        cell=_linked("parent", "organisation-detail"),
        needs=("parent__name",),
        sort="parent__name",
    ),
    Column(
        "systems",
        "Egne fagsystemer",
        "systems",
        cell=_count("systems", "system-list", "department"),
        needs=("code",),
    ),
    Column("supplied", "Leverer", "supplied", numeric=False),
    Column("updated_at", "Sidst ændret", "updated_at", cell=_moment("updated_at"), shown=False),
)


def _dependency_status(row: Row) -> str:
    text = label(DependencyStatus, row["status"])
    css = STATUS_BADGES.get(row["status"])
    badge = _badge(css, text) if css else conditional_escape(text)
    return badge + (_badge("badge-warning", "Arkiveret") if row["archived_at"] is not None else "")


def _edit(row: Row) -> str:
    address = reverse("dependency-detail", args=[row["pk"]])
    return link(address, conditional_escape(row["purpose"]) or "Uden formål")


def _importance(row: Row) -> str:
    text = conditional_escape(label(Importance, row["importance"]))
    return f"<strong>{text}</strong>" if row["importance"] == Importance.CRITICAL else text


def _alternatives(row: Row) -> str:
    if not row["alternatives__name"]:
        return ""
    page = "system-alternatives" if row["source__kind"] == Kind.SYSTEM else "component-alternatives"
    return link(reverse(page, args=[row["source__code"]]), row["alternatives__name"])


DEPENDENCY_COLUMNS = (
    _asset_column("source_code", "Hvem bruger", "source"),
    _asset_column("target_code", "Hvad bruges", "target"),
    Column("purpose", "Formål", "purpose", cell=_edit),
    Column("direction", "Data", "direction", choices=Direction),
    Column("importance", "Svigter den", "importance", cell=_importance),
    Column("status", "Status", "status", cell=_dependency_status, needs=("archived_at",)),
    Column("since", "Siden", "since", cell=_since),
    Column("until", "Til", "until", cell=_moment("until"), shown=False),
    _asset_column("via_code", "Går via", "via", shown=False),
    Column(
        "alternatives",
        "Alternativ i gruppen",
        "alternatives__name",
        cell=_alternatives,
        needs=("source__kind", "source__code"),
        shown=False,
    ),
    Column("department", "Forvaltning", "source__department__name", shown=False),
    Column("updated_at", "Sidst ændret", "updated_at", cell=_moment("updated_at"), shown=False),
)


def _snapshot(row: Row) -> str:
    extra = _badge("badge-warning", "Arkiveret") if row["archived_at"] is not None else ""
    return link(reverse("snapshot-detail", args=[row["pk"]]), row["title"], mark_safe(extra))


def _asked_about(row: Row) -> str:
    """The codes of the saved question, and which way it was asked."""
    question = QueryDict(row["question"])
    codes = question.getlist("asset")
    shown = ", ".join(codes[:4]) + (f" og {len(codes) - 4} andre" if len(codes) > 4 else "")
    words = "Hviler på" if question.get("retning") == "op" else "Rammes af"
    return f'{words} <span class="code">{conditional_escape(shown)}</span>'


def _saved_by(row: Row) -> str:
    names = f"{row['asked_by__first_name']} {row['asked_by__last_name']}".strip()
    return conditional_escape(names or row["asked_by__username"])


SNAPSHOT_COLUMNS = (
    Column("title", "Gemt svar", "title", cell=_snapshot, needs=("archived_at",)),
    Column("question", "Spurgt om", "question", cell=_asked_about, sort=""),
    Column("asked_on", "Svar for", "asked_on", cell=_moment("asked_on")),
    Column("hits", "Ramte", "hits", numeric=True),
    Column(
        "asked_by",
        "Gemt af",
        "asked_by__username",
        cell=_saved_by,
        needs=("asked_by__first_name", "asked_by__last_name"),
    ),
    Column("created_at", "Gemt", "created_at", cell=_moment("created_at")),
    Column("note", "Note", "note", sort="", shown=False, minor=True),
)
