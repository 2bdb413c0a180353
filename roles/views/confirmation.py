"""/fagsystemer/<kode>/bekraeft/: those responsible say that the facts and dependencies of their system are right."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html

from foi_portal.core.permissions import may
from foi_portal.ui import panels, views
from registry.models import System
from roles import confirming, responsible
from roles.confirmation_panel import last_confirmed
from roles.forms.confirmation import ConfirmForm
from roles.models import Assignment


class AssetConfirm(views.ModelView):
    """GET shows what is confirmed; POST confirms just that, or shows it again when somebody has changed it."""

    model = System
    url_base = "system"
    action = "change"
    template_name = "roles/confirm.html"

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("department", "provider", "successor", "confirmed_by")

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.sheet_page(self.get_object(), ConfirmForm())

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        system, form = self.get_object(), ConfirmForm(request.POST)
        if not form.is_valid():
            return self.sheet_page(system, form, status=422)
        try:
            answered = confirming.confirm(
                system=system,
                actor=request.user,  # type: ignore[arg-type]  # who may change a system is signed in
                on=timezone.localdate(),
                seen=request.POST.get("seen", ""),
                comment=form.cleaned_data["comment"],
            )
        except confirming.Refused as refused:
            return self.sheet_page(self.get_object(), form, str(refused), status=409)
        messages.success(request, self.thanks(system, answered))
        return HttpResponseRedirect(system.get_absolute_url())

    def thanks(self, system: System, answered: int) -> str:
        """What was done, and the way to the next of one's own systems that an open round asks about."""
        rounds = (
            ""
            if not answered
            else " Runden har fået dit svar."
            if answered == 1
            else " Runderne har fået dit svar."
        )
        user, today = self.request.user, timezone.localdate()
        own = responsible.own_systems(user, today)  # type: ignore[arg-type]
        waiting = confirming.open_items(own).first() if own else None
        if waiting is None:
            return f"{system} er bekræftet. Tak.{rounds}"
        return format_html(
            '{} er bekræftet. Tak.{} Den næste er <a href="{}bekraeft/">{}</a>.',
            system,
            rounds,
            waiting.asset.get_absolute_url(),
            waiting.asset,
        )

    def sheet_page(
        self, system: System, form: ConfirmForm, error: str = "", status: int = 200
    ) -> HttpResponse:
        today = timezone.localdate()
        sheet = confirming.sheet(system, today)
        duties = responsible.of_asset(system, today) if may(self.request.user, "view", Assignment) else []
        context = {
            "object": system,
            "form": form,
            "error": error,
            "seen": sheet.digest,
            "dependencies": sheet.dependencies,
            "duties": [duty for duty in duties if duty.role.code in responsible.OWN_ROLES],
            "asked": confirming.open_items([system.pk]),
            "today": today,
            "panels": panels.panels_on("asset-confirm", self.request, system),
            **last_confirmed(system, today),
        }
        return self.page(context, status)
