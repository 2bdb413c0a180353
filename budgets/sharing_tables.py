"""What is paid, laid out: by forvaltning and financing, component by forvaltning, and as rows for other programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from budgets.models import Funding, Sharing
from budgets.shares import Rest, added_up
from budgets.sharing_out import REASONS, Shared, Unit
from budgets.users import CostPerSystem
from foi_portal.core.danish import sort_key
from foi_portal.core.money import ZERO, sum_of_known
from foi_portal.ui.tables import label
from registry.matrix import Modules
from registry.models import Asset

EXPORTED = (
    "department", "department_name", "unit", "unit_name", "component", "component_name", "platform", "funding",
    "basis", "key", "amount", "rest",
)  # fmt: skip
EXPORTED_USERS = (
    "system", "system_name", "department", "department_name", "through", "own_share", "modules_share", "total",
)  # fmt: skip


# What stands beside an amount on a phone, where a column has no head; the others are short enough.
SHORT = {Funding.OWN: "Digitalisering og Ark."}
Cells = Sequence[tuple[str, Decimal | None]]  # the column's title and DKK, ``None`` where there is nothing


@dataclass(frozen=True)
class Payer:
    """A forvaltning, or a reason why nobody pays, with what it is by financing."""

    unit: Unit | None
    name: str
    amounts: Cells
    total: Decimal
    percent: Decimal | None


@dataclass(frozen=True)
class MatrixRow:
    """A component, or a platform with all that is below it: DKK by forvaltning, what is not shared, and in all."""

    asset: Asset
    sharing: Sharing | None
    amounts: Cells
    rest: Decimal | None
    total: Decimal


@dataclass(frozen=True)
class DepartmentRow:
    """What one unit of a forvaltning pays of one component by one financing."""

    asset: Asset
    unit: Unit
    funding: str
    amount: Decimal


@dataclass(frozen=True)
class Department:
    unit: Unit
    rows: Sequence[DepartmentRow]
    total: Decimal


class WholeYear:
    """A year's portions as tables. ``components`` are those with lines, in Danish order."""

    def __init__(self, found: Shared, components: Mapping[int, Asset], by_platform: bool = False) -> None:
        self.found, self.components, self.by_platform = found, components, by_platform
        self._by_payer = added_up(found.portions, lambda p: (found.payer(p), p.funding))
        present = {portion.funding for portion in found.portions}
        self.fundings = [(value, text) for value, text in Funding.choices if value in present]
        units = {payer for payer, _ in self._by_payer if isinstance(payer, Unit)}
        self.units: list[Unit] = sorted(units, key=lambda unit: (sort_key(unit.name), unit.code))

    @cached_property
    def payers(self) -> list[Payer]:
        return [self._payer(unit, unit, unit.name) for unit in self.units]

    @cached_property
    def rests(self) -> list[Payer]:
        present = {payer for payer, _ in self._by_payer}
        return [self._payer(rest, None, REASONS[rest]) for rest in Rest if rest in present]

    def _payer(self, who: Unit | Rest, unit: Unit | None, name: str) -> Payer:
        amounts = [
            (SHORT.get(Funding(funding), text), self._by_payer.get((who, funding)))
            for funding, text in self.fundings
        ]
        total = sum_of_known(amount for _, amount in amounts) or ZERO
        return Payer(unit, name, amounts, total, _percent(total, self.found.total))

    @property
    def shared_total(self) -> Decimal:
        return sum((payer.total for payer in self.payers), ZERO)

    @property
    def rest_total(self) -> Decimal:
        return sum((payer.total for payer in self.rests), ZERO)

    @property
    def funding_totals(self) -> Cells:
        sums = added_up(self.found.portions, lambda portion: portion.funding)
        return [(SHORT.get(Funding(funding), text), sums[funding]) for funding, text in self.fundings]

    @cached_property
    def matrix(self) -> list[MatrixRow]:
        """Components with their modules put together under the platform when that is asked for."""
        at = self._platforms if self.by_platform else self.components
        by = added_up(self.found.portions, lambda p: (at[p.component].pk, self.found.payer(p)))
        shown = {asset.pk: asset for asset in at.values()}
        touched = {key for key, _ in by}
        rows = []
        for key, asset in shown.items():
            if key not in touched:
                continue
            amounts = [(unit.code, by.get((key, unit))) for unit in self.units]
            rests = [by[key, rest] for rest in Rest if (key, rest) in by]
            rest = sum(rests, ZERO) if rests else None
            sharing = None if self.by_platform else self.found.sharings.get(key)
            total = sum_of_known([*(amount for _, amount in amounts), rest]) or ZERO
            rows.append(MatrixRow(asset, sharing, amounts, rest, total))
        return sorted(rows, key=lambda row: (sort_key(row.asset.name), row.asset.code))

    @cached_property
    def _platforms(self) -> dict[int, Asset]:
        """By component, the top of the tree that it is in. One query."""
        every = Asset.objects.components().only("kind", "code", "name", "parent_id").in_bulk()
        tree = Modules({key: asset.parent_id for key, asset in every.items()})
        return {key: every[tree.top(key)] for key in self.components}

    def department(self, code: str) -> Department | None:
        """Everything that one forvaltning pays, by component, unit and financing."""
        unit = next((unit for unit in self.units if unit.code == code.strip().upper()), None)
        if unit is None:
            return None
        own = [p for p in self.found.portions if self.found.payer(p) == unit]
        sums = added_up(own, lambda p: (p.component, p.organisation, p.funding))
        rows = [
            DepartmentRow(
                self.components[component],
                self.found.units.all[organisation or unit.key],
                label(Funding, funding),
                amount,
            )
            for (component, organisation, funding), amount in sums.items()
        ]
        rows.sort(
            key=lambda row: (sort_key(row.asset.name), row.asset.code, sort_key(row.unit.name), row.funding)
        )
        return Department(unit, rows, sum(sums.values(), ZERO))

    def export(self, only: Unit | None = None) -> Iterator[Sequence[Any]]:
        """Every portion, or those of one forvaltning, as ``EXPORTED`` names it."""
        order = {key: at for at, key in enumerate(self.components)}
        for portion in sorted(self.found.portions, key=lambda p: (order[p.component], p.funding)):
            payer = self.found.payer(portion)
            if only is not None and payer != only:
                continue
            unit = None if portion.organisation is None else self.found.units.all[portion.organisation]
            asset = self.components[portion.component]
            sharing = self.found.sharings.get(portion.component)
            yield (
                *((payer.code, payer.name) if isinstance(payer, Unit) else ("", "")),
                *((unit.code, unit.name) if unit is not None else ("", "")),
                asset.code,
                asset.name,
                self._platforms[asset.pk].code,
                portion.funding,
                self.found.basis.name.lower(),
                sharing.key if sharing is not None and sharing.covers(portion.funding) else "",
                portion.amount,
                portion.rest or "",
            )


def user_rows(found: CostPerSystem) -> Iterator[Sequence[Any]]:
    """The cost per system, as ``EXPORTED_USERS`` names it."""
    for row in found.rows:
        yield (
            row.system.code,
            row.system.name,
            *((row.department.code, row.department.name) if row.department else ("", "")),
            " ".join(part.code for part in row.through),
            None if found.own is None else row.own,
            None if found.modules is None else row.modules,
            None if found.total is None else row.total,
        )


def named(amounts: Mapping[int, Decimal]) -> list[tuple[Asset, Decimal]]:
    """Amounts by component with the components' names. One query, or none when there are none."""
    if not amounts:
        return []
    assets = Asset.objects.filter(pk__in=list(amounts)).order_by("name", "code")
    return [(asset, amounts[asset.pk]) for asset in assets]


def _percent(part: Decimal, whole: Decimal | None) -> Decimal | None:
    return (part * 100 / whole).quantize(Decimal("0.1")) if whole else None


__all__ = [
    "EXPORTED",
    "EXPORTED_USERS",
    "Department",
    "MatrixRow",
    "Payer",
    "WholeYear",
    "named",
    "user_rows",
]
