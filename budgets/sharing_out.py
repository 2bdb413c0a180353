"""Who pays a year's costs, read in a constant number of queries; and how a component's key is written."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import Prefetch, QuerySet, Sum, TextChoices

from budgets.models import (
    Actual,
    AdjustmentEntry,
    AdjustmentState,
    BudgetLine,
    BudgetYear,
    Forecast,
    Funding,
    ShareKey,
    SharePart,
    Sharing,
    YearState,
)
from budgets.queries import LineAmounts, told_round
from budgets.rights import Anybody, may_approve
from budgets.shares import Cost, Portion, Rest, ShareOut, share_out
from budgets.users import Uses, day_of
from foi_portal.core.money import ZERO, to_cents
from foi_portal.core.permissions import may
from registry.matrix import Modules
from registry.models import Organisation, OrganisationKind

REASONS = {
    Rest.NO_KEY: "Ingen fordelingsnøgle",
    Rest.NO_USERS: "Ingen at dele mellem",
    Rest.NO_DEPARTMENT: "Fagsystemer uden forvaltning",
}
# What can pay a share of the municipality's costs.
PAYING = (
    OrganisationKind.MUNICIPALITY,
    OrganisationKind.FORVALTNING,
    OrganisationKind.DEPARTMENT,
    OrganisationKind.OFFICE,
    OrganisationKind.UNIT,
)


class Basis(TextChoices):
    """Which of a line's amounts is shared. The values stand in addresses."""

    ORIGINAL = "oprindeligt", "Oprindeligt budget"
    REVISED = "korrigeret", "Korrigeret budget"
    FORECAST = "forventet", "Forventet regnskab"
    ACTUAL = "forbrug", "Forbrug til dato"

    @classmethod
    def asked(cls, params: Mapping[str, str]) -> Basis:
        """``?beloeb=``; the revised budget when it is not there or odd."""
        asked = params.get("beloeb", "")
        return cls(asked) if asked in cls.values else cls.REVISED

    def of(self, row: LineAmounts) -> Decimal | None:
        amounts = {
            Basis.ORIGINAL: row.original,
            Basis.REVISED: row.revised,
            Basis.FORECAST: row.forecast,
            Basis.ACTUAL: row.actual,
        }
        amount = amounts[self]
        return None if amount is None else to_cents(amount)  # SQLite's sums lose the noughts


def may_edit_sharing(user: Anybody, year: BudgetYear) -> bool:
    """Whether ``user`` may change who pays in the year: FOI in a draft, the kontorchef until it is closed."""
    if not (may(user, "add", Sharing) and may(user, "change", Sharing)):
        return False
    return year.is_draft or (year.state != YearState.CLOSED and may_approve(user))


def exists_in(year: int, start: datetime.date | None, end: datetime.date | None) -> bool:
    """Whether what exists from ``start`` until ``end`` (the first day without) exists on any day of the year."""
    return (start is None or start.year <= year) and (end is None or end > datetime.date(year, 1, 1))


class Unit(NamedTuple):
    key: int
    code: str
    name: str
    kind: str
    valid_from: datetime.date | None
    valid_to: datetime.date | None

    @property
    def is_department(self) -> bool:
        return self.kind == OrganisationKind.FORVALTNING

    @property
    def period(self) -> tuple[datetime.date | None, datetime.date | None]:
        return self.valid_from, self.valid_to


class Units:
    """All organisations and their tree, archived ones too, in Danish order. One query."""

    def __init__(self) -> None:
        rows = Organisation.objects.order_by("name", "code").values_list(
            "pk", "code", "name", "kind", "valid_from", "valid_to", "parent_id", "archived_at"
        )
        self.all: dict[int, Unit] = {}
        self.archived: set[int] = set()
        parents: dict[int, int | None] = {}
        for key, code, name, kind, start, end, parent, archived_at in rows:
            self.all[key] = Unit(key, code, name, kind, start, end)
            parents[key] = parent
            if archived_at is not None:
                self.archived.add(key)
        self.tree = Modules(parents)

    def payer(self, key: int) -> Unit:
        """The forvaltning that the organisation is or belongs to; itself when it is in none."""
        for above in (key, *self.tree.above(key)):
            if self.all[above].is_department:
                return self.all[above]
        return self.all[key]

    def departments(self, year: int) -> list[Unit]:
        """The forvaltninger of the year that are not archived."""
        return [
            unit
            for unit in self.all.values()
            if unit.is_department and unit.key not in self.archived and exists_in(year, *unit.period)
        ]


@dataclass(frozen=True)
class Shared:
    """A year's costs, or one component's, by who pays them.

    ``total`` is the sum of the known amounts and exactly that of the portions; ``unknown`` counts lines without one.
    """

    basis: Basis
    portions: Sequence[Portion]
    sharings: Mapping[int, Sharing]
    units: Units
    unknown: int
    on: datetime.date

    @cached_property
    def total(self) -> Decimal | None:
        return sum((portion.amount for portion in self.portions), ZERO) if self.portions else None

    def payer(self, portion: Portion) -> Unit | Rest:
        """The forvaltning that pays, or why none does."""
        if portion.organisation is None:
            return portion.rest or Rest.NO_KEY
        return self.units.payer(portion.organisation)


