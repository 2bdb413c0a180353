"""What every page needs: the main menu, and where to write for help."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest


class Entry(NamedTuple):
    """A line of the main menu. ``section`` is what a page says it belongs to; ``below`` opens as a submenu."""

    section: str
    url_name: str
    label: str
    below: tuple[Entry, ...] = ()

    @property
    def sections(self) -> set[str]:
        """The entry's own section and those below it."""
        return {self.section, *(entry.section for entry in self.below)}


MENU = (
    Entry("front", "front", "Overblik"),
    Entry("system", "system-list", "Fagsystemer"),
    Entry("component", "component-list", "Komponenter"),
    Entry(
        "dependency",
        "dependency-list",
        "Afhængigheder",
        (
            Entry("dependency", "dependency-list", "Alle afhængigheder"),
            Entry("landscape", "landscape", "Landskab"),
            Entry("impact", "impact", "Konsekvens"),
            Entry("findings", "findings", "Fund"),
        ),
    ),
    Entry(
        "role",
        "coverage",
        "Roller",
        (
            Entry("coverage", "coverage", "Rolledækning"),
            Entry("role", "role-list", "Rollekatalog"),
            Entry("assignment", "assignment-list", "Tildelinger"),
            Entry("person", "person-list", "Personer"),
            Entry("vulnerability", "vulnerability", "Personafhængighed"),
            Entry("round", "round-list", "Bekræftelser"),
        ),
    ),
    Entry("organisation", "organisation-list", "Organisationer"),
    Entry("history", "history", "Historik"),
)
FLAT_MENU = tuple(leaf for entry in MENU for leaf in (entry.below or (entry,)))


def portal(request: HttpRequest) -> dict[str, object]:
    """Template context on every page: the menu as a tree and in one row, and the unit's mailbox (may be empty)."""
    return {"menu": MENU, "flat_menu": FLAT_MENU, "foi_email": settings.FOI_EMAIL}
