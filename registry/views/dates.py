"""``/…/paa-dato/``: an asset as it stood on an earlier day, and what differs between two days."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from foi_portal.core.danish import sort_key
from foi_portal.core.history import reading
from foi_portal.core.permissions import may
from foi_portal.ui import formats
from foi_portal.ui.forms import DateField
from foi_portal.ui.tables import label
from foi_portal.ui.views import ModelView
from registry import differences, past
from registry.differences import State, content
from registry.models import (
    Asset,
    Dependency,
    DependencyStatus,
    Direction,
    Importance,
)
from registry.views.components import ComponentView
from registry.views.systems import SystemView

SHOWN_LINKS = 200
SHOWN_DAYS = 8


def month_before(day: datetime.date) -> datetime.date:
    """The same day of the month before, or that month's last."""
    last = day.replace(day=1) - datetime.timedelta(days=1)
    return last.replace(day=min(day.day, last.day))


class OnDateForm(forms.Form):
    dato = DateField(label="Sådan så det ud", required=False)
    sammenlign = DateField(label="Sammenlign med", required=False)


@dataclass(frozen=True)
class Other:
    """The other end of a dependency: what it was called on the day, what it is called now if that differs."""

    name: str
    url: str = ""
    name_now: str = ""


@dataclass(frozen=True)
class Link:
    """A dependency as it was written on a day, ready to show. ``outgoing``: from the asset; ``over``: had ended."""

    url: str
    other: Other
    state: State
    outgoing: bool
    importance: str
    direction: str
    status: str
    over: bool


@dataclass(frozen=True)
class Seen:
    """An asset on a day. ``uses`` and ``used_by`` are the links from and to it, by the other end's name."""

    facts: list[reading.Difference]
    archived: datetime.datetime | None
    uses: list[Link]
    used_by: list[Link]


@dataclass(frozen=True)
class Between:
    """What differs for an asset between two days. ``links`` are those that came and went, under headings;
    ``changed`` are links as they became, with their differences."""

    earlier: datetime.date
    later: datetime.date
    facts: list[reading.Difference]
    links: list[tuple[str, list[Link]]]
    changed: list[tuple[Link, list[reading.Difference]]]

    @property
    def something(self) -> bool:
        return bool(self.facts or self.links or self.changed)


class OnDate(ModelView):
    """``?dato=`` and ``?sammenlign=``: the asset's facts and dependencies as the history has them."""

    template_name = "registry/on_date.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        today, days = timezone.localdate(), differences.days_written(obj.pk)
        first = days[-1] if days else None
        form = OnDateForm(request.GET)
        form.is_valid()
        on, other = form.cleaned_data.get("dato"), form.cleaned_data.get("sammenlign")
        if on is None and "dato" not in form.errors:
            on = max(month_before(today), first or today)
        if not form.errors:  # the dates as they are written in Danish
            form = OnDateForm(initial={"dato": on, "sammenlign": other})
        context: dict[str, Any] = {
            "object": obj,
            "form": form,
            "first": first,
            "today": today,
            "on": on,
            "other": other,
            "shortcuts": shortcuts(days, today),
            "may_change": may(request.user, "change", obj),
            "shown_count": SHOWN_LINKS,
            "shown_links": f":{SHOWN_LINKS}",
        }
        if on is not None and first is not None:
            wanted = {day for day in (on, other) if day is not None and day >= first}
            past_of = {
                day: (self.state(obj, day), differences.dependencies_of(obj.pk, day)) for day in wanted
            }
            if on < first:
                context["begins"] = past.first_day()
            ends = Ends.of(obj.pk, *(rows for _, rows in past_of.values()), on=on)
            if on in past_of:
                context["seen"] = seen(obj, on, *past_of[on], ends)
            if other is not None:
                context |= {"same": on == other, "too_early": len(past_of) < len({on, other})}
                if len(past_of) == 2:
                    earlier, later = sorted(past_of)
                    context["between"] = between(obj, earlier, later, past_of[earlier], past_of[later], ends)
        return self.page(context)

    def state(self, obj: Asset, on: datetime.date) -> State:
        """The asset's columns on the day; none when it was not written then (deleted, and written again)."""
        return differences.states(Asset, [obj.pk], on).get(obj.pk, {})


