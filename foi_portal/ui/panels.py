"""How an upper app shows its content on a lower app's detail page without being imported by it.

An app registers a panel for a model in its ``AppConfig.ready``; the detail page asks for all of them. Pages that show
no row of a model have a name instead: "impact" gives its panels the ``registry.impact.Reply`` it shows;
"impact-pdf" prints its panels after the answer. "asset-confirm" gives the system that is to be confirmed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import Model
from django.http import HttpRequest


@dataclass(frozen=True)
class Panel:
    """A part of a detail page. ``load(request, obj)`` gives the template's context, or None for no panel."""

    key: str
    template: str
    load: Callable[[HttpRequest, Any], dict[str, Any] | None]
    place: Literal["main", "side"] = "main"
    order: int = 100


_panels: dict[type[Model] | str, list[Panel]] = {}


def register(where: type[Model] | str, panel: Panel) -> None:
    """Show ``panel`` on the detail pages of a model, or on the page so named. Registering a key again replaces it."""
    others = [p for p in _panels.get(where, []) if p.key != panel.key]
    _panels[where] = sorted([*others, panel], key=lambda p: (p.order, p.key))


def panels_for(request: HttpRequest, obj: Model) -> dict[str, list[dict[str, Any]]]:
    """The panels of ``obj`` by place, each a dictionary with its template and loaded context."""
    return panels_on(type(obj), request, obj)


def panels_on(where: type[Model] | str, request: HttpRequest, obj: Any) -> dict[str, list[dict[str, Any]]]:
    """The panels of a model's detail page or of the page so named, loaded for ``obj``."""
    found: dict[str, list[dict[str, Any]]] = {"main": [], "side": []}
    for panel in _panels.get(where, []):
        context = panel.load(request, obj)
        if context is not None:
            found[panel.place].append({"key": panel.key, "template": panel.template, **context})
    return found
