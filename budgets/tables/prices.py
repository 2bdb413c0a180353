"""The columns of the lists of price models and assumptions."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import reverse
from django.utils.html import conditional_escape
from django.utils.safestring import mark_safe

from budgets import prices
from budgets.models import PriceKind
from foi_portal.ui import formats
from foi_portal.ui.tables import Column, Row, link

ARCHIVED = mark_safe(' <span class="badge badge-warning">Arkiveret</span>')
ESTIMATED = mark_safe(' <span class="mute">(skønnet)</span>')


def _name(url: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        archived = ARCHIVED if row["archived_at"] is not None else ""
        return link(reverse(url, args=[row["code"]]), row["name"], archived)

    return cell


def _code(row: Row) -> str:
    return f'<span class="code">{conditional_escape(row["code"])}</span>'


def _component(row: Row) -> str:
    if row["component__code"] is None:
        return ""
    return link(reverse("component-detail", args=[row["component__code"]]), row["component__name"])


def _assumption(row: Row) -> str:
    if row["assumption__code"] is None:
        return ""
    return link(reverse("assumption-detail", args=[row["assumption__code"]]), row["assumption__name"])


def _price(row: Row) -> str:
    if row["price_steps"] is None:
        return '<span class="mute">ikke kendt</span>'
    try:
        said = prices.words(prices.read_steps(row["price_steps"]), PriceKind(row["kind"]).per)
    except prices.BadSteps as error:
        said = str(error)
    return f"{conditional_escape(said)}{ESTIMATED if row['price_estimated'] else ''}"


def _since(row: Row) -> str:
    return "" if row["price_since"] is None else str(row["price_since"])


def _lines(row: Row) -> str:
    if not row["line_count"]:
        return '<span class="mute">0</span>'
    return link(f"{reverse('price-detail', args=[row['code']])}#linjer", formats.plain(row["line_count"]))


def _value(row: Row) -> str:
    if row["value_now"] is None:
        return '<span class="mute">ikke kendt</span>'
    return f"{formats.plain(row['value_now'])}{ESTIMATED if row['value_estimated'] else ''}"


def _models(row: Row) -> str:
    if not row["model_count"]:
        return '<span class="mute">0</span>'
    url = f"{reverse('assumption-detail', args=[row['code']])}#prismodeller"
    return link(url, formats.plain(row["model_count"]))


PRICE_COLUMNS = (
    Column("name", "Navn", "name", cell=_name("price-detail"), needs=("code", "archived_at")),
    Column("code", "Kode", "code", cell=_code),
    Column("kind", "Slags", "kind", choices=PriceKind),
    Column("component", "Komponent", "component__name", cell=_component, needs=("component__code",)),
    Column("price", "Pris", "price_steps", cell=_price, needs=("kind", "price_estimated"), sort="price_unit"),
    Column("since", "Gælder fra", "price_since", cell=_since, numeric=True),
    Column("assumption", "Ganges med", "assumption__name", cell=_assumption, needs=("assumption__code",)),
    Column("lines", "Budgetlinjer", "line_count", cell=_lines, needs=("code",), numeric=True),
    Column("component_code", "Komponentens kode", "component__code", shown=False),
    Column("unit_price", "Første trins pris", "price_unit", numeric=True, shown=False),
    Column("estimated", "Skønnet", "price_estimated", shown=False),
    Column("note", "Beskrivelse", "note", shown=False),
    Column("source", "Kilde", "source", shown=False),
    Column("updated_at", "Sidst ændret", "updated_at", shown=False),
)

ASSUMPTION_COLUMNS = (
    Column("name", "Navn", "name", cell=_name("assumption-detail"), needs=("code", "archived_at")),
    Column("code", "Kode", "code", cell=_code),
    Column("value", "Værdi", "value_now", cell=_value, needs=("value_estimated",), numeric=True),
    Column("unit", "Enhed", "unit"),
    Column("prices", "Prismodeller", "model_count", cell=_models, needs=("code",), numeric=True),
    Column("estimated", "Skønnet", "value_estimated", shown=False),
    Column("note", "Bemærkning", "note"),
    Column("updated_at", "Sidst ændret", "updated_at", shown=False),
)
