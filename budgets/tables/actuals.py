"""The columns of postings. Machine names are part of exports people keep: keep them."""

from __future__ import annotations

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import mark_safe

from budgets.importing.actuals import MONTH_NAMES
from budgets.models import ActualSource, CostType, Funding
from budgets.words import exact
from foi_portal.ui.tables import Column, Row, label, link

CANCELLED = mark_safe(' <span class="badge">Tilbageført</span>')
OPPOSITE = mark_safe(' <span class="badge">Tilbageførsel</span>')
UNPLACED = mark_safe('<span class="badge badge-warning">Uden linje</span>')


def _text(row: Row) -> str:
    badge = OPPOSITE if row["reverses"] else CANCELLED if row["reversed_by"] else ""
    # the list's own address is the base of those of its rows
    return link(f"{row['pk']}/", row["text"] or row["account"] or f"Postering {row['pk']}", badge)


def _line(row: Row) -> str:
    name = row["line__component__name"]
    if name is None:
        return UNPLACED
    kind, funding = label(CostType, row["line__cost_type"]), label(Funding, row["line__funding"])
    return format_html('{}<br><span class="mute small">{}, {}</span>', name, kind, funding)


POSTING_COLUMNS = (
    Column("text", "Postering", "text", cell=_text, needs=("account", "reverses", "reversed_by")),
    Column(
        "month",
        "Måned",
        "month",
        cell=lambda row: conditional_escape(MONTH_NAMES[row["month"] - 1].capitalize()),
    ),
    Column(
        "component",
        "Budgetlinje",
        "line__component__code",
        cell=_line,
        needs=("line__component__name", "line__cost_type", "line__funding"),
        sort="line__component__name",
    ),
    Column("kind", "Type", "line__cost_type", choices=CostType, shown=False),
    Column("funding", "Finansiering", "line__funding", choices=Funding, shown=False),
    Column("account", "Kontostreng", "account"),
    Column(
        "amount", "Kroner", "amount", cell=lambda row: conditional_escape(exact(row["amount"])), numeric=True
    ),
    Column("source", "Kommer fra", "source", choices=ActualSource, minor=True),
    Column("file", "Fil", "batch__file_name", minor=True, shown=False),
    Column("created_at", "Bogført", "created_at", minor=True),
)

__all__ = ["POSTING_COLUMNS"]
