"""/gevinster/: the gains of the infrastructure, with what they are worth together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.functional import cached_property

from budgets import possible_gains
from budgets.filters.gains import LIVE, NO, YES, GainFilter
from budgets.forms.gains import GainCreateForm, GainForm
from budgets.gain_totals import GAINS, LIVE_STATES, Totals, totals
from budgets.gain_words import FINDERS
from budgets.models import CONSEQUENCES, Gain, GainState
from budgets.tables.gains import GAIN_COLUMNS, follow_up
from foi_portal.ui import views
from foi_portal.ui.tables import listing
from registry.models import Kind

STATES = (*LIVE_STATES, GainState.GIVEN_UP)
IN_PLURAL = {
    GainState.POSSIBLE: "Mulige",
    GainState.PLANNED: "Planlagte",
    GainState.REALISED: "Realiserede",
    GainState.GIVEN_UP: "Opgivne",
}


class GainView(views.ModelView):
    model = Gain
    url_base = "gain"
    lookup = "pk"
    create_label = "Ny gevinst"


class GainList(GainView, views.ListView):
    columns = GAIN_COLUMNS
    filterset_class = GainFilter
    default_sort = "asset"
    importable = False

    @cached_property
    def totals(self) -> Totals:
        return totals(timezone.localdate().year)

    def total(self) -> int:
        """What turned out to be no gain is not counted, as it is not shown either."""
        return self.totals.count

    def page(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        """With the totals above the list, each with the address of the rows that it counts."""
        self.template_name = "budgets/gains_list.html"
        found = possible_gains.sections(timezone.localdate())
        return super().page(
            {
                **context,
                "states": [
                    self._tally({"state": state}, IN_PLURAL[state], states=[state]) for state in STATES
                ],
                "kinds": [
                    ("Gevinster", [self._kind(kind) for kind in GAINS]),
                    ("Undgåede konsekvenser", [self._kind(kind) for kind in CONSEQUENCES]),
                ],
                "live_states": [IN_PLURAL[state] for state in LIVE_STATES],
                "all_live": self._tally({"state": LIVE}, "I alt", states=LIVE_STATES),
                "rejected": self._tally({"state": GainState.REJECTED}, "", states=[GainState.REJECTED]),
                "found": sum(map(len, found)),
            },
            status,
        )

    def _kind(self, kind: Any) -> dict[str, Any]:
        label = kind.label.removeprefix("Undgået: ")  # the heading says so
        label = label[0].upper() + label[1:]
        row = self._tally({"kind": kind.value, "state": LIVE}, label, states=LIVE_STATES, kinds=[kind])
        row["states"] = [
            self._tally({"kind": kind.value, "state": state}, IN_PLURAL[state], states=[state], kinds=[kind])
            for state in LIVE_STATES
        ]
        return row

    def _tally(self, params: dict[str, str], label: str, **which: Any) -> dict[str, Any]:
        """Some gains, and where they are: all, those with kroner that have not ended, and those without."""
        url = self.url("list")
        return {
            "label": label,
            "tally": self.totals.of(**which),
            "url": listing(url, **params),
            "amounts_url": listing(url, **params, amount=YES, ended=NO),
            "without_url": listing(url, **params, amount=NO),
        }


class GainDetail(GainView, views.DetailView):
    template_name = "budgets/gains_detail.html"

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("asset", "organisation")

    def get_context(self, obj: Gain) -> dict[str, Any]:
        found_as = obj.finding.partition("-")[0]
        return {
            "tab": "overview",
            "follow_up": follow_up(obj.follow_up_on, obj.state, timezone.localdate()),
            "found_as": next((finder for finder in FINDERS if finder.name == found_as), None),
            "is_component": obj.asset.kind == Kind.COMPONENT,
        }


class GainForms(GainView, views.FormView):
    template_name = "budgets/gains_form.html"
    wide = ("asset", "kind", "text", "organisation", "responsible")
    fieldsets: Sequence[tuple[str, Sequence[str]]] = (
        ("Gevinsten", ("asset", "kind", "text")),
        ("Kroner", ("yearly", "from_year", "to_year")),
        ("Hvem og hvornår", ("organisation", "responsible", "state", "follow_up_on")),
    )


class GainCreate(GainForms, views.CreateView):
    form_class = GainCreateForm


class GainUpdate(GainForms, views.UpdateView):
    form_class = GainForm


class GainArchive(GainView, views.ArchiveView):
    refused = (
        "Portalen har fundet den mulige gevinst igen, og den er registreret eller afvist på ny."
        " Ret den nye i stedet for at gendanne den gamle."
    )


class GainRestore(GainArchive):
    restore = True


class GainHistory(GainView, views.HistoryView):
    pass


__all__ = [
    "GainArchive",
    "GainCreate",
    "GainDetail",
    "GainHistory",
    "GainList",
    "GainRestore",
    "GainUpdate",
    "GainView",
]
