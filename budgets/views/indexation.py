"""``/budget/<year>/aendringer/pl/``: a per cent on many lines at once, shown line by line before it is proposed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from budgets import adjusting
from budgets.forms.adjustments import IndexForm
from budgets.models import CostType
from budgets.views.adjustments import AdjustmentPage
from foi_portal.core.money import ZERO


class AdjustmentIndexation(AdjustmentPage):
    """The per cent and the types give the lines; lines can be left out by taking their tick away."""

    action = "add"
    template_name = "budgets/adjustments_indexation.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        number = self.year.year
        initial = {
            "on": timezone.localdate(),
            "reason": f"PL-fremskrivning {number}",
            "types": CostType.values,
        }
        return self.form_page(IndexForm(self.year, initial=initial))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        form = IndexForm(self.year, request.POST)
        if not form.is_valid():
            return self.form_page(form, status=422)
        if "propose" not in request.POST:
            return self.form_page(form)
        try:
            made = adjusting.propose_indexation(
                year=self.year,
                lines=self.keys("line"),
                seen=request.POST.get("seen", ""),
                actor=self.user,
                **form.cleaned_data,
            )
        except adjusting.Refused as refused:
            form.add_error(None, str(refused))
            return self.form_page(form, status=422)
        messages.success(
            request,
            f"PL-fremskrivning på {made.entries.count()} linjer er foreslået og venter på kontorchefen.",
        )
        return HttpResponseRedirect(self.url("detail", made))

    def keys(self, name: str) -> set[int]:
        return {int(key) for key in self.request.POST.getlist(name) if key.isdecimal() and len(key) < 19}

    def form_page(self, form: IndexForm, status: int = 200) -> HttpResponse:
        """With the lines, when the form says which per cent. A line that has lost its tick stays without."""
        found: dict[int, adjusting.Indexed] = {}
        data = getattr(form, "cleaned_data", {})
        if data.get("percent") is not None and data.get("types"):
            found = adjusting.indexation(self.year, data["percent"], data["types"])
        shown = {int(key) for key in self.request.POST.get("shown", "").split(",") if key.isdecimal()}
        ticked = found.keys() - (shown - self.keys("line"))
        chosen = form["types"].value() or []
        context = {
            "form": form,
            "types": [(value, label, value in chosen) for value, label in CostType.choices],
            "rows": [(key, line, line.revised + line.amount, key in ticked) for key, line in found.items()],
            "shown": ",".join(map(str, found)),
            "seen": adjusting.digest(found),
            "ticked": len(ticked),
            "amount": sum((found[key].amount for key in ticked), ZERO),
            "calculated": bool(data.get("percent") and data.get("types")),
            "cancel_url": self.url("list"),
        }
        return self.page(context, status)
