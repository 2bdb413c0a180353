"""What pages under ``/budget/<year>/`` share: who may see them, the year itself, and their addresses."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_safe

from budgets import line_names
from budgets.models import BudgetLine, BudgetYear, YearState
from foi_portal.core.models import User
from foi_portal.core.permissions import may
from foi_portal.ui.views import ModelView


class YearPage(ModelView):
    """A page of one year about ``model``'s rows of that year. Who may not is told so before it is known what exists."""

    model: Any  # also records that cannot be archived
    lookup = "pk"
    tab: ClassVar[str] = ""  # the URL name of the year's tab that it is under, when it is not the list
    year: BudgetYear
    user: User

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may(request.user, self.action, self.model) or not isinstance(request.user, User):
            raise PermissionDenied
        self.user = request.user
        self.year = get_object_or_404(BudgetYear, year=kwargs.pop("year"))
        return super().dispatch(request, *args, **kwargs)

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(year=self.year)

    def url(self, verb: str, obj: Any = None) -> str:
        return self.address(f"{self.url_base}-{verb}", *([] if obj is None else [obj.pk]))

    def address(self, name: str, *keys: int) -> str:
        """The address of a page of this year."""
        return reverse(name, args=[self.year.year, *keys])

    def to(self, name: str, *keys: int) -> HttpResponseRedirect:
        return HttpResponseRedirect(self.address(name, *keys))

    def page(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        shared = {
            "year": self.year,
            "is_closed": self.year.state == YearState.CLOSED,
            "section": "budget",
            "year_tab": self.tab or f"{self.url_base}-list",
        }
        return super().page(shared | context, status)


@require_safe
def line_lookup(request: HttpRequest) -> JsonResponse:
    """``?year=&q=``: the year's lines for type-ahead, as ``results`` with ``label``. 403 without the right to lines."""
    if not may(request.user, "view", BudgetLine):
        raise PermissionDenied
    number = request.GET.get("year", "")
    year = BudgetYear.objects.filter(year=number).first() if number.isdecimal() and len(number) < 5 else None
    labels = line_names.suggestions(line_names.lines_of(year), request.GET.get("q", "")) if year else []
    return JsonResponse({"results": [{"label": label} for label in labels]})


__all__ = ["YearPage", "line_lookup"]