def seen(obj: Asset, on: datetime.date, state: State, rows: dict[int, State], ends: Ends) -> Seen | None:
    """The asset on the day; None when it was not written then."""
    if not state:
        return None
    facts = {name: value for name, value in content(state).items() if name != "kind"}
    told = reading.differences([(Asset, {}, facts)], formats.plain)[0]
    found = [ends.link(key, row, on) for key, row in rows.items()]
    found.sort(key=lambda link: (link.over, sort_key(link.other.name)))
    return Seen(
        told,
        state["archived_at"],
        [link for link in found if link.outgoing],
        [link for link in found if not link.outgoing],
    )


def between(
    obj: Asset,
    earlier: datetime.date,
    later: datetime.date,
    was: tuple[State, dict[int, State]],
    now: tuple[State, dict[int, State]],
    ends: Ends,
) -> Between:
    """What differs for the asset; ``was`` and ``now`` are its columns and its dependencies' on the two days."""
    before, after = was[1], now[1]
    both = [key for key in after if key in before]
    pairs = ((Dependency, content(before[key]), content(after[key])) for key in both)
    facts, *rows = reading.differences([(Asset, was[0], now[0]), *pairs], formats.plain)
    told = dict(zip(both, rows, strict=True))
    shown = {key: ends.link(key, row, later) for key, row in (before | after).items()}
    ordered = sorted(shown, key=lambda key: sort_key(shown[key].other.name))
    groups = [
        (title, [shown[key] for key in ordered if key not in there and shown[key].outgoing is outgoing])
        for title, there, outgoing in (
            ("Begyndte at bruge", before, True),
            ("Holdt op med at bruge", after, True),
            ("Begyndte at blive brugt af", before, False),
            ("Bruges ikke længere af", after, False),
        )
    ]
    return Between(
        earlier,
        later,
        facts,
        [(title, found) for title, found in groups if found],
        [(shown[key], told[key]) for key in ordered if told.get(key)],
    )


class SystemOnDate(SystemView, OnDate):
    pass


class ComponentOnDate(ComponentView, OnDate):
    pass


def shortcuts(days: list[datetime.date], today: datetime.date) -> list[tuple[str, datetime.date]]:
    """Days worth asking for, that the asset's history can answer: (what it is called, the day)."""
    if not days:
        return []
    wanted = [
        ("I går", today - datetime.timedelta(days=1)),
        ("For en måned siden", month_before(today)),
        ("Ved årets begyndelse", today.replace(month=1, day=1)),
    ]
    own = [*days[:SHOWN_DAYS], days[-1]]
    return [
        *((text, day) for text, day in wanted if day >= days[-1]),
        *((formats.date(day), day) for day in dict.fromkeys(own)),
    ]


@dataclass(frozen=True)
class Ends:
    """What is needed to show an asset's dependencies: the other ends as named on a day, and which rows are left."""

    asset: int
    names: dict[int, State]
    assets: dict[int, Asset]
    there: set[int]

    @classmethod
    def of(cls, asset: int, *rows: dict[int, State], on: datetime.date) -> Ends:
        """For dependencies from and to the asset, by key. Three queries."""
        others = {other_end(asset, row) for some in rows for row in some.values()}
        keys = {key for some in rows for key in some}
        return cls(
            asset,
            differences.states(Asset, others, on),
            {row.pk: row for row in Asset.objects.filter(pk__in=others)},
            set(Dependency.objects.filter(pk__in=keys).values_list("pk", flat=True)),
        )

    def link(self, key: int, row: State, on: datetime.date) -> Link:
        other = other_end(self.asset, row)
        then, now = self.names.get(other), self.assets.get(other)
        name = then["name"] if then else now.name if now else f"Nr. {other}"
        return Link(
            reverse("dependency-detail", args=[key]) if key in self.there else "",
            Other(
                name,
                now.get_absolute_url() if now else "",
                now.name if now and now.name != name else "",
            ),
            row,
            row["source_id"] == self.asset,
            label(Importance, row["importance"]),
            label(Direction, row["direction"]),
            label(DependencyStatus, row["status"]),
            row["status"] == DependencyStatus.ENDED or (row["until"] is not None and row["until"] <= on),
        )


def other_end(asset: int, row: State) -> int:
    return int(row["target_id"] if row["source_id"] == asset else row["source_id"])
