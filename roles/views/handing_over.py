"""Ending an assignment, handing one over, and transferring all that a person has. Shown first, then done as shown."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html

from foi_portal.core.permissions import may
from foi_portal.ui.forms import DateField
from roles import assigning
from roles.forms.assignments import ActForm, Fate, HandOverForm, TransferForm
from roles.models import Assignment, Person
from roles.seat_rules import is_gone
from roles.views.assignments import NO_HOLDER, AssignmentView


class AssignmentEnd(AssignmentView):
    """An end on a date. A required role's last holder goes only after a tick."""

    action = "change"
    template_name = "roles/assignment_end.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        return self.form_page(obj, ActForm(initial={"on": f"{self.today:%d-%m-%Y}"}))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        form = ActForm(request.POST)
        if obj.is_archived:
            form.add_error(None, "Den er arkiveret. Gendan den først.")
        if not form.is_valid():
            return self.form_page(obj, form, status=422)
        on = form.cleaned_data["on"]
        plan = assigning.plan_end(obj, on=on, today=self.today)
        for fault in plan.faults:
            form.add_error("on", fault)
        if not plan.faults and plan.takes_last_holder and not self.ticked(plan):
            form.add_error(None, NO_HOLDER)
        if form.errors:
            return self.form_page(obj, form, plan, status=422)
        try:
            done = assigning.end(
                row=obj,
                on=on,
                today=self.today,
                actor=self.user,
                reason=form.cleaned_data["reason"],
                seen=plan.digest,
            )
        except assigning.Refused as refused:
            form.add_error(None, str(refused))
            return self.form_page(self.get_object(), form, plan, status=409)
        self.tell(f"{done.lines[0].words[0]}.", done.gaps)
        return HttpResponseRedirect(self.url("detail", obj))

    def form_page(
        self, obj: Assignment, form: ActForm, plan: assigning.Plan | None = None, status: int = 200
    ) -> HttpResponse:
        context = {
            "object": obj,
            "facts": self.facts(obj),
            "form": form,
            "plan": plan,
            "cancel_url": self.url("detail", obj),
        }
        return self.page(context, status)


class Previewed(AssignmentView):
    """Fill in, see what will happen, confirm. What is confirmed is what was seen, or nothing is done (409)."""

    action = "change"
    now = "choose"

    def steps(self) -> tuple[tuple[str, str], ...]:
        return (("choose", "Vælg"), ("preview", "Se, hvad der sker"), ("done", "Overdrag"))

    def preview(self, context: dict[str, Any], plan: assigning.Plan, status: int = 200) -> HttpResponse:
        """The plan, with everything that was typed carried along."""
        hidden = ("csrfmiddlewaretoken", "step", "seen", "sure")
        typed = [(k, v) for k, values in self.request.POST.lists() for v in values if k not in hidden]
        return self.page({**context, "now": "preview", "plan": plan, "typed": typed}, status)


class AssignmentHandOver(Previewed):
    template_name = "roles/assignment_handover.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        initial = {"on": f"{self.today:%d-%m-%Y}", "person": request.GET.get("person", "")}
        return self.choose(obj, HandOverForm(initial=initial, make=self.may_make_people))

    def choose(self, obj: Assignment, form: HandOverForm, status: int = 200) -> HttpResponse:
        return self.page({**self.shared(obj), "form": form, "now": "choose"}, status)

    def shared(self, obj: Assignment) -> dict[str, Any]:
        return {"object": obj, "facts": self.facts(obj), "cancel_url": self.url("detail", obj)}

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        form = HandOverForm(request.POST, make=self.may_make_people)
        if obj.is_archived:
            form.add_error(None, "Den er arkiveret. Gendan den først.")
        if not form.is_valid() or request.POST.get("step") == "choose":
            back = request.POST.get("step") == "choose"
            return self.choose(obj, form, status=200 if back else 422)
        to, on = form.cleaned_data["person"], form.cleaned_data["on"]
        plan = assigning.plan_hand_over([obj], {obj.pk: to}, on=on, today=self.today)
        if plan.faults:
            form.add_error(None, plan.faults[0])
            return self.choose(obj, form, status=422)
        if request.POST.get("step") != "apply":
            return self.preview(self.shared(obj), plan)
        try:
            done = assigning.hand_over(
                rows=[obj],
                to=to,
                on=on,
                today=self.today,
                actor=self.user,
                reason=form.cleaned_data["reason"],
                seen=request.POST.get("seen", ""),
            )
        except assigning.ChangedSince as changed:
            return self.preview({**self.shared(obj), "error": str(changed)}, changed.plan, status=409)
        except assigning.Refused as refused:
            form.add_error(None, str(refused))
            return self.choose(obj, form, status=409)
        self.tell(f"{obj.role} for {obj.scope_name} er overdraget til {to}.", done.gaps)
        there = done.new[0] if done.new else obj
        return HttpResponseRedirect(self.url("detail", there))


