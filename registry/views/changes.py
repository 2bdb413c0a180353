"""``/landskab/forskel/``: what differs between the landscapes of two days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from foi_portal.core.danish import sort_key
from foi_portal.core.history import reading, to_python
from foi_portal.core.models import Change
from foi_portal.core.permissions import may
from foi_portal.ui import export, formats
from foi_portal.ui.forms import DateField, shorten
from foi_portal.ui.tables import label
from foi_portal.ui.views import paginate
from registry import differences, landscape, past
from registry.differences import MODELS, Comparison, How, Item, Type, content
from registry.models import AlternativeGroup, Asset, Criticality, Dependency, Kind
from registry.views.dates import month_before

PAGE = 50
SHOWN_EFFECTS = 8
TYPES = {
    Type.SYSTEM: "Fagsystem",
    Type.COMPONENT: "Komponent",
    Type.DEPENDENCY: "Afhængighed",
    Type.ALTERNATIVES: "Alternativer",
    Type.EFFECT: "Virkning",
}
PLURALS = {
    Type.SYSTEM: "Fagsystemer",
    Type.COMPONENT: "Komponenter",
    Type.DEPENDENCY: "Afhængigheder",
    Type.ALTERNATIVES: "Alternativer",
    Type.EFFECT: "Virkninger",
}
HOWS = {
    How.CAME: "Kommet til",
    How.GONE: "Gået ud",
    How.CHANGED: "Ændret",
    How.BEGAN: "Trådt i kraft",
    How.ENDED: "Udløbet",
}
BADGES = {How.CAME: "badge-success", How.BEGAN: "badge-success", How.GONE: "badge-warning"}
BADGES |= {How.ENDED: "badge-warning", How.CHANGED: "badge-info"}
FIELDS = {
    differences.CRITICALITY: "Arvet kritikalitet",
    differences.SINGLE_POINT: "Fagsystemer, der stopper med den",
}
HEAD = ("change", "type", "code", "name", "field", "before", "after")


class ChangesForm(forms.Form):
    fra = DateField(label="Fra", required=False)
    til = DateField(label="Til", required=False)


@dataclass(frozen=True)
class Line:
    """An item ready to be shown. ``kind`` is that of the asset it belongs to."""

    item: Item
    home: str
    kind: str
    code: str
    name: str
    url: str
    differences: list[reading.Difference]

    @property
    def type(self) -> str:
        return self.kind if self.item.type is Type.EFFECT else TYPES[self.item.type]

    @property
    def how(self) -> str:
        return HOWS[self.item.how]

    @property
    def badge(self) -> str:
        return BADGES[self.item.how]


class LandscapeChanges(View):
    """``/landskab/forskel/``: counts on two days, what came, went and changed, and what it means for failures."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if not all(may(request.user, "view", model) for model in (Asset, Dependency, AlternativeGroup)):
            raise PermissionDenied
        today, first = timezone.localdate(), past.first_day()
        form = ChangesForm(request.GET if request.GET.get("fra") or request.GET.get("til") else None)
        context: dict[str, Any] = {"section": "landscape", "form": form, "first": first, "today": today}
        if first is None or (form.is_bound and not form.is_valid()):
            return self.page(context)
        chosen = form.cleaned_data if form.is_bound else {}
        later = chosen.get("til") or max(today, chosen.get("fra") or today)
        earlier = chosen.get("fra") or month_before(later)
        asked = earlier, later
        earlier, later = sorted(max(day, first) for day in asked)
        context |= {
            "earlier": earlier,
            "later": later,
            "swapped": asked[0] > asked[1],
            "clipped": min(asked) < first,
            "too_early": [day for day in (chosen.get("fra"), chosen.get("til")) if day and day < first],
            "form": ChangesForm(initial={"fra": earlier, "til": later}),
        }
        if earlier == later:
            return self.page(context)
        found = differences.compare(earlier, later)
        departments = owners(found)
        filters = self.filters(request, departments)
        rows = ordered(found, filters)
        writer = export.ROW_FORMATS.get(request.GET.get("_export", ""))
        if writer is not None:
            return writer(f"forskel {earlier} {later}", HEAD, exported(found, rows))
        listed, effects = rows, [item for item in rows if item.type is Type.EFFECT]
        if filters.get("kind") is not Type.EFFECT:
            listed = [item for item in rows if item.type is not Type.EFFECT]
        page = paginate(listed, request.GET, PAGE)
        alone = filters.get("kind") is None and "change" not in filters and page.number == 1
        shown = list(lines(found, [*page.object_list, *(effects[:SHOWN_EFFECTS] if alone else [])]))
        return self.page(
            context
            | {
                "page": page,
                "lines": shown[: len(page.object_list)],
                "effects": shown[len(page.object_list) :],
                "effects_count": len(effects),
                "counts": counted(found),
                "departments": departments,
                "kinds": PLURALS.items(),
                "hows": HOWS.items(),
                "filters": filters,
                "unknown": [
                    shorten(request.GET[name])
                    for name in ("department", "kind", "change")
                    if request.GET.get(name) and name not in filters
                ],
            }
        )

    def page(self, context: dict[str, Any]) -> HttpResponse:
        return render(self.request, "registry/changes.html", context)

    def filters(self, request: HttpRequest, departments: dict[str, str]) -> dict[str, Any]:
        """The filters that mean something, by parameter."""
        params, found = request.GET, {}
        code = params.get("department", "").strip().upper()
        if code in departments:
            found["department"] = code
        if params.get("kind") in list(Type):
            found["kind"] = Type(params["kind"])
        if params.get("change") in list(How):
            found["change"] = How(params["change"])
        return found