def sharings_of(year: BudgetYear, component: int | None = None) -> dict[int, Sharing]:
    """The keys in force in the year, by component, with their parts. Two queries."""
    parts = SharePart.objects.filter(weight__gt=0).order_by("organisation__name", "organisation__code", "pk")
    rows = Sharing.objects.current().filter(year=year).prefetch_related(Prefetch("parts", queryset=parts))
    if component is not None:
        rows = rows.filter(component=component)
    return {row.component_id: row for row in rows}


def shared(
    year: BudgetYear,
    rows: Iterable[LineAmounts],
    sharings: Mapping[int, Sharing],
    basis: Basis,
    today: datetime.date,
    uses: Uses | None = None,
) -> Shared:
    """Who pays the lines' amounts. One query; and those of ``Uses.at`` when it is not given but needed."""
    on = day_of(year.year, today)
    if uses is None and any(sharing.key == ShareKey.SYSTEMS for sharing in sharings.values()):
        uses = Uses.at(on)
    amounts = [(row.line, basis.of(row)) for row in rows]
    costs = [
        Cost(line.component_id, line.funding, line.unit_id, amount)
        for line, amount in amounts
        if amount is not None
    ]
    keys = {component: _weights(sharing, uses) for component, sharing in sharings.items()}
    unknown = sum(amount is None for _, amount in amounts)
    return Shared(basis, share_out(costs, keys), sharings, Units(), unknown, on)


def _weights(sharing: Sharing, uses: Uses | None) -> ShareOut:
    only = Funding.DEPARTMENT.value if sharing.departments_only else None
    if sharing.key == ShareKey.SYSTEMS:
        return ShareOut(uses.departments(sharing.component_id) if uses is not None else {}, only)
    return ShareOut({part.organisation_id: part.weight for part in sharing.parts.all()}, only)


def amounts_of(
    year: BudgetYear, components: Iterable[int], basis: Basis = Basis.REVISED
) -> dict[int, Decimal]:
    """The known amount of each component in the year, without its modules' (as the sum of ``line_amounts``).
    Two queries, whatever the number of lines."""
    lines = BudgetLine.objects.current().filter(year=year, component__in=list(components)).order_by()
    known = lines.filter(original__isnull=False)
    changes = AdjustmentEntry.objects.filter(adjustment__state=AdjustmentState.APPROVED, line__in=known)
    sources: list[Any] = []
    if basis in (Basis.ORIGINAL, Basis.REVISED):
        sources.append(known.values_list("component").annotate(total=Sum("original")))
    if basis == Basis.REVISED:
        sources.append(_by_component(changes))
    if basis == Basis.ACTUAL:
        sources.append(_by_component(Actual.objects.filter(line__in=lines)))
    if basis == Basis.FORECAST:
        newest = told_round(year)
        sources.append(
            _by_component(Forecast.objects.filter(round=newest, line__in=lines, amount__isnull=False))
        )
    sums: dict[int, Decimal] = {}
    for source in sources:
        for component, amount in source:
            sums[component] = sums.get(component, ZERO) + amount
    return {component: to_cents(amount) for component, amount in sums.items()}


def _by_component(rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    grouped: QuerySet[Any, Any] = rows.order_by().values_list("line__component").annotate(total=Sum("amount"))
    return grouped


def current_year(today: datetime.date) -> BudgetYear | None:
    """The year that other pages show: this one, else the latest before it, else the first after it. One query."""
    years = BudgetYear.objects.order_by("-year")
    rows = list(years[:100])
    return next((row for row in rows if row.year <= today.year), rows[-1] if rows else None)


def write_sharing(*, sharing: Sharing, parts: Mapping[int, Decimal]) -> bool:
    """Save the key, in force again if it was archived, with these weights by organisation and no others.

    The caller has checked the version, with the year locked. A part that is gone stays with weight 0, for the
    history. Out: whether anything changed.
    """
    before = None if sharing.pk is None else Sharing.objects.get(pk=sharing.pk)
    sharing.archived_at, sharing.archive_reason = None, ""
    fields = ("key", "departments_only", "note", "archived_at")
    changed = before is None or any(getattr(before, name) != getattr(sharing, name) for name in fields)
    if changed:
        sharing.save()
    present = {part.organisation_id: part for part in SharePart.objects.filter(sharing=sharing)}
    for organisation in {*present, *parts}:
        weight = parts.get(organisation, Decimal(0))
        part = present.get(organisation)
        if part is None:
            SharePart.objects.create(sharing=sharing, organisation_id=organisation, weight=weight)
            changed = True
        elif part.weight != weight:
            part.weight = weight
            part.save(update_fields=["weight"])
            changed = True
    return changed


__all__ = [
    "PAYING",
    "REASONS",
    "Basis",
    "Shared",
    "Unit",
    "Units",
    "amounts_of",
    "current_year",
    "exists_in",
    "may_edit_sharing",
    "shared",
    "sharings_of",
    "write_sharing",
]
