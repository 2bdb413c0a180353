"""``/budget/<year>/aendringer/``: the list, one adjustment with its decision, and proposing a new one."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils import timezone

from budgets import adjusting, line_names
from budgets.adjustment_rules import Entry, balance_fault
from budgets.filters.adjustments import AdjustmentFilter
from budgets.forms.adjustments import AdjustForm, AdjustRowForm
from budgets.forms.rows import BLANK_ROWS, MOST_ROWS, posted_rows
from budgets.models import Adjustment, AdjustmentEntry, AdjustmentKind, AdjustmentState
from budgets.rights import may_approve
from budgets.tables.adjustments import ADJUSTMENT_COLUMNS
from budgets.views.year import YearPage
from foi_portal.core import history
from foi_portal.core.models import Change
from foi_portal.core.money import ZERO
from foi_portal.core.permissions import may
from foi_portal.ui import views


class AdjustmentPage(YearPage):
    model = Adjustment
    url_base = "adjustment"
    create_label = "Ny budgetændring"

    def page(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        return super().page({"why_not": adjusting.why_not(self.year), **context}, status)


class AdjustmentList(AdjustmentPage, views.ListView):
    template_name = "budgets/adjustments_list.html"
    columns = ADJUSTMENT_COLUMNS
    filterset_class = AdjustmentFilter
    default_sort = "-on"
    importable = False

    def get_queryset(self) -> Any:
        return (
            super()
            .get_queryset()
            .annotate(
                amount=Sum("entries__amount"),
                added=Sum("entries__amount", filter=Q(entries__amount__gt=0)),
                lines=Count("entries"),
            )
        )

    def total(self) -> int:
        return Adjustment.objects.filter(year=self.year).count()

    def page(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        if adjusting.why_not(self.year):
            context["create_url"] = ""
        return super().page({**context, "title": f"Budgetændringer {self.year.year}"}, status)


class AdjustmentDetail(AdjustmentPage, views.DetailView):
    template_name = "budgets/adjustments_detail.html"

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("year", "proposed_by", "decided_by")

    def get_context(self, obj: Adjustment) -> dict[str, Any]:
        waits = obj.state == AdjustmentState.PROPOSED
        entries = list(
            obj.entries.select_related("line__component", "line__unit", "line__year").order_by(
                "line__component__name", "line__component__code", "line__cost_type", "line__funding", "pk"
            )
        )
        facts = adjusting.facts(self.year, [entry.line_id for entry in entries]) if waits else {}
        rows = []
        for entry in entries:
            now = facts[entry.line_id].revised if entry.line_id in facts else None
            rows.append((entry, now, None if now is None else now + entry.amount))
        may_propose = may(self.user, "add", Adjustment) and not adjusting.why_not(self.year)
        return {
            "may_change": False,  # what was proposed stands; it is decided, or withdrawn and written anew
            "tab": "overview",
            "waits": waits,
            "rows": rows,
            "amount": sum((entry.amount for entry in entries), ZERO),
            "may_decide": waits and may_approve(self.user),
            "may_withdraw": waits and adjusting.may_withdraw(self.user, obj),
            "may_copy": may_propose and not waits,
            "approved": obj.state == AdjustmentState.APPROVED,
        }


class AdjustmentDecision(AdjustmentDetail):
    """A decision is posted to its own address; a refused one shows the adjustment again with why."""

    http_method_names = ("post", "options")
    action = "change"
    done = ""

    def allowed(self, obj: Adjustment) -> bool:
        return may_approve(self.user)

    def decide(self, obj: Adjustment, note: str) -> None:
        adjusting.approve(adjustment=obj, note=note, actor=self.user)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        if not self.allowed(obj):
            raise PermissionDenied
        note = history.tidy(request.POST.get("note", ""))
        try:
            self.decide(obj, note)
        except adjusting.Refused as refused:
            now = self.get_object()
            status = 422 if now.state == AdjustmentState.PROPOSED else 409
            context = {"object": now, "error": str(refused), "note": note, **self.get_context(now)}
            return self.page(context, status)
        messages.success(request, f"{obj.get_kind_display()} «{obj.reason}» er {self.done}.")
        return HttpResponseRedirect(self.url("detail", obj))


class AdjustmentApprove(AdjustmentDecision):
    done = "godkendt og tæller nu med i det korrigerede budget"


class AdjustmentRefuse(AdjustmentDecision):
    done = "afvist"

    def decide(self, obj: Adjustment, note: str) -> None:
        adjusting.refuse(adjustment=obj, note=note, actor=self.user)


class AdjustmentWithdraw(AdjustmentDecision):
    done = "trukket tilbage"

    def allowed(self, obj: Adjustment) -> bool:
        return adjusting.may_withdraw(self.user, obj)

    def decide(self, obj: Adjustment, note: str) -> None:
        adjusting.withdraw(adjustment=obj, note=note, actor=self.user)


class AdjustmentHistory(AdjustmentPage, views.HistoryView):
    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("year")

    def changes(self, obj: Adjustment) -> QuerySet[Change]:
        entries = AdjustmentEntry.objects.filter(adjustment=obj).values("pk")
        return history.changes_of(obj) | Change.objects.filter(
            table=AdjustmentEntry._meta.db_table, row_id__in=entries
        )


class AdjustmentCreate(AdjustmentPage):
    """Rows of lines and amounts in one form. Without script there are empty rows, and a button for more of them."""

    action = "add"
    template_name = "budgets/adjustments_form.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        today = timezone.localdate()
        asked = request.GET.get("slags", "")
        initial = {
            "kind": asked if asked in AdjustmentKind.values else AdjustmentKind.SUPPLEMENT,
            "on": today,
        }
        rows: list[AdjustRowForm] = []
        if source := self.source():
            adjustment, sign = source
            again = "" if sign > 0 else "Tilbagefører: "
            initial |= {
                "kind": adjustment.kind,
                "reason": f"{again}{adjustment.reason}"[:500],
                "case_number": adjustment.case_number,
            }
            for entry in adjustment.entries.select_related("line__component", "line__unit").order_by("pk"):
                typed = {"line": line_names.written(entry.line), "amount": entry.amount * sign}
                rows.append(self.row(len(rows), initial=typed))
        elif line := request.GET.get("linje", ""):
            rows.append(self.row(0, initial={"line": line[:300]}))
        return self.form_page(AdjustForm(self.year, initial=initial), rows)

    def source(self) -> tuple[Adjustment, int] | None:
        """The adjustment whose rows are to be proposed again (``?fra=``) or turned round (``?modsat=``)."""
        for name, sign in (("fra", 1), ("modsat", -1)):
            key = self.request.GET.get(name, "")
            if key.isdecimal() and len(key) < 19:
                return get_object_or_404(self.get_queryset(), pk=key), sign
        return None

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        typed = posted_rows(request.POST, tuple(AdjustRowForm.base_fields))
        too_many = len(typed) > MOST_ROWS
        rows = [
            self.row(place, data={f"n{place}-{name}": value for name, value in values.items()})
            for place, values in enumerate(typed[:MOST_ROWS])
        ]
        form = AdjustForm(self.year, request.POST)
        if "more" in request.POST:
            return self.form_page(form, rows, judged=False, blank=len(rows) + BLANK_ROWS)
        AdjustRowForm.find_lines(rows)
        good = sum(row.is_valid() for row in rows) == len(rows)  # each is judged: all errors show at once
        self.tell_facts(rows)
        if too_many:
            form.add_error(
                None,
                f"Der er plads til {MOST_ROWS} linjer i en ændring. Del den, eller brug PL-fremskrivning.",
            )
        if "check" in request.POST:
            return self.form_page(form, rows, checked=True)
        if not form.is_valid() or not good or too_many:
            return self.form_page(form, rows, status=422)
        data = dict(form.cleaned_data)
        kind = AdjustmentKind(data.pop("kind"))
        entries = [Entry(row.cleaned_data["line"].pk, row.cleaned_data["amount"]) for row in rows]
        try:
            made = adjusting.propose(year=self.year, kind=kind, entries=entries, actor=self.user, **data)
        except adjusting.Refused as refused:
            for message in refused.faults.whole or ([] if refused.faults.rows else [str(refused)]):
                form.add_error(None, message)
            for place, fault in refused.faults.rows.items():
                rows[place].add_error(fault.part, fault.message)
            return self.form_page(form, rows, status=422)
        messages.success(request, f"{made.get_kind_display()} er foreslået og venter på kontorchefen.")
        return HttpResponseRedirect(self.url("detail", made))

    def row(self, number: int | str, **kwargs: Any) -> AdjustRowForm:
        return AdjustRowForm(self.year, prefix=f"n{number}", **kwargs)

    def tell_facts(self, rows: Sequence[AdjustRowForm]) -> None:
        """What the lines that are known have now."""
        keys = {row.cleaned_data["line"].pk for row in rows if row.cleaned_data.get("line")}
        facts = adjusting.facts(self.year, keys) if keys else {}
        for row in rows:
            line = row.cleaned_data.get("line")
            row.facts = facts.get(line.pk) if line else None

    def form_page(
        self,
        form: AdjustForm,
        rows: list[AdjustRowForm],
        *,
        status: int = 200,
        checked: bool = False,
        judged: bool = True,
        blank: int = 0,
    ) -> HttpResponse:
        """``judged``: errors are shown. ``checked``: what the amounts do is shown, and nothing else is said."""
        if not judged or checked:
            form = AdjustForm(self.year, initial=self.request.POST.dict())
        if not judged:
            rows = [self.row(place, initial=typed(row)) for place, row in enumerate(rows)]
        amounts: list[Decimal] = [
            amount
            for row in rows
            if row.is_bound and (amount := getattr(row, "cleaned_data", {}).get("amount")) is not None
        ]
        total = min(max(len(rows) + 2, blank, BLANK_ROWS), MOST_ROWS)
        kind = form["kind"].value()
        return self.page(
            {
                "form": form,
                "rows": rows + [self.row(place) for place in range(len(rows), total)],
                "blank": self.row("__prefix__"),
                "error_rows": sum(1 for row in rows if row.is_bound and row.errors),
                "checked": checked or status == 422,
                "amount": sum(amounts, ZERO),
                "balance": balance_fault(amounts) if kind == AdjustmentKind.TRANSFER else "",
                "cancel_url": self.url("list"),
            },
            status=status,
        )


def typed(row: AdjustRowForm) -> dict[str, Any]:
    return {name: row[name].data for name in row.fields}
