"""/gevinster/mulige/: the gains that the portal thinks there may be; each is registered or rejected once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from budgets import possible_gains
from budgets.forms.gains import PossibleForm, RejectForm
from budgets.models import Gain, GainState
from budgets.possible_gains import Possible, Section
from foi_portal.core import history
from foi_portal.core.money import to_cents
from foi_portal.core.permissions import may
from foi_portal.ui.export import ROW_FORMATS
from foi_portal.ui.filters import tags_of
from foi_portal.ui.forms import SEPARATOR
from foi_portal.ui.tables import listing
from foi_portal.ui.views import paginate
from registry import queries
from registry.models import Asset, Kind

SHOWN = 5  # rows of each before «Alle»
PAGE = 25
MACHINE_COLUMNS = (
    "key", "finder", "kind", "asset_code", "asset_name", "system_code", "department_code", "criticality", "yearly",
    "reason",
)  # fmt: skip


class PossibleGains(View):
    """All finders with their first rows, or with ``?fund=`` one of them with all its rows in pages.

    ``?asset=`` keeps what is about one asset and its modules, ``?hoejst=`` is how few users are hardly any.
    """

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if not may(request.user, "view", Gain):
            raise PermissionDenied
        form = PossibleForm(request.GET)
        asset = form.cleaned_data.get("asset")
        found = possible_gains.sections(timezone.localdate(), form.limit, self.concerning(form))
        one = next((each for each in found if each.finder.name == request.GET.get("fund", "")), None)
        writer = ROW_FORMATS.get(request.GET.get("_export", ""))
        if writer is not None:
            return writer("mulige-gevinster", MACHINE_COLUMNS, _machine([one] if one else found))
        context: dict[str, Any] = {
            "section": "gain",
            "form": form,
            "tags": tags_of(form, request.GET, {"asset": str(asset)} if asset else {}),
            "total": sum(map(len, found)),
            "one": one,
            "fund": one.finder.name if one else "",
        }
        if one is not None:
            page = paginate(one.items, request.GET, PAGE)
            rows = one.tell((page.number - 1) * PAGE, page.number * PAGE)
            context |= {"page": page, "shown": [(one, self.rows(rows), "")]}
        else:
            context["shown"] = [
                (each, self.rows(each.tell(0, SHOWN)), self.address(each)) for each in found if len(each)
            ]
            context["fine"] = [each for each in found if not len(each)]
        return render(request, "budgets/gains_possible.html", context)

    def concerning(self, form: PossibleForm) -> frozenset[int] | None:
        """The asset that was asked for, with its modules; none when there is no such asset, None when all are."""
        asset = form.cleaned_data.get("asset")
        if asset is None:
            return frozenset() if form.has_error("asset") else None
        return frozenset(queries.modules_below(asset.code) if asset.kind == Kind.COMPONENT else [asset.pk])

    def address(self, section: Section) -> str:
        """Where all rows of a finder are, with what the page is asked besides."""
        params = self.request.GET.copy()
        params.pop("page", None)
        params["fund"] = section.finder.name
        return f"?{params.urlencode()}"

    def rows(self, told: Sequence[Possible]) -> list[tuple[Possible, str]]:
        """Each with the address of the form for a new gain, filled in; empty for who may not add one."""
        if not may(self.request.user, "add", Gain):
            return [(row, "") for row in told]
        return [(row, new_gain(row)) for row in told]


def new_gain(row: Possible) -> str:
    """The form for a new gain with what is known of the possible one."""
    params = {
        "asset": f"{row.gains.code}{SEPARATOR}{row.gains.name}",
        "kind": row.kind.value,
        "text": row.reason,
        "finding": row.key,
    }
    if row.harvester is not None:
        params["organisation"] = f"{row.harvester.code}{SEPARATOR}{row.harvester.name}"
    return listing(reverse("gain-create"), **params)


def _machine(found: Sequence[Section]) -> Iterator[tuple[Any, ...]]:
    for section in found:
        for row in section.tell():
            yield (
                row.key,
                section.finder.name,
                row.kind.value,
                row.gains.code,
                row.gains.name,
                row.user.code if row.user else None,
                row.harvester.code if row.harvester else None,
                row.user.criticality if row.user else None,
                None if row.kroner is None else to_cents(row.kroner),
                row.reason,
            )


class RejectGain(View):
    """A possible gain that is none, with the reason: kept as a gain in that state, so it is not found again."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may(request.user, "add", Gain):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        judged = self.judged(key)
        if judged is not None:
            return judged
        return self.page(RejectForm(), self.found(key))

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        judged = self.judged(key)
        if judged is not None:
            return judged
        row, form = self.found(key), RejectForm(request.POST)
        if not form.is_valid():
            return self.page(form, row, status=422)
        asset = Asset.objects.get(pk=row.gains.key)
        reason = form.cleaned_data["reason"]
        text = f"{row.reason}\n\nIkke en gevinst, fordi: {reason}"
        gain = Gain(asset=asset, kind=row.kind, text=text[:5000], state=GainState.REJECTED, finding=key)
        try:
            with history.recording(reason=reason[:500]):
                gain.save()
        except IntegrityError:  # somebody was first in this very moment
            return self.judged(key) or self.page(form, row, status=409)
        messages.success(request, "Den mulige gevinst er afvist og foreslås ikke igen.")
        return HttpResponseRedirect(reverse("gain-possible"))

    def judged(self, key: str) -> HttpResponse | None:
        """Away to the gain that the possible one was made, if somebody has done so."""
        gain = Gain.objects.current().filter(finding=key).first()
        if gain is None:
            return None
        messages.info(self.request, "Den mulige gevinst er allerede registreret eller afvist. Her er den.")
        return HttpResponseRedirect(gain.get_absolute_url())

    def found(self, key: str) -> Possible:
        row = possible_gains.by_key(key, timezone.localdate())
        if row is None:
            raise Http404("Den mulige gevinst er der ikke længere.")
        return row

    def page(self, form: RejectForm, row: Possible, status: int = 200) -> HttpResponse:
        context = {"section": "gain", "form": form, "row": row, "cancel_url": reverse("gain-possible")}
        return render(self.request, "budgets/gains_reject.html", context, status=status)


__all__ = ["PossibleGains", "RejectGain"]
