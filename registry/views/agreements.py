"""/aftaler/: what is agreed with whom about what, from request to end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from foi_portal.core import history
from foi_portal.core.permissions import may
from foi_portal.ui import formats, views
from registry.agreements import covering
from registry.agreements.filters import AgreementFilter
from registry.agreements.forms import AgreementForm, NewAgreementForm
from registry.agreements.starting import started
from registry.agreements.tables import AGREEMENT_COLUMNS, day_left, end_left, standing_badge
from registry.models import Agreement
from registry.views.agreement_steps import offered

SHOWN = 100  # dependencies on the agreement's page


class AgreementView(views.ModelView):
    model = Agreement
    url_base = "agreement"
    lookup = "pk"
    create_label = "Ny aftale"


class AgreementList(AgreementView, views.ListView):
    template_name = "registry/agreement_list.html"
    columns = AGREEMENT_COLUMNS
    filterset_class = AgreementFilter
    default_sort = "name"

    def get_queryset(self) -> Any:
        return covering.with_facts(Agreement.objects.all(), timezone.localdate())


class AgreementDetail(AgreementView, views.DetailView):
    template_name = "registry/agreement_detail.html"

    def get_queryset(self) -> Any:
        rows = super().get_queryset().select_related("system", "counterpart", "unit")
        return covering.with_facts(rows, timezone.localdate())

    def get_context(self, obj: Any) -> dict[str, Any]:
        today = timezone.localdate()
        covered = obj.dependencies.select_related("source", "target").order_by(
            "target__name", "source__name", "pk"
        )
        in_force = obj.is_in_force(today)
        return {
            "tab": "overview",
            "standing": standing_badge(obj.standing),
            "end": end_left(obj.valid_to, obj.status, today) if obj.valid_to else "",
            "notice": day_left(obj.notice_day, today)
            if obj.notice_day and not obj.has_expired(today)
            else "",
            "review": day_left(obj.review_day, today) if obj.review_day else "",
            "begins": formats.until(obj.valid_from, today)
            if obj.valid_from and obj.valid_from > today
            else "",
            "in_force": in_force,
            "covered": list(covered[:SHOWN]),
            "named": list(obj.assets.order_by("name", "code")[:SHOWN]),
            "steps": offered(obj) if may(self.request.user, "change", obj) else [],
            "today": today,
        }


class AgreementForms(AgreementView, views.FormView):
    form_class: Any = AgreementForm
    wide = ("name", "legal_basis", "purpose", "note", "url")
    fieldsets = (
        ("Aftalen", ("name", "kind", "number", "status", "environment")),
        ("Parter", ("system", "counterpart", "unit")),
        ("Hvad den dækker", ("covers", "about")),
        ("Formål og hjemmel", ("purpose", "legal_basis")),
        (
            "Datoer",
            (
                "requested_on",
                "decided_on",
                "valid_from",
                "valid_to",
                "notice_months",
                "review_months",
                "reviewed_on",
            ),
        ),
        ("Kendetegn", ("uuid", "service_uuid", "system_uuid", "case_number", "url", "note")),
    )


class AgreementCreate(AgreementForms, views.CreateView):
    """An address can say what it is for: ``?covers=<dependency>``, ``?system=KY``, ``?about=SF1520``."""

    form_class = NewAgreementForm

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.form_page(self.form_class(initial=self.first(request.GET)), None)

    def first(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return started(params, timezone.localdate())

    def save(self, form: Any) -> Any:
        """The agreement and what it covers, in one act."""
        with history.recording(reason=self.request.POST.get("reason", "")):
            return form.save()

    def after(self, obj: Any) -> str:
        """What it covers is the next question, where there is something to choose among."""
        chosen = obj.system is not None and not obj.dependencies.exists()
        return self.url("coverage" if chosen and covering.has_dependencies(obj.system) else "detail", obj)


class AgreementUpdate(AgreementForms, views.UpdateView):
    pass


class AgreementArchive(AgreementView, views.ArchiveView):
    pass


class AgreementRestore(AgreementArchive):
    restore = True


class AgreementHistory(AgreementView, views.HistoryView):
    pass
