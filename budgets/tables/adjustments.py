"""The columns of adjustments. Machine names are part of exports people keep: keep them."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from budgets.models import AdjustmentKind, AdjustmentState
from budgets.words import change, exact
from foi_portal.ui.tables import Column, Row, label, link

BADGES = {
    AdjustmentState.PROPOSED: "badge badge-warning",
    AdjustmentState.REFUSED: "badge badge-error",
    AdjustmentState.WITHDRAWN: "badge",
}


def state_badge(state: str) -> SafeString | str:
    """The state in words; only what is not approved stands out."""
    word = label(AdjustmentState, state)
    css = BADGES.get(AdjustmentState(state))
    return format_html('<span class="{}">{}</span>', css, word) if css else word


def _reason(row: Row) -> str:
    # the list is of one year, and its own address is the base of those of its rows
    return link(f"{row['pk']}/", row["reason"])


def _amount(row: Row) -> str:
    if row["kind"] == AdjustmentKind.TRANSFER:
        return conditional_escape(f"{exact(row['added'])} flyttes")
    return conditional_escape(change(row["amount"]))


def _name(prefix: str) -> tuple[str, str, str]:
    return f"{prefix}__first_name", f"{prefix}__last_name", f"{prefix}__username"


def _person(prefix: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        first, last, username = (row[path] for path in _name(prefix))
        return conditional_escape(f"{first or ''} {last or ''}".strip() or username or "")

    return cell


ADJUSTMENT_COLUMNS = (
    Column("reason", "Begrundelse", "reason", cell=_reason),
    Column("on", "Dato", "on"),
    Column("kind", "Slags", "kind", choices=AdjustmentKind),
    Column("amount", "Kroner", "amount", cell=_amount, needs=("kind", "added"), numeric=True),
    Column("lines", "Linjer", "lines", numeric=True, minor=True),
    Column("state", "Tilstand", "state", cell=lambda row: state_badge(row["state"])),
    Column(
        "proposed_by",
        "Foreslået af",
        "proposed_by__username",
        cell=_person("proposed_by"),
        needs=_name("proposed_by"),
        minor=True,
    ),
    Column(
        "decided_by",
        "Afgjort af",
        "decided_by__username",
        cell=_person("decided_by"),
        needs=_name("decided_by"),
        minor=True,
    ),
    Column("decided_at", "Afgjort", "decided_at", minor=True),
    Column("case_number", "Sagsnummer", "case_number", shown=False),
)
