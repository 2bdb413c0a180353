"""The front page: how much is in the registry, what somebody should look at, what changed last."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from foi_portal.core.danish import sort_key
from foi_portal.core.models import Change
from foi_portal.core.permissions import may
from foi_portal.pages import history
from foi_portal.ui.tables import listing
from registry import findings, landscape, queries
from registry.landscape import NOT_RUNNING, Facts, Landscape
from registry.models import Asset, Component, Criticality, Dependency, Organisation, System

SHOWN = 6
MOST_CRITICAL = 12
CALM = 5  # of what most depends on, for those who only read


NOTES = {
    "single_point": "Kan alene stoppe et kritisk fagsystem eller mindst fem",
    "understated": "Ikke vurderet, eller lavere end det, de kan stoppe",
    "ending": "Egen eller arvet kritikalitet er 3 eller 4",
    "cycle": "De afhænger af hinanden i ring",
    "retired": "Der er afhængigheder, som ikke er ophørt",
    "isolated": "Intet er skrevet om, hvad de bruger",
    "unused": "Hverken direkte eller gennem moduler",
    "no_department": "Ingen står som ejer",
    "no_owner": "Ingen myndighed eller leverandør",
}


@dataclass(frozen=True)
class Line:
    """One of the first few of a finding: what it is, and what there is to say of it."""

    facts: Facts
    note: str


@dataclass(frozen=True)
class Finding:
    """Something that FOI should look at: how many, the first few, and the page with all of them."""

    title: str
    many: str
    note: str
    count: int
    url: str
    rows: list[Line]

    @classmethod
    def of(cls, section: findings.Section) -> Finding:
        url = listing(reverse("findings"), fund=section.name)
        lines = [_line(row) for row in section.rows(0, SHOWN)]
        return cls(section.title, section.many, NOTES[section.name], len(section), url, lines)


def _line(row: findings.Row | findings.Ring) -> Line:
    if isinstance(row, findings.Ring):
        return Line(row.way[0], f"i ring med {len(row.members) - 1} andre")
    return Line(row.facts, row.short)


def critical_systems(land: Landscape) -> list[tuple[Facts, str]]:
    """The first fagsystemer in use that are critical, with the name of their department ("" when there is none)."""
    critical = [f for f in land.assets.values() if f.is_system and f.criticality == Criticality.CRITICAL]
    shown = sorted((f for f in critical if f.lifecycle not in NOT_RUNNING), key=lambda f: sort_key(f.name))
    owners = ((f, land.organisations.get(f.department or 0)) for f in shown[:MOST_CRITICAL])
    return [(facts, owner.name if owner else "") for facts, owner in owners]


class FrontPage(View):
    """FOI gets what needs action first; everybody else gets the way in: search and the most used components."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if not may(request.user, "view", Asset):
            raise PermissionDenied
        editor = may(request.user, "change", System)
        recent = Change.objects.filter(table__in=history.registry_tables()).select_related("actor")
        land = landscape.at()
        found = [Finding.of(section) for section in findings.sections(land)] if editor else []
        context = {
            "section": "front",
            "today": timezone.localdate(),
            "counts": [
                (count, model._meta.verbose_name_plural, reverse(f"{model._meta.model_name}-list"))
                for model, count in queries.sizes(System, Component, Dependency, Organisation)
            ],
            "editor": editor,
            "findings": found,
            "fine": [finding.many for finding in found if not finding.count],
            "weakest": [] if editor else findings.of_the_graph(land)[0].rows(0, CALM),
            "most_used": queries.most_used(10),
            "systems": critical_systems(land),
            "acts": history.latest_acts(recent, request.user, limit=8),
        }
        return render(request, "pages/front.html", context)
