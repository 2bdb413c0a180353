"""/oprydning/: what is not as it should be in the registry, who puts it right, and by when."""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from coordination.hygiene import KINDS, counts, deeds, kind_of, running
from coordination.hygiene.filters import FindingFilter
from coordination.hygiene.forms import AcceptForm, OwnerForm
from coordination.hygiene.tables import FINDING_COLUMNS, due_words
from coordination.models import Finding, FindingState
from foi_portal.core.models import User
from foi_portal.core.permissions import may
from foi_portal.ui import conflicts, views
from foi_portal.ui.tables import listing


class FindingView(views.ModelView):
    """What all pages of findings know. The address names a finding by its key."""

    model = Finding  # type: ignore[assignment]  # it closes itself instead of being archived
    url_base = "finding"
    lookup = "pk"

    @property
    def today(self) -> datetime.date:
        return timezone.localdate()

    @property
    def user(self) -> User:
        assert isinstance(self.request.user, User)  # noqa: S101 - nobody else comes past the login
        return self.request.user

    def page(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        return super().page({"today": self.today, **context}, status)


class FindingList(FindingView, views.ListView):
    """What waits, filtered; above it how many of each kind."""

    template_name = "coordination/finding_list.html"
    columns = FINDING_COLUMNS
    filterset_class = FindingFilter
    default_sort = "due_on"
    bulk = True
    importable = False
    creatable = False

    def get_queryset(self) -> Any:
        return Finding.objects.with_state(timezone.localdate())

    def total(self) -> int:
        return Finding.objects.waiting(self.today).count()

    def page(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        filtered = bool(context["filter"].tags)
        address = reverse("finding-list")
        more = {
            "title": "Oprydning",
            "tiles": [] if filtered else counts.per_kind(self.today),
            "totals": counts.total(Finding.objects.all(), self.today),
            "overdue_url": listing(address, overdue=1),
            "accepted_url": listing(address, state=FindingState.ACCEPTED),
            "closed_url": listing(address, state=FindingState.CLOSED),
            "run": running.standing(timezone.now()),
            "may_change": may(self.request.user, "change", Finding),
            "kinds": KINDS,
        }
        return super().page({**context, **more}, status)


class FindingDetail(FindingView):
    """One finding: what, why it matters, how it is put right, and what can be done with it here."""

    template_name = "coordination/finding_detail.html"

    def get_queryset(self) -> Any:
        return Finding.objects.select_related(
            "asset__department", "dependency__source", "dependency__target", "agreement", "certificate",
            "owner", "accepted_by",
        )  # fmt: skip

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.show(self.get_object("view"))

    def show(self, obj: Finding, refused: deeds.Refused | None = None) -> HttpResponse:
        kind, state = kind_of(obj.kind), obj.state_on(self.today)
        acts = kind.acts(obj) if kind is not None and state != FindingState.CLOSED else ()
        again = Finding.objects.filter(kind=obj.kind, key=obj.key).exclude(pk=obj.pk).order_by("-found_at")
        return self.page(
            {
                "object": obj,
                "kind": kind,
                "state": state,
                "acts": [act for act in acts if self.is_allowed(act.permission, obj)],
                "due": due_words(obj.due_on, state, self.today),
                "overdue": obj.is_overdue(self.today),
                "again": list(again[:10]),
                "refused": refused,
                "reason": self.request.POST.get("reason", ""),
                "may_change": may(self.request.user, "change", obj),
                "list_of_kind": listing(reverse("finding-list"), kind=obj.kind),
                "tab": "overview",
            },
            status=409 if refused is not None else 200,
        )

    def is_allowed(self, permission: str, obj: Finding) -> bool:
        """Whether the user has the permission, as such or for the asset that it is about."""
        user = self.request.user
        return not permission or user.has_perm(permission) or user.has_perm(permission, obj.asset)


class FindingDeed(FindingDetail):
    """Something done to a finding as it was seen (its version); else its page says why not, with 409."""

    action = "change"

    def seen(self, obj: Finding) -> dict[int, int]:
        return {obj.pk: conflicts.submitted_version(self.request.POST) or 0}


class FindingAccept(FindingDeed):
    """Let it rest until a day for a reason."""

    template_name = "coordination/finding_accept.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        initial = {"until": obj.accepted_until, "reason": obj.accepted_reason}
        return self.form_page(obj, AcceptForm(on=self.today, initial=initial))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        form = AcceptForm(request.POST, on=self.today)
        if not form.is_valid():
            return self.form_page(obj, form, status=422)
        try:
            deeds.accept(self.seen(obj), **form.cleaned_data, actor=self.user, on=self.today)
        except deeds.Refused as refused:
            self.template_name = FindingDetail.template_name
            return self.show(self.get_object(), refused)
        messages.success(request, "Punktet er accepteret og vises ikke som åbent imens.")
        return HttpResponseRedirect(obj.get_absolute_url())

    def form_page(self, obj: Finding, form: Any, status: int = 200) -> HttpResponse:
        closed = obj.closed_at is not None
        context = {"object": obj, "form": form, "closed": closed, "cancel_url": obj.get_absolute_url()}
        return self.page(context, status)


class FindingOwner(FindingAccept):
    """Choose who puts it right, or leave it to the roles again."""

    template_name = "coordination/finding_owner.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        initial = {"owner": obj.owner if obj.owner_chosen else None}
        return self.form_page(obj, OwnerForm(on=self.today, initial=initial))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        form = OwnerForm(request.POST, on=self.today)
        if not form.is_valid():
            return self.form_page(obj, form, status=422)
        try:
            deeds.choose_owner(self.seen(obj), **form.cleaned_data, actor=self.user, on=self.today)
        except deeds.Refused as refused:
            self.template_name = FindingDetail.template_name
            return self.show(self.get_object(), refused)
        owner = self.get_object().owner
        messages.success(request, f"{owner or 'FOI'} er nu ansvarlig for punktet.")
        return HttpResponseRedirect(obj.get_absolute_url())


class FindingTakeBack(FindingDeed):
    """Let an accepted finding be open again at once."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        try:
            deeds.take_back(self.seen(obj), actor=self.user, reason=request.POST.get("reason", ""))
        except deeds.Refused as refused:
            return self.show(self.get_object(), refused)
        messages.success(request, "Accepten er taget tilbage, og punktet er åbent igen.")
        return HttpResponseRedirect(obj.get_absolute_url())


class FindingHistory(FindingView, views.HistoryView):
    template_name = "coordination/finding_history.html"


class FindingRun(FindingView):
    """How the check goes, and running it at once. Asked for by htmx, only the part that changes."""

    recording_exempt = True  # the job has its own transaction
    template_name = "coordination/finding_run.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        if request.headers.get("HX-Request"):
            self.template_name = "coordination/finding_run_body.html"
        return self.page(
            {"run": running.standing(timezone.now()), "may_change": may(request.user, "change", Finding)}
        )

    def post(self, request: HttpRequest) -> HttpResponseBase:
        if not may(request.user, "change", Finding):
            raise PermissionDenied
        running.run_now(timezone.now())
        if not settings.CELERY_TASK_ALWAYS_EAGER:
            return HttpResponseRedirect(reverse("finding-run"))
        row = running.standing(timezone.now())["row"]
        if row.error:
            messages.error(request, "Gennemgangen fejlede. Intet er ændret.")
        else:
            messages.success(request, f"Gennemgangen er færdig: {row.summary}.")
        return HttpResponseRedirect(reverse("finding-list"))


__all__ = [
    "FindingAccept",
    "FindingDetail",
    "FindingHistory",
    "FindingList",
    "FindingOwner",
    "FindingRun",
    "FindingTakeBack",
]
