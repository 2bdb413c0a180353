"""``/historik/``: everything that changed, who did it and why, and one act (a change set) as a whole."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.views import View

from budgets.models import (
    Adjustment,
    AssumptionValue,
    BudgetLine,
    BudgetResponsibility,
    BudgetYear,
    Estimate,
    Forecast,
    Gain,
    Price,
    PriceModel,
    Sharing,
    YearDecision,
)
from foi_portal.core.history import reading, tracked_models, undoing
from foi_portal.core.models import Change, User
from foi_portal.core.permissions import may
from foi_portal.ui import formats
from foi_portal.ui.views import paginate
from registry.models import Agreement, AlternativeGroup, Asset, Certificate, Dependency, Organisation
from roles.models import Absence, Assignment, Person, Role, RoleEdition, RoleRequirement

PAGE = 50
SHOWN_OF_SET = 5
WINDOW = 1000


@dataclass(frozen=True)
class Act:
    """Changes made in one go, newest first. ``count`` is how many of them the window or page holds."""

    change_set: uuid.UUID
    entries: list[reading.Entry]
    count: int

    @property
    def first(self) -> reading.Entry:
        return self.entries[0]

    @property
    def hidden(self) -> int:
        return self.count - len(self.entries)


REGISTRY = (Asset, Dependency, AlternativeGroup, Organisation, Agreement)
# What the front page tells of. People, absences and answers to rounds are not news for everybody
# (docs/personal-data.md); an app further up adds its tables here, and who may not view one sees none of its changes.
NEWS = (*REGISTRY, Certificate, Role, RoleEdition, RoleRequirement, Assignment)
# What can be put back as it was. An edition taken into use cannot: a later one is taken into use instead. Nothing of
# the budgets can: an old amount or state would go round the year's approval and its adjustments. A draft's line is
# corrected, an approved year is reopened or adjusted, and each of these is a decision with a name on it.
UNDOABLE = (*REGISTRY, Person, Absence, Assignment, Role, RoleRequirement)
BUDGETS = (
    BudgetYear,
    YearDecision,
    BudgetLine,
    Estimate,
    Adjustment,
    Forecast,
    PriceModel,
    Price,
    AssumptionValue,
    Sharing,
    BudgetResponsibility,
    Gain,
)
# What the history can be filtered by; of these everybody is offered what they may view.
FILTERED = (*UNDOABLE, *BUDGETS)


@dataclass(frozen=True)
class Headline:
    """An act in one line: its newest change, of how many; ``entry`` only when it is the one change."""

    change: Change
    count: int
    entry: reading.Entry | None

    @property
    def who(self) -> str:
        return str(self.change.actor or "Systemet")


def news(user: User | AnonymousUser, limit: int) -> list[Headline]:
    """The last ``limit`` acts among the newest thousand changes of ``NEWS`` that the user may see.

    Two queries, and one per kind of row that a single change names: acts of several changes name none.
    """
    changes = Change.objects.filter(table__in=[model._meta.db_table for model in NEWS])
    window = list(reading.visible_to(user, changes).values_list("id", "change_set")[:WINDOW])
    counts: dict[uuid.UUID, int] = {}
    first: dict[uuid.UUID, int] = {}
    for key, change_set in window:
        counts[change_set] = counts.get(change_set, 0) + 1
        first.setdefault(change_set, key)
    chosen = list(first.values())[:limit]
    rows = list(Change.objects.filter(pk__in=chosen).select_related("actor"))
    single = [change for change in rows if counts[change.change_set] == 1]
    entries = {entry.change.pk: entry for entry in reading.readable(single, user, formats.plain)}
    return [Headline(row, counts[row.change_set], entries.get(row.pk)) for row in rows]


def acts(changes: list[Change], user: User | AnonymousUser) -> list[Act]:
    """A page of changes with neighbours of the same act put together and long acts shortened."""
    entries = reading.readable(changes, user, formats.plain)
    grouped = ((key, list(group)) for key, group in groupby(entries, key=lambda e: e.change_set))
    return [Act(key, group[:SHOWN_OF_SET], len(group)) for key, group in grouped]


class HistoryList(View):
    """Newest first, filtered by person, kind, noun and dates. Pages go by key, so a million rows cost the same."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if not may(request.user, "view", Asset):
            raise PermissionDenied
        changes = self.filtered(reading.visible_to(request.user, Change.objects.all()), request.GET)
        page = list(changes[: PAGE + 1])
        more = page[PAGE - 1].pk if len(page) > PAGE else None
        tables = [
            (model._meta.db_table, model._meta.verbose_name_plural)
            for model in FILTERED
            if request.user.has_perm(reading.permission(model))
        ]
        context = {
            "section": "history",
            "acts": acts(page[:PAGE], request.user),
            "more": more,
            "kinds": Change.Kind.choices,
            "tables": tables,
            "people": self.people([table for table, _ in tables]),
            "chosen": request.GET,
            "filtered": any(request.GET.get(k) for k in ("hvem", "slags", "hvad", "fra", "til")),
        }
        return render(request, "pages/history.html", context)

    def people(self, tables: list[str]) -> QuerySet[User]:
        """Those who have changed something that the reader may see, by name."""
        own = Change.objects.filter(actor=OuterRef("pk"), table__in=tables)
        return User.objects.filter(Exists(own)).order_by("first_name", "last_name", "username")[:500]

    def filtered(self, changes: QuerySet[Change], params: Any) -> QuerySet[Change]:
        if params.get("slags") in Change.Kind.values:
            changes = changes.filter(kind=params["slags"])
        if params.get("hvem", "").isdecimal():
            person = params["hvem"]
            changes = changes.filter(actor=int(person)) if len(person) < 10 else changes.none()
        if params.get("hvad") in {model._meta.db_table for model in tracked_models()}:
            changes = changes.filter(table=params["hvad"])
        for name, lookup in (("fra", "at__date__gte"), ("til", "at__date__lte")):
            try:
                day = parse_date(params.get(name, ""))
            except ValueError:
                day = None
            if day:
                changes = changes.filter(**{lookup: day})
        if params.get("foer", "").isdecimal():
            changes = changes.filter(pk__lt=int(params["foer"][:18]))
        return changes.order_by("-id")


