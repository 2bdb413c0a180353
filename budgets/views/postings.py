"""``/budget/<year>/forbrug/posteringer/``: the single postings behind the sums, and putting right one that is wrong."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from budgets import correcting, posting
from budgets.filters.actuals import PostingFilter
from budgets.forms.actuals import MoveForm
from budgets.importing.actuals import MONTH_NAMES
from budgets.models import Actual
from budgets.tables.actuals import POSTING_COLUMNS
from budgets.views.year import YearPage
from budgets.words import exact
from foi_portal.core import history
from foi_portal.core.history import reading
from foi_portal.core.permissions import may
from foi_portal.ui import conflicts, formats, views


class PostingPage(YearPage):
    model = Actual
    url_base = "actual"
    create_label = "Skriv en postering"

    def url(self, verb: str, obj: Any = None) -> str:
        return super().url("postings" if verb == "list" else verb, obj)

    def closed(self) -> str:
        """Why nothing can be booked, in Danish; empty when it can."""
        try:
            posting.refuse_unbookable(self.year, timezone.localdate())
        except posting.Refused as refused:
            return str(refused)
        return ""


class PostingList(PostingPage, views.ListView):
    template_name = "budgets/actuals_postings.html"
    columns = POSTING_COLUMNS
    filterset_class = PostingFilter
    default_sort = "-month"
    naming = ("text", "account")
    importable = False

    def total(self) -> int:
        return Actual.objects.filter(year=self.year).count()

    def page(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        if self.closed():
            context["create_url"] = ""
        return super().page({**context, "title": f"Posteringer {self.year.year}"}, status)


class PostingDetail(PostingPage):
    """What the posting says and where it stands, with what can be done about it."""

    template_name = "budgets/actuals_posting.html"

    def get_queryset(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset()
        return rows.select_related(
            "year", "line__component", "line__unit", "batch__year", "reverses__year", "reversed_by__year"
        )

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.show(self.get_object(), MoveForm(self.year))

    def show(
        self, obj: Actual, form: MoveForm, error: str = "", heading: str = "", status: int = 200
    ) -> HttpResponse:
        cancelled = obj.reverses is not None or hasattr(obj, "reversed_by")
        closed = self.closed()
        same = 0
        if obj.account and not cancelled:
            alike = Actual.objects.filter(year=self.year, line=obj.line, account=obj.account).standing()
            same = alike.exclude(pk=obj.pk).count()
        changes = history.changes_of(obj).select_related("actor")
        return self.page(
            {
                "object": obj,
                "form": form,
                "error": error,
                "heading": heading,
                "month": MONTH_NAMES[obj.month - 1],
                "cancelled": cancelled,
                "closed": closed,
                "same": same,
                "may_correct": not closed and not cancelled and may(self.user, "change", obj),
                "entries": reading.readable(changes, self.user, formats.plain),
                "reason": self.request.POST.get("reason", ""),
                "may_change": False,
            },
            status,
        )


class PostingDeed(PostingDetail):
    """A correction is posted to its own address."""

    http_method_names = ("post", "options")
    action = "change"


class PostingMove(PostingDeed):
    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        form = MoveForm(self.year, request.POST)
        if not form.is_valid():
            return self.show(obj, form, status=422)
        line = form.cleaned_data["line"]
        try:
            count = correcting.move(
                posting=obj,
                version=conflicts.submitted_version(request.POST),
                line=line,
                alike=form.cleaned_data["alike"],
                reason=history.tidy(request.POST.get("reason", "")),
                on=timezone.localdate(),
                actor=self.user,
            )
        except posting.Refused as refused:
            return self.show(self.get_object(), form, str(refused), "Intet er flyttet", 409)
        what = "Posteringen er" if count == 1 else f"{formats.plain(count)} posteringer er"
        messages.success(request, f"{what} flyttet til {line}.")
        return HttpResponseRedirect(self.url("detail", obj))


class PostingReverse(PostingDeed):
    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        reason = history.tidy(request.POST.get("reason", ""))
        try:
            opposite = correcting.reverse(
                posting=obj,
                version=conflicts.submitted_version(request.POST),
                reason=reason,
                on=timezone.localdate(),
                actor=self.user,
            )
        except posting.Refused as refused:
            status = 409 if reason else 422
            return self.show(
                self.get_object(), MoveForm(self.year), str(refused), "Intet er tilbageført", status
            )
        messages.success(request, f"Posteringen er tilbageført med {exact(opposite.amount)} kr.")
        return HttpResponseRedirect(self.url("detail", obj))
