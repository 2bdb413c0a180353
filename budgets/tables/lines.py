"""The columns of /budget/<year>/linjer/. Machine names are part of links and exports people keep."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import reverse
from django.utils.html import conditional_escape, format_html

from budgets.models import ESTIMATED_YEARS, BudgetYear, CostType, Funding
from foi_portal.ui import formats
from foi_portal.ui.tables import Column, Row, label, link


def _component(year: BudgetYear, edit: str) -> Callable[[Row], str]:
    """The component's name to its page of the year; ``edit`` is what the link to the line's form says, if any."""

    def cell(row: Row) -> str:
        to = reverse("budget-component", args=[year.year, row["component__code"]])
        extra = ""
        if row["illustrative"]:
            extra += ' <span class="small mute">opdigtet</span>'
        if row["archived_at"] is not None:
            extra += ' <span class="badge badge-warning">Arkiveret</span>'
        if edit:
            form = reverse("line-update", args=[year.year, row["pk"]])
            name = conditional_escape(row["component__name"])
            extra += format_html(
                ' <a class="small" href="{}?fra=linjer">{}<span class="sr-only"> {}</span></a>',
                form,
                edit,
                name,
            )
        return link(f"{to}#linje-{row['pk']}", row["component__name"], extra)

    return cell


def _amount(path: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        amount = row[path]
        return '<span class="mute">ikke kendt</span>' if amount is None else formats.text(amount)

    return cell


def _code(path: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        return f'<span class="code">{conditional_escape(row[path])}</span>' if row[path] else ""

    return cell


def _funding(row: Row) -> str:
    """The office's own name is long and stands on most lines."""
    said = label(Funding, row["funding"])
    short = format_html('<abbr title="{}">{}</abbr>', said, Funding.OWN.value)
    return short if row["funding"] == Funding.OWN else conditional_escape(said)


def _yes(row: Row) -> str:
    return "ja" if row["illustrative"] else "nej"


def line_columns(year: BudgetYear, edit: str = "") -> tuple[Column, ...]:
    """The year's columns. Estimates are empty in exports when nobody knows them, as is every amount."""
    estimates = (
        Column(
            f"estimate_{ahead}",
            f"Overslag {year.year + ahead}",
            f"estimate_{ahead}",
            cell=_amount(f"estimate_{ahead}"),
            numeric=True,
            shown=False,
        )
        for ahead in range(1, ESTIMATED_YEARS + 1)
    )
    return (
        Column(
            "component",
            "Komponent",
            "component__name",
            cell=_component(year, edit),
            needs=("component__code", "archived_at", "illustrative"),
        ),
        Column(
            "component_code",
            "Kode",
            "component__code",
            cell=_code("component__code"),
            shown=False,
            minor=True,
        ),
        Column("provider", "Udbyder", "component__provider__name", minor=True),
        Column("kind", "Type", "cost_type", choices=CostType),
        Column("funding", "Finansiering", "funding", cell=_funding),
        Column("unit", "Budgetenhed", "unit__name", shown=False),
        Column("original", "Oprindeligt", "original", cell=_amount("original"), numeric=True),
        Column("revised", "Korrigeret", "revised", cell=_amount("revised"), numeric=True),
        *estimates,
        Column("note", "Bemærkning", "note", minor=True),
        Column("account", "Kontostreng", "account", shown=False),
        Column("illustrative", "Opdigtet", "illustrative", cell=_yes, shown=False),
        Column("price_model", "Prismodel", "price_model__name", shown=False),
        Column("calculation", "Udregning", "calculation", shown=False, sort=""),
        Column("updated_at", "Sidst ændret", "updated_at", shown=False),
    )


__all__ = ["line_columns"]
