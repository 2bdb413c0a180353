"""The steps of an agreement, each with a small form of its own: approve, reject, end, extend …

A step locks the agreement, asks whether it can be taken and whether the form was made from the agreement as it is, and
writes why in the history.
"""

from __future__ import annotations

import datetime
from copy import copy
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date

from foi_portal.core import history
from foi_portal.core.models import Change
from foi_portal.ui import conflicts, formats, views
from registry.agreements import step_forms, steps
from registry.models import Agreement, AgreementStatus


def last_saver(agreement: Agreement) -> str:
    """Who wrote last on the agreement or on what it covers."""
    last = history.changes_of(agreement).select_related("actor").first()
    return str(last.actor) if last is not None and last.actor else "Systemet"


class AgreementStep(views.ModelView):
    """One step. ``label`` is its button, ``asked`` what its page says, ``done`` what is said after it."""

    model = Agreement
    url_base = "agreement"
    lookup = "pk"
    action = "change"
    template_name = "registry/agreement_step.html"
    form_class: ClassVar[type[step_forms.StepForm]]
    label: ClassVar[str]
    title: ClassVar[str]  # with the agreement's name in it
    asked: ClassVar[str] = ""

    @property
    def today(self) -> datetime.date:
        return timezone.localdate()

    def refusal(self, agreement: Agreement) -> str:
        """Why the step cannot be taken; empty when it can."""
        return steps.why_not(agreement, self.form_class.to)

    def done(self, agreement: Agreement) -> str:
        raise NotImplementedError

    def form(self, agreement: Agreement, data: Any = None) -> step_forms.StepForm:
        return self.form_class(data, instance=copy(agreement), on=self.today)  # it writes on the copy

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        agreement = self.get_object()
        if refusal := self.refusal(agreement):
            return self.step_page(agreement, None, error=refusal)
        return self.step_page(agreement, self.form(agreement))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        found = self.get_object()  # 404 and 403 before the lock
        with transaction.atomic():
            agreement = Agreement.objects.select_for_update(no_key=True).get(pk=found.pk)
            return self.take(agreement)

    def take(self, agreement: Agreement) -> HttpResponse:
        """Take the step on the locked agreement, or say what is in the way; what was typed stays."""
        post = self.request.POST
        if refusal := self.refusal(agreement):
            return self.step_page(agreement, None, error=refusal, status=409)
        form = self.form(agreement, post)
        valid = form.is_valid()
        if conflicts.submitted_version(post) != agreement.version:
            error = f"{last_saver(agreement)} har rettet aftalen imens. Se den igen, og gentag så."
            return self.step_page(agreement, form, error=error, status=409)
        if not valid:
            return self.step_page(agreement, form, status=422)
        reason = history.tidy(form.cleaned_data["reason"])
        try:
            with history.recording(reason=f"{self.label}: {reason}" if reason else self.label):
                saved = form.save()
        except IntegrityError:  # written from elsewhere in the same moment
            error = "Nogen gemte noget i samme øjeblik, som står i vejen. Gem igen."
            return self.step_page(agreement, form, error=error, status=409)
        messages.success(self.request, self.done(saved))
        return HttpResponseRedirect(self.url("detail", agreement))

    def step_page(
        self, agreement: Agreement, form: step_forms.StepForm | None, error: str = "", status: int = 200
    ) -> HttpResponse:
        return self.page(
            {
                "object": agreement,
                "form": form,
                "fields": [form[name] for name in form.fields] if form is not None else [],
                "title": self.title.format(agreement),
                "error": error,
                "cancel_url": self.url("detail", agreement),
            },
            status=status,
        )


class AgreementApprove(AgreementStep):
    form_class = step_forms.ApproveForm
    label, title = "Godkend", "Godkend «{}»"
    asked = "Når den er godkendt, må modparten levere data til fagsystemet, og kommunen kan blive opkrævet for det."

    def done(self, agreement: Agreement) -> str:
        return f"{agreement} er godkendt. Sæt den i kraft, når den gælder."


class AgreementReject(AgreementStep):
    form_class = step_forms.RejectForm
    label, title = "Afvis", "Afvis «{}»"
    asked = "Begrundelsen bliver stående på aftalen. Der kan anmodes om den igen."

    def done(self, agreement: Agreement) -> str:
        return f"{agreement} er afvist."


