"""What exports of versions hold. Machine names are kept by people's scripts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from budgets.versions import LineChange, LineThen
from foi_portal.core.money import exported
from registry.models import Asset, Organisation

LINE = ("component", "kind", "funding", "unit")
VERSION = (*LINE, "original", "adjustments", "revised")
COMPARISON = (*LINE, "before", "after", "difference")


class Names:
    """The components and units that versions' lines name: as they are called now, by key. Two queries."""

    def __init__(self, lines: Iterable[LineThen]) -> None:
        lines = list(lines)
        self.components: dict[int, Asset] = Asset.objects.in_bulk({it.state["component_id"] for it in lines})
        units = {it.state["unit_id"] for it in lines} - {None}
        self.units: dict[int, Organisation] = Organisation.objects.in_bulk(units)

    def component(self, line: LineThen) -> Asset:
        return self.components[line.state["component_id"]]

    def unit(self, line: LineThen) -> Organisation | None:
        key = line.state["unit_id"]
        return None if key is None else self.units[key]

    def told(self, line: LineThen) -> list[str]:
        """The line's values by ``LINE``."""
        unit = self.unit(line)
        state = line.state
        return [
            self.component(line).code,
            state["cost_type"],
            state["funding"],
            unit.code if unit is not None else "",
        ]


def exported_lines(lines: Iterable[LineThen], names: Names, *, numbers: bool) -> Iterator[list[Any]]:
    """Values by ``VERSION``: amounts as numbers for a workbook, else as 1234.50. Unknown is empty."""
    for line in lines:
        adjusted = None if line.original is None else line.adjusted
        amounts = (line.original, adjusted, line.revised)
        yield [*names.told(line), *(exported(it, numbers=numbers) for it in amounts)]


def exported_changes(changes: Iterable[LineChange], names: Names, *, numbers: bool) -> Iterator[list[Any]]:
    """Values by ``COMPARISON``: the revised budgets of the two days. Unknown, and not there, is empty."""
    for change in changes:
        before = change.before.revised if change.before else None
        after = change.after.revised if change.after else None
        amounts = (before, after, change.difference)
        yield [*names.told(change.line), *(exported(it, numbers=numbers) for it in amounts)]


__all__ = ["COMPARISON", "VERSION", "Names", "exported_changes", "exported_lines"]
