"""What every page needs: the main menu, and where to write for help."""

from django.conf import settings
from django.http import HttpRequest

MENU: list[tuple[str, str, str]] = [
    # section, url name, label
    ("front", "front", "Overblik"),
    ("system", "system-list", "Fagsystemer"),
    ("component", "component-list", "Komponenter"),
    ("dependency", "dependency-list", "Afhængigheder"),
    ("organisation", "organisation-list", "Organisationer"),
    ("history", "history", "Historik"),
]


def portal(request: HttpRequest) -> dict[str, object]:
    """Template context on every page: the menu's entries in order, and the unit's mailbox (may be empty)."""
    return {"menu": MENU, "foi_email": settings.FOI_EMAIL}
