"""What a budget line is called, and which line a typed name means."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.db.models.functions import Lower

from budgets.models import BudgetLine, BudgetYear, CostType, Funding
from foi_portal.ui.forms import SEPARATOR, shorten

MOST_WORDS = 8
SUGGESTED = 12
NAMED = 4  # lines that a refusal tells of


def told(line: BudgetLine) -> str:
    """The line in a message: «Støttesystemerne (STS), drift, Digitalisering og Arkitektur»."""
    unit = f", {line.unit}" if line.unit is not None else ""
    name, code = line.component.name, line.component.code
    component = name if f"({code})" in name else f"{name} ({code})"
    return f"{component}, {line.get_cost_type_display().lower()}, {line.get_funding_display()}{unit}"


def written(line: BudgetLine) -> str:
    """The line as it stands in a field: code, type, funding and unit name it; the name is for the reader."""
    parts = [line.component.code, line.get_cost_type_display(), line.get_funding_display()]
    if line.unit is not None:
        parts.append(line.unit.code)
    return SEPARATOR.join([*parts, line.component.name])


def lines_of(year: BudgetYear) -> Any:
    """The year's live lines with all that names them, in the order of lists."""
    lines = BudgetLine.objects.current().filter(year=year).select_related("component", "unit")
    return lines.order_by("component__name", "component__code", "cost_type", "funding", "pk")


def meant(lines: Any, texts: Collection[str]) -> dict[str, BudgetLine | ValidationError]:
    """What each text means among ``lines`` (a queryset): «STS», where that is enough, or «STS · Drift» …

    Two queries, whatever the number of texts.
    """
    asked = {text: [part.strip() for part in text.split(SEPARATOR.strip())] for text in texts}
    codes = {parts[0].upper() for parts in asked.values()}
    names = {parts[0].lower() for parts in asked.values()}
    named: dict[str, list[BudgetLine]] = defaultdict(list)
    found = lines.alias(lower_name=Lower("component__name"))
    for line in found.filter(Q(component__code__in=codes) | Q(lower_name__in=names)):
        named[line.component.code.lower()].append(line)
        if line.component.name.lower() != line.component.code.lower():
            named[line.component.name.lower()].append(line)
    return {text: _one(text, parts, named[parts[0].lower()]) for text, parts in asked.items()}


def _one(text: str, parts: list[str], lines: list[BudgetLine]) -> BudgetLine | ValidationError:
    exact = [line for line in lines if written(line).lower() == text.lower()]
    fitting = exact or [line for line in lines if _fits(line, parts[1:])]
    if len(fitting) == 1:
        return fitting[0]
    if not lines:
        return ValidationError(
            f"«{shorten(parts[0])}» har ingen budgetlinje i året. Skriv en komponents kode eller navn."
        )
    told_of = "; ".join(written(line).rpartition(SEPARATOR)[0] for line in (fitting or lines)[:NAMED])
    if not fitting:
        return ValidationError(f"«{shorten(text)}» passer ikke til en linje. Der er: {told_of}.")
    return ValidationError(f"Flere linjer passer. Skriv en af dem helt ud: {told_of}.")


def _fits(line: BudgetLine, parts: Iterable[str]) -> bool:
    words = {
        line.cost_type,
        line.get_cost_type_display(),
        line.funding,
        line.get_funding_display(),
        line.component.name,
        *((line.unit.code, line.unit.name) if line.unit is not None else ()),
    }
    known = {word.lower() for word in words}
    return all(part.lower() in known for part in parts if part)


def suggestions(lines: Any, typed: str) -> list[str]:
    """The lines that have every typed word in their component's code or name, their type or their funding."""
    typed = (
        typed[:200].replace(SEPARATOR.strip(), " ").replace("\0", " ")
    )  # PostgreSQL cannot be asked for NUL
    words = list(dict.fromkeys(typed.split()))[:MOST_WORDS]
    if not words:
        return []
    for word in words:
        lines = lines.filter(
            Q(component__code__icontains=word)
            | Q(component__name__icontains=word)
            | Q(cost_type__in=_choices(CostType, word))
            | Q(funding__in=_choices(Funding, word))
            | Q(unit__name__icontains=word)
        )
    return [written(line) for line in lines[:SUGGESTED]]


def _choices(choices: Any, word: str) -> list[str]:
    return [value for value, label in choices.choices if word.lower() in f"{value} {label}".lower()]


__all__ = ["lines_of", "meant", "suggestions", "told", "written"]
