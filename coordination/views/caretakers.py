"""/aftaler/<id>/ansvarlig/, /certifikater/<id>/ansvarlig/ and /personer/<id>/passer-paa/."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from coordination import caretakers
from coordination.models import Caretaker
from coordination.reminder_forms import CaretakerForm, HandOverForm
from foi_portal.core.permissions import may
from foi_portal.ui.conflicts import submitted_version
from registry.models import Agreement, Certificate
from roles.models import Person


class EditorsView(View):
    """For those who may change caretakers: 403 for all others, also where there is no such row."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may(request.user, "change", Caretaker):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @property
    def actor(self) -> Any:
        """Who is signed in; somebody is, with the right to change."""
        return self.request.user

    @property
    def reason(self) -> str:
        return self.request.POST.get("reason", "")


class CaretakerPage(EditorsView):
    """Who looks after one agreement or certificate: named, changed, removed."""

    model: type[Agreement | Certificate]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        matter = self.matter(pk)
        present = caretakers.of(matter)
        form = CaretakerForm(initial={"person": present.person if present else None})
        return self.show(matter, present, form)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        matter = self.matter(pk)
        present = caretakers.of(matter)
        form = CaretakerForm(request.POST, initial={"person": present.person if present else None})
        form.fields["person"].on = timezone.localdate()  # type: ignore[attr-defined]
        if "remove" not in request.POST and not form.is_valid():
            return self.show(matter, present, form, status=422)
        person = None if "remove" in request.POST else form.cleaned_data["person"]
        seen = submitted_version(request.POST)
        try:
            caretakers.appoint(matter, person, seen=seen, actor=self.actor, reason=self.reason)
        except caretakers.Changed as changed:
            return self.show(matter, caretakers.of(matter), form, changed=changed, status=409)
        messages.success(request, self.said(matter, person))
        return HttpResponseRedirect(matter.get_absolute_url())

    def said(self, matter: Any, person: Person | None) -> str:
        if person is None:
            return f"Ingen er nævnt som ansvarlig for {matter}."
        return f"{person} er ansvarlig for fornyelse af {matter}."

    def matter(self, pk: int) -> Any:
        return get_object_or_404(self.model, pk=pk)

    def show(
        self,
        matter: Any,
        present: Caretaker | None,
        form: CaretakerForm,
        *,
        changed: caretakers.Changed | None = None,
        status: int = 200,
    ) -> HttpResponse:
        name = caretakers.field_of(matter)
        context = {
            "object": matter,
            "section": name,
            "list_url": reverse(f"{name}-list"),
            "verbose_name_plural": self.model._meta.verbose_name_plural,
            "present": present,
            "seen": caretakers.version_of(present),
            "form": form,
            "changed": changed,
            "reason": self.reason,
        }
        return render(self.request, "coordination/caretaker.html", context, status=status)


class AgreementCaretaker(CaretakerPage):
    model = Agreement


class CertificateCaretaker(CaretakerPage):
    model = Certificate


class CareHandOver(EditorsView):
    """All that one person looks after, given to another: for who leaves or moves on."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.show(self.person(pk), HandOverForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        person = self.person(pk)
        form = HandOverForm(request.POST)
        form.fields["person"].on = timezone.localdate()  # type: ignore[attr-defined]
        if form.is_valid() and form.cleaned_data["person"].pk == person.pk:
            form.add_error("person", f"Det er {person} selv. Vælg en anden.")
        if not form.is_valid():
            return self.show(person, form, status=422)
        to = form.cleaned_data["person"]
        seen = [int(key) for key in request.POST.getlist("row") if key.isdecimal() and len(key) < 19]
        try:
            count = caretakers.hand_over(person, to, seen=seen, actor=self.actor, reason=self.reason)
        except caretakers.Changed:
            error = f"Det, {person} passer på, er ændret imens. Se det igen, og overdrag så."
            return self.show(person, form, error=error, status=409)
        messages.success(request, f"{to} passer nu på {count} i stedet for {person}.")
        return HttpResponseRedirect(person.get_absolute_url())

    def person(self, pk: int) -> Person:
        return get_object_or_404(Person, pk=pk, merged_into=None)

    def show(self, person: Person, form: HandOverForm, *, error: str = "", status: int = 200) -> HttpResponse:
        context = {
            "object": person,
            "section": "person",
            "list_url": reverse("person-list"),
            "verbose_name_plural": Person._meta.verbose_name_plural,
            "rows": cared_for(person),
            "form": form,
            "error": error,
            "reason": self.reason,
        }
        return render(self.request, "coordination/care_handover.html", context, status=status)


def cared_for(person: Person) -> list[Caretaker]:
    """What the person looks after, by the matter's name. One query."""
    rows = Caretaker.objects.current().filter(person=person).select_related("agreement", "certificate")
    return list(rows.order_by("agreement__name", "certificate__name", "pk"))


__all__ = ["AgreementCaretaker", "CareHandOver", "CertificateCaretaker", "cared_for"]
