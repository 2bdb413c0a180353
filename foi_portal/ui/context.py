"""What every page needs: the main menu."""

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
    """Template context on every page: the menu's entries in order."""
    return {"menu": MENU}
