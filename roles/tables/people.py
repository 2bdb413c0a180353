"""The columns of /personer/. Machine names are those of the import format (people.csv) where it has one."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from foi_portal.ui import formats
from foi_portal.ui.tables import Column, Row, link

NAME_NEEDS = ("pk", "active_from", "active_to", "archived_at", "is_absent", "back_on")


def _name(row: Row) -> str:
    """The name as a link; badges for who is not at work today."""
    today, badges = timezone.localdate(), ""
    if row["archived_at"] is not None:
        badges += ' <span class="badge badge-warning">Lagt sammen</span>'
    elif row["active_to"] and row["active_to"] <= today:
        badges += ' <span class="badge badge-warning">Fratrådt</span>'
    elif row["active_from"] and row["active_from"] > today:
        badges += ' <span class="badge badge-info">Begynder senere</span>'
    elif row["is_absent"]:
        badges += ' <span class="badge badge-info">Fraværende</span>'
    return link(reverse("person-detail", args=[row["pk"]]), row["name"], mark_safe(badges))  # noqa: S308 - no data in them


def _email(row: Row) -> str:
    return link(f"mailto:{row['email']}", row["email"]) if row["email"] else ""


def _phone(row: Row) -> str:
    return format_html('<span class="nowrap">{}</span>', row["phone"]) if row["phone"] else ""


def _unit(row: Row) -> str:
    code = row["unit__code"]
    return link(reverse("organisation-detail", args=[code]), row["unit__name"]) if code else ""


def _absent(row: Row) -> str:
    if not row["is_absent"]:
        return ""
    back = row["back_on"]
    return format_html("tilbage {}", formats.date(back)) if back else "indtil videre"


def _roles(row: Row) -> str:
    count = row["role_count"]
    if not count:
        return '<span class="mute">0</span>'
    return link(f"{reverse('person-detail', args=[row['pk']])}#roller", formats.plain(count))


PERSON_COLUMNS = (
    Column("name", "Person", "name", cell=_name, needs=NAME_NEEDS),
    Column("email", "E-mail", "email", cell=_email),
    Column("phone", "Telefon", "phone", cell=_phone),
    Column("title", "Titel", "title"),
    Column("unit", "Enhed", "unit__code", cell=_unit, needs=("unit__name",), sort="unit__name"),
    Column("roles", "Roller nu", "role_count", cell=_roles, needs=("pk",), numeric=True),
    Column("absent", "Fravær i dag", "is_absent", cell=_absent, needs=("back_on",)),
    Column("active_from", "Ansat fra", "active_from", shown=False),
    Column("active_to", "Fratrådt", "active_to", shown=False),
    Column("username", "Bruger", "user__username", shown=False),
    Column("updated_at", "Sidst ændret", "updated_at", shown=False),
)
