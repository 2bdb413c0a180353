"""/roller/krav/: where roles are needed. A requirement's own page is its line on the role's."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils import timezone

from foi_portal.core.permissions import may
from foi_portal.ui import views
from registry.models import Asset
from roles.filters.catalogue import RequirementFilter
from roles.forms.catalogue import RequirementForm
from roles.models import RequirementOrigin, Role, RoleRequirement
from roles.tables.catalogue import REQUIREMENT_COLUMNS


class RequirementView(views.ModelView):
    model = RoleRequirement
    url_base = "requirement"
    lookup = "pk"
    create_label = "Nyt krav"

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().select_related("role", "asset")

    def url(self, verb: str, obj: Any = None) -> str:
        return obj.get_absolute_url() if verb == "detail" else super().url(verb, obj)

    def page(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        return super().page({"section": "role", **context}, status)


class RequirementList(RequirementView, views.ListView):
    template_name = "roles/requirement_list.html"
    columns = REQUIREMENT_COLUMNS
    filterset_class = RequirementFilter
    default_sort = "role"
    naming = ("role__name", "scope_kind")

    def url(self, verb: str, obj: Any = None) -> str:
        return "" if verb == "create" else super().url(verb, obj)  # one is made on its role's page


class RequirementForms(RequirementView, views.FormView):
    form_class = RequirementForm
    fieldsets = (
        ("Hvor kræves rollen?", ("scope_kind", "asset", "since")),
        ("Hvor mange?", ("holders", "deputy_needed", "deputy_may_hold")),
    )


class RequirementCreate(RequirementForms, views.CreateView):
    template_name = "roles/requirement_form.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may(request.user, "add", RoleRequirement):
            raise PermissionDenied
        self.role = get_object_or_404(Role, code=kwargs.pop("code"))
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        role = RoleRequirement(role=self.role)
        initial: dict[str, Any] = {"since": timezone.localdate(), **request.GET.dict()}
        initial["asset"] = Asset.objects.filter(code=initial.get("asset", "")).first()
        return self.form_page(self.form_class(initial=initial, instance=role), None)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.form_class(request.POST, instance=RoleRequirement(role=self.role))
        if not form.is_valid():
            return self.form_page(form, None, status=422)
        obj = self.try_save(form)
        if obj is None:
            return self.form_page(form, None, status=409)
        messages.success(request, f"{obj} er nu krævet.")
        return HttpResponseRedirect(self.after(obj))

    def get_context(self, obj: Any) -> dict[str, Any]:
        return {"role": self.role, "cancel_url": self.role.get_absolute_url()}


class RequirementUpdate(RequirementForms, views.UpdateView):
    pass


class RequirementArchive(RequirementView, views.ArchiveView):
    """What is archived here is FOI's own from then on: a new edition does not bring it back."""

    refused = "Rollen kræves allerede for det omfang. Ret det krav, der står der, i stedet."

    def values(self, reason: str) -> dict[str, Any]:
        return super().values(reason) | {"origin": RequirementOrigin.OWN}


class RequirementRestore(RequirementArchive):
    restore = True

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        if obj.role.is_archived:
            return self.confirm(obj, "Rollen er arkiveret og kan ikke kræves. Gendan den først.", status=422)
        return super().post(request, **kwargs)


__all__ = [
    "RequirementArchive",
    "RequirementCreate",
    "RequirementList",
    "RequirementRestore",
    "RequirementUpdate",
]