class PersonTransfer(Previewed):
    """/personer/<pk>/overdrag/: every seat of a person to one other, to several, or to nobody."""

    template_name = "roles/person_transfer.html"

    def get_person(self) -> Person:
        person = get_object_or_404(Person, pk=self.kwargs["pk"])
        if not may(self.request.user, "change", Assignment):
            raise PermissionDenied
        return person

    def proposed(self, rows: list[Assignment], on: datetime.date) -> list[tuple[Assignment, Fate]]:
        """Everything is handed over, but for what nobody can take over any more."""
        return [
            (row, self.fate(row, initial={"what": Fate.END if is_gone(row, on) else Fate.TO})) for row in rows
        ]

    def fate(self, row: Assignment, **kwargs: Any) -> Fate:
        return Fate(prefix=f"a{row.pk}", make=self.may_make_people, **kwargs)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        person = self.get_person()
        on = self.asked_day() or person.active_to or self.today
        initial = {"on": f"{on:%d-%m-%Y}", "person": request.GET.get("person", "")}
        form = TransferForm(initial=initial, make=self.may_make_people)
        return self.choose(person, form, self.proposed(assigning.seats_of(person, min(on, self.today)), on))

    def asked_day(self) -> datetime.date | None:
        """The address' ``on``, as the page about somebody who stops gives it; None when it is no date."""
        try:
            day: datetime.date | None = DateField(required=False).clean(self.request.GET.get("on", ""))
        except ValidationError:
            return None
        return day

    def choose(
        self, person: Person, form: TransferForm, fates: list[tuple[Assignment, Fate]], status: int = 200
    ) -> HttpResponse:
        error_rows = sum(1 for _, fate in fates if fate.is_bound and fate.errors)
        return self.page(
            {
                **self.shared(person),
                "form": form,
                "fates": fates,
                "error_rows": error_rows,
                "now": "choose",
                "most": assigning.MOST_AT_ONCE if len(fates) == assigning.MOST_AT_ONCE else 0,
            },
            status,
        )

    def shared(self, person: Person) -> dict[str, Any]:
        return {
            "object": person,
            "section": "person",
            "verbose_name_plural": "personer",
            "list_url": reverse("person-list"),
            "cancel_url": person.get_absolute_url(),
        }

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        person = self.get_person()
        form = TransferForm(request.POST, make=self.may_make_people)
        on = form.cleaned_data["on"] if form.is_valid() else self.today
        fates = [(row, self.fate(row, data=request.POST)) for row in assigning.seats_of(person, on)]
        chosen = self.judge(form, fates)
        if request.POST.get("step") == "choose":
            return self.choose(person, form, fates)
        if form.errors or any(fate.errors for _, fate in fates):
            return self.choose(person, form, fates, status=422)
        plan = assigning.plan_transfer(person, chosen, on=on, today=self.today)
        if request.POST.get("step") != "apply":
            return self.faulty(person, form, fates, plan) or self.preview(self.shared(person), plan)
        try:
            done = assigning.transfer_all(
                person=person,
                fates=chosen,
                on=on,
                today=self.today,
                actor=self.user,
                reason=form.cleaned_data["reason"],
                seen=request.POST.get("seen", ""),
            )
        except assigning.ChangedSince as changed:
            return self.preview({**self.shared(person), "error": str(changed)}, changed.plan, status=409)
        except assigning.Refused as refused:
            form.add_error(None, str(refused))
            return self.choose(person, form, fates, status=409)
        count = len(chosen)
        self.tell(
            f"{count} {'rolle er' if count == 1 else 'roller er'} overdraget eller afsluttet.", done.gaps
        )
        self.remind(person)
        return HttpResponseRedirect(person.get_absolute_url())

    def remind(self, person: Person) -> None:
        """That the person stops is written on the person: handing over does not say so."""
        if person.active_to is None and may(self.request.user, "change", person):
            text = format_html(
                'Forlader {} kommunen, så <a href="{}">skriv datoen for fratrædelse</a>.',
                person,
                reverse("person-update", args=[person.pk]),
            )
            messages.info(self.request, text)

    def judge(self, form: TransferForm, fates: list[tuple[Assignment, Fate]]) -> dict[int, Person | None]:
        """Whom each seat goes to. A seat that came since the form was shown is not in it: it goes to nobody yet."""
        known = {}
        if fates:
            field: Any = fates[0][1].fields["person"]
            known = field.find_all(field.texts(fate["person"].data for _, fate in fates))
        chosen: dict[int, Person | None] = {}
        default = form.cleaned_data.get("person")
        new: dict[str, Person] = {default.email: default} if default is not None and not default.pk else {}
        for row, fate in fates:
            fate.fields["person"].known = known  # type: ignore[attr-defined]
            fate.fields["person"].on = form.cleaned_data.get("on")  # type: ignore[attr-defined]
            if not fate.is_valid() or fate.cleaned_data["what"] == Fate.LEAVE:
                continue
            if fate.cleaned_data["what"] == Fate.END:
                chosen[row.pk] = None
                continue
            to = fate.cleaned_data["person"] or default
            if to is None:
                text = "Skriv, hvem den overdrages til, eller vælg én for alle øverst."
                fate.add_error("person", text)
            elif not to.pk:
                to = new.setdefault(to.email, to)
            chosen[row.pk] = to
        return chosen

    def faulty(
        self,
        person: Person,
        form: TransferForm,
        fates: list[tuple[Assignment, Fate]],
        plan: assigning.Plan,
    ) -> HttpResponse | None:
        """The form with the rules' answers, if they have any."""
        if not plan.faults:
            if not plan.changes and not plan.new:
                messages.info(self.request, "Der er ingen roller at overdrage.")
                return HttpResponseRedirect(person.get_absolute_url())
            return None
        said = {line.row.pk: line.fault for line in plan.lines}
        for row, fate in fates:
            if said.get(row.pk):
                fate.add_error("person", said[row.pk])
        return self.choose(person, form, fates, status=422)
