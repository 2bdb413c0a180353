"""``/budget/<year>/forbrug/``: what was spent month by month, one posting typed in, and placing what fits no line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from budgets import posting
from budgets.forms.actuals import PlaceForm, PostingForm
from budgets.importing.actuals import MONTH_NAMES
from budgets.models import Actual, ActualImport, BudgetLine
from budgets.views.postings import PostingPage
from foi_portal.core.money import ZERO
from foi_portal.core.permissions import may
from foi_portal.ui.views import paginate

RECENT = 20
LINES, SHOWN = 100, 200


class ActualList(PostingPage):
    """Months × lines, the latest files, and how much waits to be placed. ``?komponent=`` finds lines."""

    template_name = "budgets/actuals_list.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        mine = Actual.objects.filter(year=self.year).order_by()
        placed, waiting = by_month(mine.filter(line__isnull=False)), by_month(mine.filter(line=None))
        asked = request.GET.get("komponent", "").replace("\0", " ").strip()[:100]
        page = self.lines(asked)
        sums: dict[int, dict[int, Decimal]] = defaultdict(dict)
        shown = mine.filter(line__in=[line.pk for line in page.object_list]).values_list("line", "month")
        for line, month, total in shown.annotate(total=Sum("amount")):
            sums[line or 0][month] = total
        return self.page(
            {
                "months": [(number, name[:3]) for number, name in enumerate(MONTH_NAMES, 1)],
                "page": page,
                "asked": asked,
                "table": [
                    (line, months(sums[line.pk]), sum(sums[line.pk].values(), ZERO))
                    for line in page.object_list
                ],
                "placed": months(placed),
                "total": sum(placed.values(), ZERO),
                "waiting": months(waiting) if any(waiting.values()) else None,
                "waiting_total": sum(waiting.values(), ZERO),
                "waiting_count": posting.unplaced(self.year).count() if waiting else 0,
                "closed": self.closed(),
                "may_book": may(self.user, "add", Actual) and not self.closed(),
                "imports": ActualImport.objects.filter(year=self.year).select_related("by", "year")[:RECENT],
            }
        )

    def lines(self, asked: str) -> Page[BudgetLine]:
        """A page of the lines on which something is booked, archived ones too."""
        booked = Actual.objects.filter(year=self.year, line=OuterRef("pk"))
        lines = BudgetLine.objects.filter(Exists(booked), year=self.year).select_related("component", "unit")
        for word in asked.split():
            lines = lines.filter(Q(component__name__icontains=word) | Q(component__code__icontains=word))
        ordered = lines.order_by("component__name", "component__code", "cost_type", "funding", "pk")
        return paginate(ordered, self.request.GET, LINES)


def by_month(rows: Any) -> dict[int, Decimal]:
    return dict(rows.values_list("month").annotate(total=Sum("amount")))


def months(totals: Mapping[int, Decimal]) -> list[tuple[int, Decimal | None]]:
    return [(month, totals.get(month)) for month in range(1, 13)]


class ActualCreate(PostingPage):
    """One posting, typed in."""

    action = "add"
    template_name = "budgets/actuals_form.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        today = timezone.localdate()
        month = today.month if today.year == self.year.year else 12
        initial = {"month": month, "line": request.GET.get("linje", "")[:300]}
        return self.page({"form": PostingForm(self.year, initial=initial), "closed": self.closed()})

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        form = PostingForm(self.year, request.POST)
        if form.is_valid():
            try:
                booked = posting.book_typed(**form.cleaned_data, on=timezone.localdate())
            except posting.Refused as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, f"Posteringen på {booked.line} er gemt.")
                return self.to("actual-list")
        return self.page({"form": form, "closed": ""}, status=422)


class ActualsUnplaced(PostingPage):
    """Postings that fitted no line, and the line that they are to be put on."""

    template_name = "budgets/actuals_unplaced.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.show(PlaceForm(self.year))

    def show(
        self, form: PlaceForm, error: str = "", chosen: set[str] | None = None, status: int = 0
    ) -> HttpResponse:
        rows = posting.unplaced(self.year)
        found = rows.aggregate(count=Count("pk"), total=Sum("amount"))
        page = Paginator(rows.order_by("account", "month", "pk"), SHOWN).get_page(
            self.request.GET.get("page")
        )
        closed = self.closed()
        context = {
            "form": form,
            "error": error,
            "rows": page,
            **found,
            "chosen": chosen or set(),
            "closed": closed,
            "may_place": not closed and may(self.user, "change", Actual),
        }
        return self.page(context, status=status or (422 if error or form.errors else 200))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not may(self.user, "change", Actual):
            raise PermissionDenied
        form = PlaceForm(self.year, request.POST)
        chosen = {key for key in request.POST.getlist("row") if key.isdecimal() and len(key) < 19}
        valid = form.is_valid()
        if not chosen:
            return self.show(form, "Vælg mindst én række.")
        if not valid:
            return self.show(form, chosen=chosen)
        if form.cleaned_data["remember"] and not may(self.user, "change", BudgetLine):
            raise PermissionDenied
        try:
            count, account = posting.place(
                year=self.year,
                keys={int(key) for key in chosen},
                on=timezone.localdate(),
                **form.cleaned_data,
            )
        except posting.Refused as refused:
            return self.show(form, str(refused), chosen, status=409)
        noted = f" Kontostrengen {account} huskes på linjen." if account else ""
        what = "1 række er" if count == 1 else f"{count} rækker er"
        messages.success(request, f"{what} placeret på {form.cleaned_data['line']}.{noted}")
        return self.to("actual-unplaced")
