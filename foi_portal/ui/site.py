"""The administration's site: the portal's name, its one sign-in page, and no way to delete."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.cache import never_cache


class PortalAdminSite(AdminSite):
    """Who is not signed in goes to the portal's own sign-in; who is, but has no business here, gets 403."""

    site_header = "FOI-portalen"
    site_title = "FOI-portalen"
    index_title = "Administration"
    empty_value_display = "–"
    enable_nav_sidebar = False  # its nine entries cost the lists a quarter of their width

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.disable_action("delete_selected")

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            if any("\0" in value for _, values in request.GET.lists() for value in values):
                raise BadRequest("Adressen indeholder et nul-tegn.")  # PostgreSQL has no such text
            answer: HttpResponseBase = inner(request, *args, **kwargs)
            return answer

        return guarded

    @method_decorator(never_cache)
    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Never a form of its own: on to the page asked for, or to the portal's sign-in."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied
        asked = request.GET.get(REDIRECT_FIELD_NAME, "")
        safe = url_has_allowed_host_and_scheme(asked, {request.get_host()}, request.is_secure())
        target = asked if safe else reverse("admin:index", current_app=self.name)
        if self.has_permission(request):
            return HttpResponseRedirect(target)
        return HttpResponseRedirect(
            f"{resolve_url(settings.LOGIN_URL)}?{urlencode({REDIRECT_FIELD_NAME: target})}"
        )

    def autocomplete_view(self, request: HttpRequest) -> JsonResponse:
        return Autocomplete.as_view(admin_site=self)(request)  # type: ignore[return-value]


class Autocomplete(AutocompleteJsonView):
    """The type-ahead of the administration writes rows as the portal's does: code and name."""

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        return {"id": str(getattr(obj, to_field_name)), "text": choice_text(obj)}


def choice_text(row: Any) -> str:
    """How a row is written where one is chosen: "STS · Støttesystemerne", or its name when it has no code."""
    from foi_portal.ui.forms import as_choice  # forms cannot be loaded before the apps are

    return as_choice(row) if hasattr(row, "code") else str(row)


class PortalAdminConfig(AdminConfig):
    """In INSTALLED_APPS instead of ``django.contrib.admin``."""

    default_site = "foi_portal.ui.site.PortalAdminSite"
