"""Pictures of dependencies: what a page needs to show one, and the addresses that give one as a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from foi_portal.core.permissions import may
from registry import drawing, impact, landscape, picture
from registry.impact import Question, Reply
from registry.landscape import Landscape
from registry.models import Asset, Component, System
from registry.picture import Picture

DEPTHS = (1, 2, 3)
MOST_ROWS = 100  # of the picture as a table
HERE = "#billede"


def figure(
    found: Picture, heading: str, name: str, download: str, toggle: Callable[[tuple[str, ...]], str]
) -> dict[str, Any]:
    """Context of ``registry/picture.html``. ``toggle`` makes the page's address with other boxes open.

    ``download`` is the address of the picture as a file, ``name`` what the file is called.
    """
    context: dict[str, Any] = {"picture": found, "heading": heading}
    if found.nodes and not found.is_empty:
        plan = drawing.drawn(found)
        context |= {
            "download": download,
            "name": name,
            "svg": mark_safe(drawing.svg(found, toggle, legend=False, plan=plan)),  # noqa: S308 - escaped there
            "data": drawing.data(found, plan, toggle),
            "legend": [
                {"shape": shape, "colour": style[0], "width": str(style[1]), "dashes": style[2], "text": text}
                for shape, style, text in drawing.legend_items(found)
            ],
            "explained": [drawing.DIRECTION, drawing.SIDES[found.view]],
        }
    return context


def figure_of(reply: Reply) -> dict[str, Any]:
    """The figure of an answer on the impact page."""
    question = reply.question
    return figure(
        picture.of_reply(reply),
        "Det, der lænes på" if reply.is_upstream else "Sådan breder fejlen sig",
        _name("konsekvens", question.assets),
        f"{reverse('impact-picture')}?{question.query()}",
        lambda opened: f"?{question.query(opened=opened)}{HERE}",
    )


def neighbourhood(request: HttpRequest, asset: Asset, land: Landscape) -> dict[str, Any]:
    """The figure of what surrounds an asset, on its page: ``?dybde=&aabn=``. Archived ones have none."""
    if asset.pk not in land.assets:
        return {}
    depth, problem = _depth(request.GET.get("dybde", ""))
    opened = _codes(request.GET.getlist("aabn"))
    found = picture.neighbourhood(land, asset.pk, depth, opened)
    address = reverse(f"{asset.kind}-picture", args=[asset.code])

    def query(depth: int, opened: Sequence[str]) -> str:
        return urlencode([("dybde", depth), *(("aabn", code) for code in opened)])

    context = figure(
        found,
        "Forbindelser",
        _name("forbindelser", [asset.code]),
        f"{address}?{query(depth, opened)}",
        lambda opened: f"?{query(depth, opened)}{HERE}",
    )
    nodes = {node.id: node for node in found.nodes}
    edges = picture.in_order(found.nodes, found.edges)
    return context | {
        "depth": depth,
        "depths": [(number, f"?{query(number, ())}{HERE}") for number in DEPTHS],
        "problem": problem,
        "rows": [(nodes[edge.source], edge, nodes[edge.target]) for edge in edges[:MOST_ROWS]],
        "row_count": len(edges) + found.undrawn,
        "all_url": f"{reverse('impact')}?{urlencode({'asset': asset.code})}",
    }


def _depth(raw: str) -> tuple[int, str]:
    """The depth asked for, or 1 and what is wrong with it."""
    asked = raw.strip() or "1"
    if asked in map(str, DEPTHS):
        return int(asked), ""
    return 1, "Dybden kan være 1, 2 eller 3 skridt. Her er vist 1."


def _codes(values: Sequence[str]) -> tuple[str, ...]:
    found = (code.strip().upper() for value in values for code in re.split("[, ]", value))
    return tuple(dict.fromkeys(code for code in found if code))[: impact.MOST_CHOSEN]


@require_safe
def impact_picture(request: HttpRequest) -> HttpResponse:
    """``/konsekvens/billede.svg``: the picture of an answer as a file; the query is the impact page's own.

    With nothing to draw it goes to that page, which says why.
    """
    _may_read(request)
    reply = impact.ask(Question.parse(request.GET))
    found = picture.of_reply(reply)
    if not found.nodes:
        return redirect(f"{reverse('impact')}?{request.GET.urlencode()}")
    return _file(request, found, _name("konsekvens", reply.question.assets))


@require_safe
def asset_picture(request: HttpRequest, code: str) -> HttpResponse:
    """An asset's neighbourhood as a file: ``?dybde=&aabn=`` as on its page."""
    _may_read(request)
    land = landscape.at()
    key = land.by_code.get(code)
    if key is None:
        raise Http404(f"Der er ingen komponent og intet fagsystem med koden {code}.")
    depth, _ = _depth(request.GET.get("dybde", ""))
    found = picture.neighbourhood(land, key, depth, _codes(request.GET.getlist("aabn")))
    return _file(request, found, _name("forbindelser", [code]))


def _may_read(request: HttpRequest) -> None:
    if not (may(request.user, "view", Component) and may(request.user, "view", System)):
        raise PermissionDenied


def _name(what: str, codes: Sequence[str]) -> str:
    """A file's name without its kind, in letters that every system takes."""
    return "-".join([what, *(re.sub(r"[^a-z0-9]+", "-", code.lower()).strip("-") for code in codes[:3])])


def _file(request: HttpRequest, found: Picture, name: str) -> HttpResponse:
    if not found.nodes:
        raise Http404(found.note or "Der er intet at tegne.")
    text = drawing.svg(found, base=f"{request.scheme}://{request.get_host()}")
    response = HttpResponse(text, content_type="image/svg+xml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.svg"'
    return response