class ChangeSetDetail(View):
    """One act with all its changes; undone with a button while nothing newer has touched its rows."""

    def visible(self, request: HttpRequest, change_set: uuid.UUID) -> QuerySet[Change]:
        changes = reading.visible_to(request.user, Change.objects.filter(change_set=change_set))
        if not changes.exists():
            raise Http404("Ændringssættet findes ikke.")
        return changes.order_by("id")

    def may_undo(self, request: HttpRequest, change_set: uuid.UUID) -> bool:
        return self.may_change(request, change_set) and undoing.undoable(change_set)

    def may_change(self, request: HttpRequest, change_set: uuid.UUID) -> bool:
        """Whether the user may change every kind of row that the set touched, and all can be put back."""
        touched = undoing.touched_models(change_set)
        return all(
            model._meta.concrete_model in UNDOABLE and may(request.user, "change", model) for model in touched
        )

    def get(self, request: HttpRequest, change_set: uuid.UUID) -> HttpResponse:
        return self.show(request, change_set)

    def show(
        self, request: HttpRequest, change_set: uuid.UUID, refused: undoing.NotUndoable | None = None
    ) -> HttpResponse:
        page = paginate(self.visible(request, change_set), request.GET, 100)
        entries = reading.readable(page.object_list, request.user, formats.plain)
        context = {
            "section": "history",
            "page": page,
            "entries": entries,
            "first": entries[0],
            "may_undo": self.may_undo(request, change_set),
            "refused": refused,
        }
        return render(request, "pages/changeset.html", context, status=409 if refused else 200)

    def post(self, request: HttpRequest, change_set: uuid.UUID) -> HttpResponse:
        """Undo. Refused for sets that touch rows the user may not change."""
        self.visible(request, change_set)
        if not self.may_change(request, change_set):
            raise PermissionDenied
        assert isinstance(request.user, User)  # noqa: S101 - nobody else has the permission
        try:
            undone = undoing.undo(change_set, request.user, request.POST.get("reason", ""))
        except undoing.NotUndoable as error:
            return self.show(request, change_set, error)
        messages.success(request, f"{undone.rows} rækker er sat tilbage, som de var før.")
        return HttpResponseRedirect(reverse("changeset", args=[undone.change_set]))
