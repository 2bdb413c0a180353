"""/oprydning/masseret/: accept many findings, or choose who puts them right, on just the rows that were shown."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from coordination.hygiene import deeds
from coordination.hygiene.forms import AcceptForm, OwnerForm
from coordination.models import Finding
from coordination.views.findings import FindingList, FindingView
from foi_portal.core.keys import among
from foi_portal.core.permissions import may
from foi_portal.ui import formats
from registry import bulk
from registry.views.bulk import BulkView

SHOWN = 20


class FindingBulk(FindingView, BulkView):
    """Choose what to do and do it: there is one step, for what it does is the same for every row.

    Which rows were shown travels through the browser signed, with their versions (``registry.bulk``).
    """

    list_view = FindingList
    template_name = "coordination/finding_bulk.html"

    def rows(self, keys: Collection[int]) -> list[Any]:
        """Those of the rows that are not put right yet."""
        if not may(self.user, "change", Finding):
            raise PermissionDenied
        return list(Finding.objects.open().filter(pk__in=among(keys)).order_by("due_on", "pk"))

    def start(self) -> HttpResponse:
        if not may(self.user, "change", Finding):
            raise PermissionDenied
        return super().start()

    def choose_page(self, rows: list[Any], form: Any, notice: str = "", status: int = 200) -> HttpResponse:
        selection = bulk.Selection(Finding, {row.pk: row.version for row in rows})  # type: ignore[arg-type]
        return self.forms_page(selection, rows, notice=notice, status=status)

    def form(self, **kwargs: Any) -> Any:
        """Each of the two forms has its own button; ``forms_page`` makes them."""
        return None

    def forms_page(
        self, selection: bulk.Selection, rows: list[Any], status: int = 200, **context: Any
    ) -> HttpResponse:
        named: dict[str, forms.Form] = {
            "accept": AcceptForm(on=self.today, prefix="accept"),
            "owner": OwnerForm(on=self.today, prefix="owner"),
        }
        context = {**named, "rows": rows[:SHOWN], "more": max(len(rows) - SHOWN, 0), **context}
        return self.bulk_page(context, selection, status)

    def post(self, request: HttpRequest) -> HttpResponse:
        if "token" not in request.POST:
            return self.start()
        selection = bulk.thaw(request.POST["token"], Finding, self.user)  # type: ignore[arg-type]
        rows = self.rows(selection.versions)
        act = "owner" if request.POST.get("act") == "owner" else "accept"
        form = {"owner": OwnerForm, "accept": AcceptForm}[act](request.POST, on=self.today, prefix=act)
        if not form.is_valid():
            return self.forms_page(selection, rows, status=422, errors=form, **{act: form})
        do = deeds.choose_owner if act == "owner" else deeds.accept
        try:
            do(selection.versions, **form.cleaned_data, actor=self.user, on=self.today)
        except deeds.Refused as refused:
            return self.forms_page(selection, rows, status=409, refused=str(refused), **{act: form})
        done = "har fået en ansvarlig" if act == "owner" else "er accepteret"
        messages.success(request, f"{self.count(len(selection.versions))} {done}.")
        return HttpResponseRedirect(self.list_with_filter())

    def count(self, number: int) -> str:
        return "1 punkt" if number == 1 else f"{formats.plain(number)} punkter"


__all__ = ["FindingBulk"]
