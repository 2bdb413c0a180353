"""/personer/<id>/laeg-sammen/: one person who was written twice becomes one again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from foi_portal.core import history
from foi_portal.ui import formats
from roles import people
from roles.forms.fields import PersonField
from roles.models import Person
from roles.views.people import PersonView

CHANGED = "Nogen har rettet en af de to imens. Se igennem, hvad der nu sker, og læg så sammen."


class DoubleForm(forms.Form):
    """Which person is the double."""

    dobbelt = PersonField(label="Dobbeltgænger", lookup="person-lookup?alle=1", help_text="")

    def __init__(self, keep: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keep = keep

    def clean_dobbelt(self) -> Person:
        double: Person = self.cleaned_data["dobbelt"]
        if double.pk == self.keep.pk:
            raise forms.ValidationError(f"Det er {self.keep} selv. Vælg den anden.")
        return double


class PersonMerge(PersonView):
    """GET asks for the double, and with ``?dobbelt=`` shows what happens; POST does it."""

    action = "change"
    template_name = "roles/person_merge.html"

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("unit", "user").filter(merged_into=None)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        keep = self.get_object()
        if "dobbelt" not in request.GET:
            return self.show(keep, DoubleForm(keep))
        return self.judge(keep, DoubleForm(keep, request.GET))

    def judge(self, keep: Person, form: DoubleForm, error: str = "", status: int = 200) -> HttpResponse:
        if not form.is_valid():
            return self.show(keep, form, status=422)
        return self.show(keep, form, people.prepare_merge(keep, self.full(form)), error, status)

    def full(self, form: DoubleForm) -> Person:
        return Person.objects.select_related("unit", "user").get(pk=form.cleaned_data["dobbelt"].pk)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        keep = self.get_object()
        form = DoubleForm(keep, request.POST)
        if not form.is_valid():
            return self.show(keep, form, status=422)
        double = form.cleaned_data["dobbelt"]
        reason = history.tidy(request.POST.get("reason", ""))
        try:
            kept = people.merge(
                keep=keep.pk,
                double=double.pk,
                state=request.POST.get("state", ""),
                actor=request.user,  # type: ignore[arg-type]  # somebody who may change people is signed in
                reason=reason or f"{double} er lagt sammen med {keep}",
            )
        except (people.MergeChanged, IntegrityError):
            return self.judge(self.get_object(), DoubleForm(keep, request.POST), CHANGED, 409)
        except people.CannotMerge:
            return self.judge(self.get_object(), DoubleForm(keep, request.POST), status=422)
        messages.success(request, f"{double} er lagt sammen med {kept}.")
        return HttpResponseRedirect(kept.get_absolute_url())

    def show(
        self,
        keep: Person,
        form: DoubleForm,
        plan: people.Merge | None = None,
        error: str = "",
        status: int = 200,
    ) -> HttpResponse:
        return self.page(
            {
                "object": keep,
                "form": form,
                "plan": plan,
                "facts": _facts(plan) if plan else [],
                "error": error,
                "reason": self.request.POST.get("reason", ""),
                "tab": "",
            },
            status,
        )


def _facts(plan: people.Merge) -> list[dict[str, str]]:
    """Side by side: what the two have, and what will stand."""
    return [
        {
            "label": str(Person._meta.get_field(name).verbose_name),  # type: ignore[union-attr]
            "keep": formats.plain(getattr(plan.keep, name)),
            "double": formats.plain(getattr(plan.double, name)),
            "after": formats.plain(plan.facts[name]),
        }
        for name in people.FACTS
    ]
