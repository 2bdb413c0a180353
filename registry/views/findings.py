"""``/landskab/fund/``: everything in today's landscape that somebody should look at, with the reason on each row."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views import View

from foi_portal.core.permissions import may
from foi_portal.ui.views import paginate
from registry import findings, landscape
from registry.findings import Section
from registry.models import Asset, Kind

SHOWN = 8  # rows of each before «Alle»
PAGE = 100
WORDS = {
    Kind.SYSTEM.value: ("fagsystem", "fagsystemer"),
    Kind.COMPONENT.value: ("komponent", "komponenter"),
}


def address(name: str) -> str:
    """Where all rows of a finding are: as many as it counts."""
    return f"{reverse('findings')}?fund={name}"


def lists(section: Section) -> list[tuple[str, str]]:
    """The registry's lists with the finding's assets: "30 komponenter" and where they are."""
    return [
        (f"{count} {WORDS[kind][count != 1]}", f"{reverse(f'{kind}-list')}?{section.lists}")
        for kind, count in section.per_kind
    ]


class Findings(View):
    """All findings with their first rows, or with ``?fund=`` one of them with all its rows in pages."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if not may(request.user, "view", Asset):
            raise PermissionDenied
        found = findings.sections(landscape.at())
        wanted = request.GET.get("fund", "")
        one = next((section for section in found if section.name == wanted), None)
        context: dict[str, Any] = {"section": "findings", "unknown": bool(wanted) and one is None}
        if one is not None:
            page = paginate(one.items or one.rings, request.GET, PAGE)
            rows = one.rows((page.number - 1) * PAGE, page.number * PAGE)
            context |= {"one": one, "page": page, "rows": rows, "lists": lists(one)}
        else:
            context |= {
                "shown": [
                    (each, each.rows(0, SHOWN), lists(each), address(each.name)) for each in found if each
                ],
                "fine": [each for each in found if not each],
            }
        return render(request, "registry/findings.html", context)
