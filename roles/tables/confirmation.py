"""The columns of confirmation rounds and of what a round asks about."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import reverse
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import mark_safe

from foi_portal.ui import formats
from foi_portal.ui.tables import Column, Row, link, listing
from roles.rounds import ANSWERED, GONE, NOBODY, STATES

LATE = mark_safe(' <span class="badge badge-warning">Frist overskredet</span>')
OVER = mark_safe(' <span class="badge">Afsluttet</span>')


def _title(row: Row) -> str:
    badge = ""
    if row["closed_on"] is not None:
        badge = OVER
    elif row["deadline"] < timezone.localdate():
        badge = LATE
    return link(reverse("round-detail", args=[row["pk"]]), row["title"], badge)


def _counted(path: str, **query: str) -> Callable[[Row], str]:
    """A number that links to the round's list of just as many rows."""

    def cell(row: Row) -> str:
        if not row[path]:
            return '<span class="mute">0</span>'
        address = reverse("round-detail", args=[row["pk"]])
        return link(listing(address, **query) if query else address, formats.plain(row[path]))

    return cell


def _starter(row: Row) -> str:
    names = f"{row['started_by__first_name']} {row['started_by__last_name']}".strip()
    return conditional_escape(names or row["started_by__username"])


ROUND_COLUMNS = (
    Column("title", "Runde", "title", cell=_title, needs=("closed_on", "deadline")),
    Column("deadline", "Frist", "deadline"),
    Column("answered", "Bekræftet", "answered", cell=_counted("answered", svar="ja"), numeric=True),
    Column("missing", "Mangler svar", "missing", cell=_counted("missing", svar="nej"), numeric=True),
    Column("asked", "Spurgt", "asked", numeric=True),
    Column("started_on", "Startet", "started_on"),
    Column(
        "started_by",
        "Startet af",
        "started_by__username",
        cell=_starter,
        needs=("started_by__first_name", "started_by__last_name"),
    ),
    Column("closed_on", "Afsluttet", "closed_on", shown=False),
    Column("chosen_by", "Udvalgt med", "chosen_by", sort="", shown=False),
)

BADGES = {NOBODY: "badge-error", GONE: "badge-info", ANSWERED: "badge-success"}


def _name(row: Row) -> str:
    return link(reverse("system-detail", args=[row["asset__code"]]), row["asset__name"])


def _state(row: Row) -> str:
    """In words, with the day of an answer and whether that was after the deadline."""
    state = row["state"]
    if state != ANSWERED:
        return format_html(
            '<span class="badge {}">{}</span>', BADGES.get(state, "badge-warning"), STATES[state]
        )
    day = timezone.localtime(row["answered_at"]).date()
    late = (
        mark_safe(' <span class="badge badge-warning">efter fristen</span>')
        if day > row["round__deadline"]
        else ""
    )
    return format_html("Bekræftet {}{}", formats.date(day), late)


def _by(row: Row) -> str:
    names = f"{row['answered_by__first_name'] or ''} {row['answered_by__last_name'] or ''}".strip()
    return conditional_escape(names or row["answered_by__username"] or "")


def _department(row: Row) -> str:
    code = row["asset__department__code"]
    return link(reverse("organisation-detail", args=[code]), row["asset__department__name"]) if code else ""


# ``people`` is put on the row by the view: it is no column of the database.
ITEM_COLUMNS = (
    Column("name", "Fagsystem", "asset__name", cell=_name, needs=("asset__code", "asset_id")),
    Column("state", "Svar", "rank", cell=_state, needs=("state", "answered_at", "round__deadline")),
    Column("responsible", "Hvem svarer", "asset_id", cell=lambda row: row["people"], sort=""),
    Column(
        "department_code",
        "Forvaltning",
        "asset__department__code",
        cell=_department,
        needs=("asset__department__name",),
        sort="asset__department__name",
    ),
    Column(
        "answered_by",
        "Bekræftet af",
        "answered_by__username",
        cell=_by,
        needs=("answered_by__first_name", "answered_by__last_name"),
    ),
    Column("comment", "Bemærkning", "comment", sort=""),
)
EXPORTED = (
    "code",
    "name",
    "department_code",
    "department",
    "state",
    "answered_at",
    "answered_by",
    "comment",
    "last_confirmed_on",
    "responsible",
    "email",
)
