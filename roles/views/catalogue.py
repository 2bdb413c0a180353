"""/roller/: the roles of the catalogue in force."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from foi_portal.core import history
from foi_portal.core.danish import sort_key
from foi_portal.core.models import Change
from foi_portal.core.permissions import may
from foi_portal.ui import views
from registry.models import Asset, Organisation
from roles import occupancy, people_html
from roles.coverage import GRAVITY, Cover, Post, Seat, State
from roles.filters.catalogue import RoleFilter
from roles.forms.catalogue import RoleForm
from roles.models import Assignment, Part, Role, RoleEdition, RoleRequirement, Verified
from roles.occupancy import Occupancy, Rule
from roles.tables.catalogue import ROLE_COLUMNS

SHOWN = 60  # seats on a role's page
STATES = {
    State.FILLED: ("Dækket", ""),
    State.DEPUTY_MISSING: ("Stedfortræder mangler", "badge-warning"),
    State.EXPIRING: ("Udløber", "badge-info"),
    State.LEFT: ("Fratrådt", "badge-error"),
    State.VACANT: ("Ledig", "badge-error"),
}
# What the source stands behind, in plain words: the rest is FOI's proposal and must not pass for a quotation.
CONFIRMED = {
    Verified.NAME_AND_TASKS: "Kilden bekræfter navn og opgaver. Antal indehavere og stedfortræder er FOI's forslag.",
    Verified.NAME: "Kilden bekræfter kun navnet. Opgaver og antal er FOI's forslag.",
    Verified.TASK: "Kilden bekræfter kun opgaven. Navn og antal er FOI's forslag.",
    Verified.FUNCTION: "Kilden bekræfter kun, at funktionen findes. Navn, opgaver og antal er FOI's forslag.",
    Verified.UNVERIFIED: "Ingen kilde bekræfter rollen. Navn, opgaver og antal er FOI's forslag.",
}


class RoleView(views.ModelView):
    model = Role
    url_base = "role"
    create_label = "Ny rolle"


def _count(rows: QuerySet[Any], what: str = "pk") -> Coalesce:
    """How many different ``what`` the role has among ``rows``."""
    counted = rows.filter(role=OuterRef("pk")).order_by().values("role")
    number = counted.annotate(n=Count(what, distinct=True)).values("n")
    return Coalesce(Subquery(number, output_field=IntegerField()), Value(0))


class RoleList(RoleView, views.ListView):
    template_name = "roles/role_list.html"
    columns = ROLE_COLUMNS
    filterset_class = RoleFilter
    default_sort = "name"

    def get_queryset(self) -> Any:
        holders = Assignment.objects.serving(timezone.localdate()).filter(part=Part.HOLDER)
        required = RoleRequirement.objects.current()
        return (
            super()
            .get_queryset()
            .annotate(required_count=_count(required), holder_count=_count(holders, "person"))
        )

    def page(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        return super().page(
            {"may_add_edition": may(self.request.user, "add", RoleEdition), **context}, status
        )


@dataclass(frozen=True)
class Line:
    """A seat as a role's page shows it. ``word`` is empty where the role is not required."""

    name: str
    url: str
    word: str
    css: str
    note: str
    holders: Sequence[SafeString]
    deputies: Sequence[SafeString]


class RoleDetail(RoleView, views.DetailView):
    template_name = "roles/role_detail.html"

    def get_context(self, obj: Role) -> dict[str, Any]:
        there = occupancy.at(timezone.localdate())
        rules = {rule.requirement: rule for rule in there.rules if rule.role == obj.pk}
        required = list(obj.requirements.current().select_related("asset")[: SHOWN + 1])
        seats = _Seats(there, list(rules.values()))
        return {
            "tab": "overview",
            "confirmed": CONFIRMED[Verified(obj.verified)],
            "may_require": may(self.request.user, "add", RoleRequirement) and not obj.is_archived,
            "may_change_requirements": may(self.request.user, "change", RoleRequirement),
            "required": [
                (row, len(rules[row.pk].scopes) if row.pk in rules else 0) for row in required[:SHOWN]
            ],
            "more_required": len(required) > SHOWN,
            "lines": seats.lines(),
            "more": seats.more,
            "elsewhere": seats.elsewhere(obj.pk),
            "counts": seats.counts(),
            "coverage_url": address("coverage", f"?role={obj.code}"),
            "assign_url": address("assignment-create", f"?role={obj.code}")
            if may(self.request.user, "add", Assignment) and not obj.is_archived
            else "",
            "handover_url": address("role-handover", "", obj.code),
        }


def address(name: str, query: str, *args: Any) -> str:
    """A page's address with its query, empty when the portal has no such page."""
    try:
        return f"{reverse(name, args=args)}{query}"
    except NoReverseMatch:
        return ""


