"""What every page needs: the main menu, and where to write for help."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest


class Entry(NamedTuple):
    """A line of the main menu. ``section`` is what a page says it belongs to; ``below`` opens as a submenu."""

    section: str
    url_name: str
    label: str
    below: tuple[Entry, ...] = ()
    permission: str = ""  # when given, only those who have it see the entry

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
        "deadline",
        "deadline-list",
        "Udløb",
        (
            Entry("deadline", "deadline-list", "Alle frister"),
            Entry("agreement", "agreement-list", "Aftaler"),
            Entry("certificate", "certificate-list", "Certifikater"),
            Entry("finding", "finding-list", "Oprydning"),
            Entry("reminder", "reminder-rule-list", "Påmindelser"),
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
    Entry(
        "budget",
        "budget-list",
        "Budget",
        (
            Entry("budget", "budget-list", "Budgetår", permission="budgets.view_budgetline"),
            Entry(
                "responsibility",
                "responsibility-list",
                "Budgetansvar",
                permission="budgets.view_budgetresponsibility",
            ),
            Entry("price", "price-list", "Priser", permission="budgets.view_pricemodel"),
            Entry("assumption", "assumption-list", "Forudsætninger", permission="budgets.view_assumption"),
            Entry("gain", "gain-list", "Gevinster", permission="budgets.view_gain"),
        ),
    ),
    Entry("organisation", "organisation-list", "Organisationer"),
    Entry("history", "history", "Historik"),
)


def portal(request: HttpRequest) -> dict[str, object]:
    """Template context on every page: the menu as a tree and in one row, and the unit's mailbox (may be empty)."""
    user = getattr(request, "user", None)
    menu = tuple(found for entry in MENU if (found := _seen_by(user, entry)) is not None)
    flat = tuple(leaf for entry in menu for leaf in (entry.below or (entry,)))
    return {"menu": menu, "flat_menu": flat, "foi_email": settings.FOI_EMAIL}


def _seen_by(user: Any, entry: Entry) -> Entry | None:
    """The entry with what the user may see below it: nothing without any, and a single one by itself."""
    if entry.permission and not (user is not None and user.has_perm(entry.permission)):
        return None
    if not entry.below:
        return entry
    below = tuple(found for leaf in entry.below if (found := _seen_by(user, leaf)) is not None)
    if len(below) == 1:
        return below[0]
    return entry._replace(below=below) if below else None
