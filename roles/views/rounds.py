"""/bekraeftelser/: FOI asks those responsible to confirm their systems, and sees who has not answered."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.functional import cached_property

from foi_portal.core import history
from foi_portal.core.permissions import may
from foi_portal.ui import conflicts, export, formats, views
from foi_portal.ui.tables import Row, Table
from registry.models import System
from roles import confirming, rounds
from roles.filters.confirmation import RoundAssetFilter, RoundChoice, RoundFilter
from roles.forms.confirmation import RoundForm
from roles.models import Assignment, ConfirmationRound
from roles.rounds import Asked
from roles.tables.confirmation import EXPORTED, ITEM_COLUMNS, ROUND_COLUMNS

SHOWN = 200  # names in the preview
MOST_ADDRESSES = 1000
PERIOD = datetime.timedelta(days=28)  # the deadline that is proposed
CLOSED = "Runden er afsluttet og kan ikke rettes."


class RoundView(views.ModelView):
    model = ConfirmationRound
    url_base = "round"
    lookup = "pk"
    create_label = "Ny bekræftelsesrunde"

    @cached_property
    def today(self) -> datetime.date:
        return timezone.localdate()


class RoundList(RoundView, views.ListView):
    columns = ROUND_COLUMNS
    filterset_class = RoundFilter
    default_sort = "-started_on"
    importable = False

    def get_queryset(self) -> QuerySet[Any]:
        return rounds.with_counts(super().get_queryset().filter(archived_at=None))


class RoundDetail(RoundView):
    """How far the round is, per department, and each system with its answer or who is asked for one."""

    template_name = "roles/round_detail.html"

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().select_related("started_by")

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        obj = self.get_object()
        items = rounds.items_of(obj, self.today)
        filterset = RoundAssetFilter(request.GET, queryset=items, request=request)
        table = Table.choose(ITEM_COLUMNS, request.GET, "state")
        writer = export.ROW_FORMATS.get(request.GET.get("_export", ""))
        if writer is not None:
            return writer(f"bekræftelser-{obj.pk}", EXPORTED, self.exported(table.ordered(filterset.qs)))
        whole, parts = rounds.progress(items)
        size = next((size for size in views.SIZES if request.GET.get("size") == str(size)), views.SIZES[1])
        page = views.paginate(table.ordered(filterset.qs).values_list("pk", flat=True), request.GET, size)
        shown = list(table.values(table.ordered(filterset.qs.filter(pk__in=list(page.object_list)))))
        addresses = self.addresses(filterset.qs) if obj.closed_on is None else []
        return self.page(
            {
                "object": obj,
                "may_change": may(request.user, "change", obj) and obj.closed_on is None,
                "may_assign": may(request.user, "add", Assignment),
                "is_over": obj.closed_on is None and obj.deadline < self.today,
                "whole": whole,
                "parts": parts,
                "filter": filterset,
                "table": table,
                "page": page,
                "size": size,
                "sizes": views.SIZES,
                "body": table.body(self.with_people(shown)),
                "addresses": addresses[:MOST_ADDRESSES],
                "address_count": len(addresses),
                "tab": "overview",
            }
        )

    def asked(self, assets: Iterable[int]) -> dict[int, Asked]:
        """Who is asked about each, for those who may see it."""
        keys = list(assets)
        if not keys or not may(self.request.user, "view", Assignment):
            return {}
        return dict(rounds.asked_about(keys, self.today))

    def with_people(self, rows: Sequence[Row]) -> Iterator[Row]:
        asked = self.asked(row["asset_id"] for row in rows)
        may_assign = may(self.request.user, "add", Assignment)
        for row in rows:
            context = {"asked": asked.get(row["asset_id"]), "row": row, "may_assign": may_assign}
            yield {**row, "people": render_to_string("roles/round_people.html", context)}

    def addresses(self, items: QuerySet[Any]) -> list[str]:
        """The e-mail addresses of those asked about what the filter shows and is unanswered, each once."""
        waiting = items.filter(state=rounds.WAITING).order_by("asset__name", "pk")
        asked = self.asked(waiting.values_list("asset_id", flat=True))
        return sorted({address for one in asked.values() for address in one.addresses})

    def exported(self, items: QuerySet[Any]) -> Iterator[list[Any]]:
        rows = list(
            items.values_list(
                "asset__code", "asset__name", "asset__department__code", "asset__department__name", "state",
                "answered_at", "answered_by__username", "comment", "asset__confirmed_on", "asset_id",
            )
        )  # fmt: skip
        asked = self.asked(row[-1] for row in rows)
        for *values, asset in rows:
            one = asked.get(asset, Asked())
            names = "; ".join(contact.name for contact, _ in one.people)
            yield [*values, names, "; ".join(one.addresses)]


class RoundCreate(RoundView):
    """GET and POST ``step=vis`` show a choice of systems; ``step=start`` asks just those that were shown."""

    action = "add"
    template_name = "roles/round_create.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.choose(RoundChoice(request.GET, queryset=System.objects.all(), request=request))

    def post(self, request: HttpRequest) -> HttpResponse:
        choice = RoundChoice(request.POST, queryset=System.objects.all(), request=request)
        if not choice.systems:
            nobody = "Ingen fagsystemer passer til valget. Vælg bredere."
            if not System.objects.current().exists():
                nobody = "Der er ingen fagsystemer at bekræfte endnu. Opret eller importér dem først."
            return self.choose(choice, nobody if choice.form.is_valid() else "", status=422)
        step = request.POST.get("step")
        if step == "vis":
            initial = {"title": f"Årlig bekræftelse {self.today.year}", "deadline": self.today + PERIOD}
            return self.preview(choice, RoundForm(initial=initial, on=self.today))
        return self.start(choice) if step == "start" else self.choose(choice)

    def start(self, choice: RoundChoice) -> HttpResponse:
        form = RoundForm(self.request.POST, on=self.today)
        if not form.is_valid():
            return self.preview(choice, form, status=422)
        if confirming.fingerprint(choice.systems) != self.request.POST.get("seen"):
            changed = (
                "Listen er ændret, siden du så den. Se den igennem igen; det, du har skrevet, står her endnu."
            )
            return self.preview(choice, form, changed, status=409)
        try:
            made = confirming.start_round(
                actor=self.request.user,  # type: ignore[arg-type]
                **{name: form.cleaned_data[name] for name in ("title", "message", "deadline")},
                systems=choice.systems,
                chosen_by=choice.words,
                on=self.today,
            )
        except confirming.Refused as refused:
            return self.preview(choice, form, str(refused), status=422)
        messages.success(self.request, f"{made} er startet. Fristen er {formats.date(made.deadline)}.")
        return HttpResponseRedirect(made.get_absolute_url())

    def choose(self, choice: RoundChoice, error: str = "", status: int = 200) -> HttpResponse:
        return self.page(
            {"choice": choice, "error": error, "form": choice.form if status == 422 else None}, status
        )

    def preview(
        self, choice: RoundChoice, form: RoundForm, error: str = "", status: int = 200
    ) -> HttpResponse:
        self.template_name = "roles/round_preview.html"
        systems = choice.systems
        nobody = rounds.without_anybody(systems, self.today)
        return self.page(
            {
                "choice": choice,
                "form": form,
                "error": error,
                "systems": systems[:SHOWN],
                "count": len(systems),
                "rest": len(systems) - SHOWN,
                "nobody": nobody[:SHOWN],
                "nobody_count": len(nobody),
                "nobody_rest": len(nobody) - SHOWN,
                "seen": confirming.fingerprint(systems),
            },
            status,
        )


class RoundUpdate(RoundView, views.UpdateView):
    """Title, message and deadline; the list is frozen. A round that is closed stays as it is."""

    fieldsets = (("Om runden", ("title", "deadline", "message")),)
    wide = ("title",)

    def form_class(self, *args: Any, **kwargs: Any) -> RoundForm:  # type: ignore[override]
        return RoundForm(*args, on=self.today, **kwargs)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        return self.closed(obj) if obj.closed_on else super().get(request, **kwargs)

    def save_guarded(self, request: HttpRequest) -> HttpResponse:
        obj = self.get_object()
        return self.closed(obj) if obj.closed_on else super().save_guarded(request)

    def closed(self, obj: ConfirmationRound) -> HttpResponse:
        messages.error(self.request, CLOSED)
        return HttpResponseRedirect(obj.get_absolute_url())


class RoundClose(RoundView):
    action = "change"
    template_name = "roles/round_close.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.ask(self.get_object())

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        try:
            confirming.close_round(
                chosen=obj,
                actor=request.user,  # type: ignore[arg-type]
                on=self.today,
                version=conflicts.submitted_version(request.POST) or 0,
                reason=history.tidy(request.POST.get("reason", "")),
            )
        except confirming.Refused as refused:
            return self.ask(self.get_object(), str(refused), status=409)
        messages.success(request, f"{obj} er afsluttet.")
        return HttpResponseRedirect(obj.get_absolute_url())

    def ask(self, obj: ConfirmationRound, error: str = "", status: int = 200) -> HttpResponse:
        whole, _ = rounds.progress(rounds.items_of(obj, self.today))
        reason = self.request.POST.get("reason", "")
        return self.page({"object": obj, "whole": whole, "error": error, "reason": reason}, status)


class RoundHistory(RoundView, views.HistoryView):
    pass
