"""The agreements that a component rests on, on ``/budget/<year>/<code>/``: which, with whom, until when. No amounts."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from budgets.panels import ComponentYear
from foi_portal.core.permissions import may
from foi_portal.ui import panels
from foi_portal.ui.panels import Panel
from registry import queries
from registry.agreements import covering
from registry.agreements.panels import lines
from registry.models import Agreement

SHOWN = 10  # agreements before «Se alle»


def register() -> None:
    """Make the panel known."""
    panels.register(
        "budget-component",
        Panel("agreements", "budgets/panel_agreements.html", load=component_panel, order=80),
    )


def component_panel(request: HttpRequest, shown: ComponentYear) -> dict[str, Any] | None:
    """Contracts and the like that name the component or a module of it, or cover what it uses itself; and how many
    other agreements give fagsystemer access to it. Three queries.
    """
    if not may(request.user, "view", Agreement):
        return None
    keys = queries.modules_below(shown.component.code)
    named = covering.NAMES.objects.filter(asset__in=keys).values("agreement")
    using = covering.COVERS.objects.filter(dependency__source__in=keys).values("agreement")
    rests_on = Agreement.objects.filter(Q(pk__in=named) | Q(pk__in=using))
    found = list(covering.shown(rests_on, timezone.localdate())[: SHOWN + 1])
    access = covering.about_any(keys).current().exclude(pk__in=rests_on.order_by().values("pk"))
    return {
        "lines": lines(found[:SHOWN]),
        "more": len(found) > SHOWN,
        "access": access.count(),
        "component": shown.component,
    }


__all__ = ["register"]
