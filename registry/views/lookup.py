"""``/opslag/``: what the type-ahead fields ask while somebody types."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from foi_portal.core.permissions import may
from registry import search
from registry.models import Component, Organisation, System

MODELS = {"component": Component, "system": System}


@require_safe
def asset_lookup(request: HttpRequest) -> JsonResponse:
    """``?q=`` and perhaps ``?slags=component|system``: ``results`` with ``code``, ``name``, ``kind``, ``label``.

    Best first. 403 when the user may see neither kind; an unknown ``slags`` means both.
    """
    allowed = [kind for kind, model in MODELS.items() if may(request.user, "view", model)]
    if not allowed:
        raise PermissionDenied
    asked = request.GET.get("slags", "")
    kinds = [kind for kind in allowed if kind == asked or asked not in MODELS]
    return JsonResponse({"results": search.lookup(request.GET.get("q", ""), kinds)})


@require_safe
def organisation_lookup(request: HttpRequest) -> JsonResponse:
    """``?q=``: organisations in the same form. 403 when the user may not see organisations."""
    if not may(request.user, "view", Organisation):
        raise PermissionDenied
    return JsonResponse({"results": search.lookup(request.GET.get("q", ""), [search.ORGANISATION])})