def owners(found: Comparison) -> dict[str, str]:
    """The departments that own a fagsystem on one of the days: name by code, by name."""
    owning = {}
    for there in (found.before, found.after):
        for facts in there.assets.values():
            if facts.is_system and (owner := there.organisations.get(facts.department or 0)):
                owning[owner.code] = owner.name
    return dict(sorted(owning.items(), key=lambda pair: sort_key(pair[1])))


def ordered(found: Comparison, filters: dict[str, Any]) -> list[Item]:
    """The items that pass the filters, by what they are listed under, type and name."""
    places: dict[int, tuple[Any, ...]] = {}
    homes: dict[str, str] = {}
    types = list(Type)

    def place(item: Item) -> tuple[Any, ...]:
        if item.asset not in places:
            home, facts = found.home(item.asset), found.facts(item.asset)
            homes.setdefault(home, sort_key(home))
            places[item.asset] = (not home, homes[home], sort_key(facts.name) if facts else "")
        empty, home, name = places[item.asset]
        return (empty, home, types.index(item.type), name, item.asset, item.key, item.field)

    return sorted((item for item in found.items if _passes(found, item, filters)), key=place)


def _passes(found: Comparison, item: Item, filters: dict[str, Any]) -> bool:
    return (
        filters.get("kind", item.type) == item.type
        and filters.get("change", item.how) == item.how
        and ("department" not in filters or found.department(item.asset) == filters["department"])
    )


def counted(found: Comparison) -> list[dict[str, Any]]:
    """The table of counts: per type how many on each day, and how many of each change."""

    def assets(there: landscape.Landscape, systems: bool) -> int:
        return sum(facts.is_system == systems for facts in there.assets.values())

    days = {
        Type.SYSTEM: (assets(found.before, True), assets(found.after, True)),
        Type.COMPONENT: (assets(found.before, False), assets(found.after, False)),
        Type.DEPENDENCY: found.dependencies,
        Type.ALTERNATIVES: (len(found.before.groups), len(found.after.groups)),
    }
    return [
        {
            "type": type_,
            "label": PLURALS[type_],
            "before": before,
            "after": after,
            "hows": [(how, HOWS[how], found.counts[type_, how]) for how in How],
            "live": (found.before.graph.edge_count, found.after.graph.edge_count)
            if type_ is Type.DEPENDENCY
            else None,
        }
        for type_, (before, after) in days.items()
    ]


def lines(found: Comparison, items: Iterable[Item]) -> Iterator[Line]:
    """The items as people read them. A handful of queries, however many items."""
    items = list(items)
    written = [item for item in items if item.type is not Type.EFFECT]
    changes = {pk for item in written for pk in (item.was, item.now) if pk is not None}
    states = {
        pk: (MODELS[table], to_python(MODELS[table], after or {}))
        for pk, table, after in Change.objects.filter(pk__in=changes).values_list("pk", "table", "after")
    }
    rewritten = [item for item in written if item.how is How.CHANGED]
    told = reading.differences(
        (
            (states[item.was][0], content(states[item.was][1]), content(states[item.now][1]))  # type: ignore[index]
            for item in rewritten
        ),
        formats.plain,
    )
    texts = dict(zip(rewritten, told, strict=True))
    ends = {key for item in items for key in (item.asset, item.target) if key is not None}
    assets = Asset.objects.in_bulk(ends)
    keys = [item.key for item in items if item.type is Type.DEPENDENCY]
    there = set(Dependency.objects.filter(pk__in=keys).values_list("pk", flat=True))

    def named(key: int, item: Item) -> tuple[str, str]:
        facts = found.facts(key) or assets.get(key)
        if facts is None and item.type in (Type.SYSTEM, Type.COMPONENT):
            state = states[item.was][1]  # type: ignore[index]
            return state["code"], state["name"]
        return (facts.code, facts.name) if facts else ("", f"Nr. {key}")

    for item in items:
        code, name = named(item.asset, item)
        url = assets[item.asset].get_absolute_url() if item.asset in assets else ""
        if item.type is Type.DEPENDENCY and item.target is not None:
            target_code, target = named(item.target, item)
            code, name = f"{code} > {target_code}", f"{name} → {target}"
            url = reverse("dependency-detail", args=[item.key]) if item.key in there else ""
        elif item.type is Type.ALTERNATIVES:
            group = states[(item.now if item.how is not How.GONE else item.was) or 0][1]
            name = f"{name}: {group['name']}"
        differ = texts.get(item, [])
        if item.type is Type.EFFECT:
            differ = [_effect(item)]
        facts = found.facts(item.asset)
        kind = label(Kind, facts.kind) if facts else ""
        yield Line(item, found.home(item.asset), kind, code, name, url, differ)


def _effect(item: Item) -> reading.Difference:
    def shown(value: int | None) -> str:
        if item.field == differences.CRITICALITY:
            return label(Criticality, value) if value is not None else "Ingen"
        return formats.plain(value)

    return reading.Difference(FIELDS[item.field], shown(item.was), shown(item.now), column=item.field)


def exported(found: Comparison, items: list[Item]) -> Iterator[tuple[Any, ...]]:
    """One row per field that changed, and one per item without. Values as the page shows them."""
    for start in range(0, len(items), 2000):
        for line in lines(found, items[start : start + 2000]):
            head = (str(line.item.how), str(line.item.type), line.code, line.name)
            for differ in line.differences or [reading.Difference("", "", "")]:
                yield (*head, differ.column, differ.before, differ.after)
