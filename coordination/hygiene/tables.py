"""The columns of /oprydning/."""

from __future__ import annotations

import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from coordination.hygiene import kind_of
from coordination.models import FindingState
from foi_portal.ui import formats
from foi_portal.ui.tables import Column, Row, label, link
from registry.models import Kind

STATES = {FindingState.ACCEPTED: "badge-info", FindingState.CLOSED: "badge-success"}
FOI = mark_safe('<span class="mute">FOI</span>')
AGREEMENT, CERTIFICATE = (("agreement_id", "agreement__name"), ("certificate_id", "certificate__name"))
_prefixes: dict[str, str] = {}


def _url(name: str, key: object) -> str:
    """``reverse`` for thousands of cells: the address differs only in its last part."""
    if name not in _prefixes:
        _prefixes[name] = reverse(name, args=[0]).removesuffix("0/")
    return f"{_prefixes[name]}{key}/"


def left(due: datetime.date, on: datetime.date) -> str:
    """How long there is: «om 12 dage», «i dag», «5 dage over fristen»."""
    days = (due - on).days
    if days == 0:
        return "i dag"
    count = "1 dag" if abs(days) == 1 else f"{formats.plain(abs(days))} dage"
    return f"om {count}" if days > 0 else f"{count} over fristen"


def due_words(due: datetime.date, state: str, on: datetime.date) -> SafeString:
    """The due date, and how long there is while somebody has to do something."""
    day = format_html('<span class="nowrap">{}</span>', formats.date(due))
    if state != FindingState.OPEN:
        return day
    css = "badge badge-warning" if due < on else "mute nowrap"
    return format_html('{} <span class="{}">{}</span>', day, css, left(due, on))


def _text(row: Row) -> str:
    return link(_url("finding-detail", row["pk"]), row["text"])


def _kind(row: Row) -> str:
    found = kind_of(row["kind"])
    return conditional_escape(found.label if found else row["kind"])


def _about(row: Row) -> str:
    """The system or component; where it is about none in particular, the certificate or agreement."""
    if not row["asset__code"]:
        return _certificate(row) or _agreement(row)
    name = "system-detail" if row["asset__kind"] == Kind.SYSTEM else "component-detail"
    return link(_url(name, row["asset__code"]), row["asset__name"])


def _agreement(row: Row) -> str:
    key = row["agreement_id"]
    return link(_url("agreement-detail", key), row["agreement__name"]) if key else ""


def _certificate(row: Row) -> str:
    key = row["certificate_id"]
    return link(_url("certificate-detail", key), row["certificate__name"]) if key else ""


def _owner(row: Row) -> str:
    if not row["owner_id"]:
        return FOI
    chosen = mark_safe(' <span class="mute">(valgt)</span>') if row["owner_chosen"] else ""
    return link(_url("person-detail", row["owner_id"]), row["owner__name"], chosen)


def _department(row: Row) -> str:
    code = row["asset__department__code"]
    return link(_url("organisation-detail", code), row["asset__department__name"]) if code else ""


def _due(row: Row) -> str:
    return due_words(row["due_on"], row["state"], timezone.localdate())


def _state(row: Row) -> str:
    """In a word, with the day that matters."""
    state, word = row["state"], label(FindingState, row["state"])
    if state == FindingState.ACCEPTED:
        word = f"{word} til {formats.date(row['accepted_until'])}"
    if state == FindingState.CLOSED:
        word = f"{word} {formats.date(timezone.localtime(row['closed_at']).date())}"
    css = STATES.get(state)
    return format_html('<span class="badge {}">{}</span>', css, word) if css else conditional_escape(word)


FINDING_COLUMNS = (
    Column("text", "Hvad", "text", cell=_text),
    Column("kind", "Slags", "kind", cell=_kind),
    Column(
        "asset_code",
        "Om",
        "asset__code",
        cell=_about,
        needs=("asset__name", "asset__kind", *AGREEMENT, *CERTIFICATE),
        sort="asset__name",
    ),
    Column(
        "owner",
        "Ansvarlig",
        "owner__name",
        cell=_owner,
        needs=("owner_id", "owner_chosen"),
    ),
    Column("due_on", "Frist", "due_on", cell=_due, needs=("state",)),
    Column("state", "Tilstand", "state", cell=_state, needs=("accepted_until", "closed_at"), minor=True),
    Column(
        "department_code",
        "Forvaltning",
        "asset__department__code",
        cell=_department,
        needs=("asset__department__name",),
        sort="asset__department__name",
        shown=False,
    ),
    Column("agreement", "Aftale", "agreement__name", cell=_agreement, needs=AGREEMENT, shown=False),
    Column(
        "certificate", "Certifikat", "certificate__name", cell=_certificate, needs=CERTIFICATE, shown=False
    ),
    Column("owner_email", "Ansvarligs e-mail", "owner__email", shown=False, minor=True),
    Column("found_at", "Fundet", "found_at", shown=False),
    Column("closed_at", "Bragt i orden", "closed_at", shown=False),
    Column("accepted_until", "Accepteret til", "accepted_until", shown=False),
    Column("accepted_reason", "Accepteret fordi", "accepted_reason", sort="", shown=False),
)

__all__ = ["FINDING_COLUMNS", "due_words", "left"]