class _Seats:
    """One role's required seats on a day, those that need action first. There may be 10,000, most of them vacant."""

    def __init__(self, there: Occupancy, rules: Sequence[Rule]) -> None:
        self.there = there
        self.rules = rules
        self.covers: list[tuple[Seat, Cover]] = []
        self.outside: dict[Seat, tuple[str, str]] = {}
        self.more = 0
        untouched: list[tuple[Rule, Seat]] = []
        for rule in rules:
            for scope in rule.scopes:
                seat = rule.seat(scope)
                if seat in there.roster.posts:
                    self.covers.append((seat, there.cover(rule, seat)))
                elif len(untouched) < SHOWN:
                    untouched.append((rule, seat))
        self.touched = len(self.covers)
        self.vacant = sum(len(rule) for rule in rules) - self.touched
        self.covers += [(seat, there.cover(rule, seat)) for rule, seat in untouched]

    def counts(self) -> list[tuple[str, int]]:
        """How many seats are in each state, worst first; states without any are left out."""
        found = dict.fromkeys(GRAVITY, 0)
        for _, cover in self.covers[: self.touched]:
            found[cover.state] += 1
        found[State.VACANT] += self.vacant
        return [(STATES[state][0], count) for state, count in found.items() if count]

    def lines(self) -> list[Line]:
        ordered = sorted(self.covers, key=lambda pair: (not pair[1].holders, GRAVITY.index(pair[1].state)))
        shown = ordered[:SHOWN]
        self.more = self.touched + self.vacant - len(shown)
        return [self.line(seat, cover) for seat, cover in shown]

    def line(self, seat: Seat, cover: Cover) -> Line:
        word, css = STATES[cover.state]
        name, url = self.scope(seat)
        deputies = self.there.roster.deputies(seat, self.there.on)  # also those who are away, which is said
        return Line(name, url, word, css, _note(cover), self.people(cover.holders), self.people(deputies))

    def elsewhere(self, role: int) -> list[Line]:
        """Where somebody has the role without it being required."""
        there = self.there
        found = []
        for seat in there.roster.posts:
            if seat.role != role or seat in there.demands:
                continue
            holders = there.roster.holders(seat, there.on)
            deputies = there.roster.deputies(seat, there.on)
            if holders or deputies:
                found.append((seat, holders, deputies))
        self.outside.update(_outside(there, [seat for seat, _, _ in found[:SHOWN]]))
        lines = [
            Line(*self.scope(seat), "", "", "", self.people(holders), self.people(deputies))
            for seat, holders, deputies in found[:SHOWN]
        ]
        return sorted(lines, key=lambda line: sort_key(line.name))

    def people(self, posts: Iterable[Post]) -> list[SafeString]:
        return [
            people_html.person(
                post.person, self.there.people[post.person].name, people_html.absent(self.there, post)
            )
            for post in posts
        ]

    def scope(self, seat: Seat) -> tuple[str, str]:
        """The scope's name and address."""
        if seat in self.outside:
            return self.outside[seat]
        if seat.asset is not None:
            asset = self.there.assets[seat.asset]
            return asset.name, reverse(f"{asset.kind}-detail", args=[asset.code])
        if seat.organisation is not None:
            unit = self.there.departments[seat.organisation]
            return unit.name, reverse("organisation-detail", args=[unit.code])
        return "Hele kommunen", ""


def _outside(there: Occupancy, seats: Sequence[Seat]) -> dict[Seat, tuple[str, str]]:
    """Name and address of the scopes that the picture has not: out of use, or no department. Two queries at most."""
    found: dict[Seat, tuple[str, str]] = {}
    assets = {seat.asset for seat in seats if seat.asset is not None} - there.assets.keys()
    units = {seat.organisation for seat in seats if seat.organisation is not None} - there.departments.keys()
    names: dict[tuple[int | None, int | None], tuple[str, str]] = {}
    for asset in Asset.objects.filter(pk__in=assets) if assets else ():
        names[asset.pk, None] = f"{asset} (ude af brug)", asset.get_absolute_url()
    for unit in Organisation.objects.filter(pk__in=units) if units else ():
        names[None, unit.pk] = str(unit), unit.get_absolute_url()
    for seat in seats:
        if seat.scope in names:
            found[seat] = names[seat.scope]
    return found


def _note(cover: Cover) -> str:
    if cover.vacant_days is not None:
        days = (
            f"i {cover.vacant_days} dag{'' if cover.vacant_days == 1 else 'e'}"
            if cover.vacant_days
            else "fra i dag"
        )
        return f"{days}, mangler {cover.lacking}" if cover.lacking > 1 or cover.holders else days
    return ""


class RoleForms(RoleView, views.FormView):
    form_class = RoleForm
    wide = ("name", "source")
    fieldsets = (
        ("Rollen", ("name", "code", "level", "phase", "description")),
        ("Hvor den kommer fra", ("source", "source_version", "verified")),
    )


class RoleCreate(RoleForms, views.CreateView):
    pass


class RoleUpdate(RoleForms, views.UpdateView):
    pass


class RoleArchive(RoleView, views.ArchiveView):
    def in_the_way(self, obj: Role) -> list[Any]:
        ongoing = Assignment.objects.not_over(timezone.localdate()).filter(role=obj)
        return list(ongoing.select_related("person", "role", "asset", "organisation")[:20])


class RoleRestore(RoleArchive):
    restore = True


class RoleHistory(RoleView, views.HistoryView):
    def changes(self, obj: Role) -> QuerySet[Change]:
        """The role's own and those of its requirements."""
        keys = list(obj.requirements.values_list("pk", flat=True))
        mine = Q(table=RoleRequirement._meta.db_table, row_id__in=keys)
        return history.changes_of(obj) | Change.objects.filter(mine)


__all__ = [
    "RoleArchive",
    "RoleCreate",
    "RoleDetail",
    "RoleHistory",
    "RoleList",
    "RoleRestore",
    "RoleUpdate",
]