class AgreementRequest(AgreementStep):
    form_class = step_forms.RequestForm
    label, title = "Anmod igen", "Anmod om «{}» igen"
    asked = "Afgørelsen tages væk, så den kan træffes på ny. Den gamle bliver stående i historikken."

    def done(self, agreement: Agreement) -> str:
        return f"Der er anmodet om {agreement} igen."


class AgreementActivate(AgreementStep):
    form_class = step_forms.ActivateForm
    label, title = "Sæt i kraft", "Sæt «{}» i kraft"

    def refusal(self, agreement: Agreement) -> str:
        if agreement.status == AgreementStatus.TERMINATED and not agreement.is_archived:
            return "Aftalen er opsagt. Tag opsigelsen tilbage i stedet."
        return super().refusal(agreement)

    def done(self, agreement: Agreement) -> str:
        return f"{agreement} gælder fra {formats.plain(agreement.valid_from)}."


class AgreementTerminate(AgreementStep):
    form_class = step_forms.TerminateForm
    label, title = "Opsig", "Opsig «{}»"
    asked = "Portalen husker opsigelsen. Selve opsigelsen sender du til modparten, som I plejer."

    def done(self, agreement: Agreement) -> str:
        return f"{agreement} er opsagt og gælder til {formats.plain(agreement.valid_to)}."


class AgreementTakeBack(AgreementStep):
    form_class = step_forms.TakeBackForm
    label, title = "Tag opsigelsen tilbage", "Tag opsigelsen af «{}» tilbage"

    def form(self, agreement: Agreement, data: Any = None) -> step_forms.StepForm:
        return step_forms.TakeBackForm(
            data, instance=copy(agreement), on=self.today, before=_end_before_notice(agreement)
        )

    def refusal(self, agreement: Agreement) -> str:
        if agreement.status != AgreementStatus.TERMINATED and not agreement.is_archived:
            return "Aftalen er ikke opsagt, så der er intet at tage tilbage."
        return super().refusal(agreement)

    def done(self, agreement: Agreement) -> str:
        return f"Opsigelsen af {agreement} er taget tilbage."


def _end_before_notice(agreement: Agreement) -> datetime.date | None:
    """The end that the agreement had when it was terminated, from its history."""
    change = Change.objects.filter(
        table=Agreement._meta.db_table,
        row_id=agreement.pk,
        before__status=AgreementStatus.ACTIVE.value,
        after__status=AgreementStatus.TERMINATED.value,
    ).order_by("-id").first()  # fmt: skip
    return parse_date((change.before or {}).get("valid_to") or "") if change is not None else None


class AgreementReview(AgreementStep):
    form_class = step_forms.ReviewForm
    label, title = "Set efter", "«{}» er set efter"
    asked = "Bruges den stadig, er formål og hjemmel de samme, og dækker den det rigtige?"

    def refusal(self, agreement: Agreement) -> str:
        return steps.why_not_in_force(agreement, "ses efter")

    def done(self, agreement: Agreement) -> str:
        again = agreement.next_review()
        when = f" Næste gang er {formats.date(again)}, {formats.until(again, self.today)}." if again else ""
        return f"{agreement} er set efter {formats.plain(agreement.reviewed_on)}.{when}"


class AgreementExtend(AgreementStep):
    form_class = step_forms.ExtendForm
    label, title = "Forlæng", "Forlæng «{}»"

    def refusal(self, agreement: Agreement) -> str:
        return steps.why_not_extended(agreement)

    def done(self, agreement: Agreement) -> str:
        return f"{agreement} gælder nu til {formats.plain(agreement.valid_to)}."


STEPS: dict[str, type[AgreementStep]] = {
    "approve": AgreementApprove,
    "activate": AgreementActivate,
    "review": AgreementReview,
    "extend": AgreementExtend,
    "terminate": AgreementTerminate,
    "take-back": AgreementTakeBack,
    "request": AgreementRequest,
    "reject": AgreementReject,
}


@dataclass(frozen=True)
class Offer:
    """A step that can be taken now: its button and address."""

    label: str
    url: str


def offered(agreement: Agreement) -> list[Offer]:
    """The steps that the agreement can take now, the likeliest first."""
    return [
        Offer(step.label, reverse(f"agreement-{name}", args=[agreement.pk]))
        for name, step in STEPS.items()
        if not step().refusal(agreement)
    ]


__all__ = ["STEPS", "AgreementStep", "last_saver", "offered"]
