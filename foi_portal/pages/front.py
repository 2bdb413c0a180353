"""The front page: how much is in the registry, what lacks something, what changed last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet, Window
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from foi_portal.core.models import Change
from foi_portal.core.permissions import may
from foi_portal.pages import history
from foi_portal.ui.tables import listing
from registry import queries
from registry.models import Asset, Component, Dependency, Organisation, System

SHOWN = 6


@dataclass(frozen=True)
class Finding:
    """Something in the registry that lacks something: how many, the first few, and the list with all of them."""

    title: str
    note: str
    count: int
    url: str
    rows: list[Any]

    @classmethod
    def of(cls, title: str, note: str, rows: QuerySet[Any], url: str) -> Finding:
        shown = list(rows.annotate(total=Window(Count("*")))[:SHOWN])
        return cls(title, note, shown[0].total if shown else 0, url, shown)


def findings() -> list[Finding]:
    """What FOI should look at, one query each. Each list's address gives exactly the rows counted."""
    systems, components = reverse("system-list"), reverse("component-list")
    return [
        Finding.of(
            "fagsystemer uden forvaltning",
            "Ingen står som ejer",
            System.objects.without_owner(),
            listing(systems, missing="owner"),
        ),
        Finding.of(
            "fagsystemer uden afhængigheder",
            "Intet er skrevet om, hvad de bruger",
            System.objects.without_dependencies(),
            listing(systems, missing="dependencies"),
        ),
        Finding.of(
            "komponenter uden ejer",
            "Ingen myndighed eller leverandør",
            Component.objects.without_owner(),
            listing(components, missing="owner"),
        ),
        Finding.of(
            "komponenter, som ingen bruger",
            "Hverken direkte eller gennem moduler",
            queries.unused_components(),
            listing(components, missing="users"),
        ),
        Finding.of(
            "udfasede komponenter bruges stadig",
            "Der er afhængigheder, som ikke er ophørt",
            Component.objects.retired_but_used(),
            listing(components, missing="replacement"),
        ),
    ]


class FrontPage(View):
    """FOI gets what needs action first; everybody else gets the way in: search and the most used components."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if not may(request.user, "view", Asset):
            raise PermissionDenied
        editor = may(request.user, "change", System)
        recent = Change.objects.filter(table__in=history.registry_tables()).select_related("actor")
        found = findings() if editor else []
        context = {
            "section": "front",
            "today": timezone.localdate(),
            "counts": [
                (count, model._meta.verbose_name_plural, reverse(f"{model._meta.model_name}-list"))
                for model, count in queries.sizes(System, Component, Dependency, Organisation)
            ],
            "editor": editor,
            "findings": found,
            "fine": [finding.title for finding in found if not finding.count],
            "most_used": queries.most_used(10),
            "systems": list(System.objects.in_use().filter(criticality=4).select_related("department")[:12]),
            "acts": history.latest_acts(recent, request.user, limit=8),
        }
        return render(request, "pages/front.html", context)
