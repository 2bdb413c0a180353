"""When people are away: written by FOI for all, and by everybody for themselves."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from foi_portal.core.permissions import may
from foi_portal.ui import views
from roles.forms.people import AbsenceForm
from roles.models import Absence, Person
from roles.rights import may_edit_absence


class AbsenceView(views.ModelView):
    """An absence has no page of its own: it stands on its person's."""

    model = Absence
    url_base = "absence"
    lookup = "pk"

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("person", "stand_in")

    def get_object(self, action: str | None = None) -> Any:
        row = super().get_object("view")
        if not may_edit_absence(self.request.user, row.person):
            raise PermissionDenied
        return row

    def url(self, verb: str, obj: Any = None) -> str:
        return reverse("person-list") if verb == "list" else str(obj.person.get_absolute_url())

    def page(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        return super().page(
            {**context, "section": "person", "verbose_name_plural": Person._meta.verbose_name_plural}, status
        )


class AbsenceForms(AbsenceView, views.FormView):
    form_class = AbsenceForm
    wide = ("stand_in",)
    fieldsets = (("Fravær", ("since", "until", "stand_in")),)


class AbsenceCreate(AbsenceForms):
    def absence(self) -> Absence:
        """An empty absence of the person in the address: 404 without one, 403 for somebody else's."""
        person = get_object_or_404(Person, pk=self.kwargs["pk"], archived_at=None)
        if not may(self.request.user, "view", person) or not may_edit_absence(self.request.user, person):
            raise PermissionDenied
        return Absence(person=person)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.form_page(AbsenceForm(instance=self.absence()), None)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        form = AbsenceForm(request.POST, instance=self.absence())
        if not form.is_valid():
            return self.form_page(form, None, status=422)
        saved = self.try_save(form)
        if saved is None:
            return self.form_page(form, None, status=409)
        messages.success(request, f"Fraværet for {saved.person} er gemt.")
        return HttpResponseRedirect(self.url("detail", saved))

    def form_page(self, form: Any, obj: Any, status: int = 200) -> HttpResponse:
        self.create_label = f"Fravær for {form.instance.person}"
        return super().form_page(form, obj, status)

    def get_context(self, obj: Any) -> dict[str, Any]:
        return {"cancel_url": reverse("person-detail", args=[self.kwargs["pk"]])}


class AbsenceUpdate(AbsenceForms, views.UpdateView):
    pass


class AbsenceArchive(AbsenceView, views.ArchiveView):
    """For what was written by mistake; what is over has a day back."""
