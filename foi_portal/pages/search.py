"""``/soeg/``: one question to the whole portal, the best answer first."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from foi_portal.core.permissions import may
from foi_portal.ui.views import paginate
from registry import search
from registry.models import Component, Dependency, Organisation, System
from registry.ranking import Found, parse

PAGE_SIZE = 25
# kind → (heading, model whose view permission opens it); upper apps' sources follow
REGISTRY: dict[str, tuple[str, Any]] = {
    "component": ("Komponenter", Component),
    "system": ("Fagsystemer", System),
    search.ORGANISATION: ("Organisationer", Organisation),
}


def all_kinds() -> dict[str, tuple[str, Any]]:
    return REGISTRY | {kind: (source.label, source.model) for kind, source in search.SOURCES.items()}


@require_safe
def search_view(request: HttpRequest) -> HttpResponse:
    """``?q=`` words, ``?slags=`` one of ``all_kinds``, ``?page=``. Odd values are ignored."""
    kinds = [kind for kind, (_, model) in all_kinds().items() if may(request.user, "view", model)]
    if not kinds:
        raise PermissionDenied
    query = parse(request.GET.get("q", ""))
    chosen = request.GET.get("slags", "")
    with_purpose = may(request.user, "view", Dependency)
    found = search.find(query, kinds, with_purpose=with_purpose)
    hits = [hit for hit in found.hits if hit.kind == chosen or chosen not in kinds]
    page = paginate(hits, request.GET, PAGE_SIZE)
    context = {
        "search_query": query.text,
        "query": query,
        "found": found,
        "total": sum(found.totals.values()),
        "tabs": _tabs(found, chosen if chosen in kinds else ""),
        "page": page,
        "is_cut": len(hits) < (found.totals[chosen] if chosen in kinds else sum(found.totals.values())),
        "results": search.results(list(page.object_list), query, with_purpose=with_purpose),
        "suggestions": search.suggestions(query, kinds) if not found.hits else [],
        "section": "search",
    }
    return render(request, "pages/search.html", context)


def _tabs(found: Found, chosen: str) -> list[dict[str, Any]]:
    """All, then each kind that has hits, with how many."""
    headings = all_kinds()
    tabs = [{"kind": None, "label": "Alle", "count": sum(found.totals.values()), "current": not chosen}]
    for kind, count in found.totals.items():
        if count or kind == chosen:
            tabs.append({"kind": kind, "label": headings[kind][0], "count": count, "current": kind == chosen})
    return tabs
