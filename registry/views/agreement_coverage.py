"""/aftaler/<pk>/daekning/: which dependencies an agreement covers, and what else it is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from foi_portal.core import history
from foi_portal.core.permissions import may
from foi_portal.ui import conflicts
from registry.agreements import covering
from registry.agreements.coverage_form import CoverageForm
from registry.agreements.search import lookup_dependencies
from registry.agreements.steps import ARCHIVED
from registry.models import Agreement, Dependency
from registry.views.agreement_steps import last_saver
from registry.views.agreements import AgreementView


class AgreementCoverage(AgreementView):
    """Ticks for what the agreement's system uses, and fields for others; without script too.

    The form carries what was covered when it was made (``seen``). Only what somebody ticked or unticked is written, and
    when somebody else has changed it since, the page comes again with both, so that nothing is lost unseen.
    """

    action = "change"
    template_name = "registry/agreement_coverage.html"

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("system")

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        agreement = self.get_object()
        return self.coverage_page(agreement, self.form(agreement))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        found = self.get_object()  # 404 and 403 before the lock
        with transaction.atomic():
            agreement = Agreement.objects.select_for_update(no_key=True).get(pk=found.pk)
            return self.save(agreement)

    def save(self, agreement: Agreement) -> HttpResponse:
        post = self.request.POST
        if agreement.is_archived:
            return self.coverage_page(agreement, self.form(agreement), error=ARCHIVED, status=409)
        form = self.form(agreement, post)
        valid = form.is_valid()
        covered, named = form.ticked, form.named_keys
        if not self.is_as_seen(agreement, covered, named):
            error = f"{last_saver(agreement)} har rettet imens. Herunder er begges valg. Se dem igennem, og gem igen."
            return self.coverage_page(agreement, self.merged(agreement), error=error, status=409)
        if not valid:
            return self.coverage_page(agreement, form, status=422)
        wanted, wanted_named = form.chosen("dependencies", "more"), form.chosen("assets", "asset")
        changed = len(wanted ^ covered) + len(wanted_named ^ named)
        with history.recording(reason=post.get("reason", "")):
            agreement.dependencies.remove(*(covered - wanted))
            agreement.dependencies.add(*(wanted - covered))
            agreement.assets.remove(*(named - wanted_named))
            agreement.assets.add(*(wanted_named - named))
        if changed:
            count = len(wanted)
            what = "1 afhængighed" if count == 1 else f"{count} afhængigheder"
            messages.success(self.request, f"{agreement} dækker nu {what}.")
        else:
            messages.info(self.request, "Ingen ændringer at gemme.")
        return HttpResponseRedirect(self.url("detail", agreement))

    def form(self, agreement: Agreement, data: Any = None) -> CoverageForm:
        rows = covering.offered(agreement)
        ticked = set(agreement.dependencies.values_list("pk", flat=True))
        named = list(agreement.assets.order_by("name", "code"))
        return CoverageForm(data, rows=rows, named=named, ticked=ticked)

    def is_as_seen(self, agreement: Agreement, covered: set[int], named: set[int]) -> bool:
        post = self.request.POST
        as_seen = _keys(post.get("seen")) == covered and _keys(post.get("seen_assets")) == named
        return as_seen and conflicts.submitted_version(post) == agreement.version

    def merged(self, agreement: Agreement) -> CoverageForm:
        """The form as it is now, with what this person has ticked and unticked since they saw it."""
        post = self.request.POST
        form = self.form(agreement)
        covered, named = form.ticked, form.named_keys
        mine, seen = _keys(",".join(post.getlist("dependencies"))), _keys(post.get("seen"))
        mine_named, seen_named = _keys(",".join(post.getlist("assets"))), _keys(post.get("seen_assets"))
        form.initial.update(
            dependencies=(covered | (mine - seen)) - (seen - mine),
            assets=(named | (mine_named - seen_named)) - (seen_named - mine_named),
        )
        form.initial.update(
            {name: post.get(name, "") for name in form.fields if name.startswith(("more_", "asset_"))}
        )
        return form

    def coverage_page(
        self, agreement: Agreement, form: CoverageForm, error: str = "", status: int = 200
    ) -> HttpResponse:
        system = agreement.system_id
        boxes = form.boxes("dependencies", form.rows)
        return self.page(
            {
                "object": agreement,
                "form": form,
                "error": error,
                "own": [box for box in boxes if box[0].source_id == system],
                "others": [box for box in boxes if box[0].source_id != system],
                "named": form.boxes("assets", form.named),
                "seen": _joined(form.ticked),
                "seen_assets": _joined(form.named_keys),
                "reason": self.request.POST.get("reason", ""),
                "today": timezone.localdate(),
                "cancel_url": self.url("detail", agreement),
            },
            status=status,
        )


def _keys(text: str | None) -> set[int]:
    return {
        int(key) for key in (text or "").split(",") if key.isascii() and key.isdecimal() and len(key) < 19
    }


def _joined(keys: Iterable[int]) -> str:
    return ",".join(map(str, sorted(keys)))


@require_safe
def dependency_lookup(request: HttpRequest) -> JsonResponse:
    """``?q=``: dependencies as the type-ahead fields want them. 403 when the user may not see dependencies."""
    if not may(request.user, "view", Dependency):
        raise PermissionDenied
    return JsonResponse({"results": lookup_dependencies(request.GET.get("q", ""))})


__all__ = ["AgreementCoverage", "dependency_lookup"]
