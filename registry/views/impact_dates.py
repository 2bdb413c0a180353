"""The section of ``/konsekvens/`` that ``?sammenlign=`` asks for: the answer beside that of another day."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from foi_portal.ui import formats
from foi_portal.ui.forms import DateField
from registry import impact, landscape, past
from registry.differences import compare_answers
from registry.impact import Reply, Row

SHOWN = 30


class CompareForm(forms.Form):
    sammenlign = DateField(label="Sammenlign med en anden dag", required=False)


@dataclass(frozen=True)
class Moved:
    """An asset on one side of the difference: how hard it was hit before and is hit after, "" when not at all."""

    name: str
    url: str
    before: str
    after: str


@dataclass(frozen=True)
class Part:
    """Assets that moved the same way: the first of them, and how many they are."""

    title: str
    rows: list[Moved]
    count: int


def compared(params: QueryDict, reply: Reply) -> dict[str, Any]:
    """What the section shows: its form, and after a sound date the parts or the sentence said instead of them.

    The queries of the other day's landscape, and one or two more for a day before today.
    """
    form = CompareForm(params if params.get("sammenlign") else None)
    kept = [pair for pair in QueryDict(reply.question.query()).lists() if pair[0] != "sammenlign"]
    shown: dict[str, Any] = {"form": form, "kept": [(name, v) for name, values in kept for v in values]}
    day = form.cleaned_data["sammenlign"] if form.is_bound and form.is_valid() else None
    if day is None:
        return shown
    shown |= {"day": day, "form": CompareForm(initial={"sammenlign": day})}
    earlier, later = sorted((day, reply.question.on))
    if earlier == later:
        return shown | {"said": "Det er den samme dag, så der er ingen forskel. Vælg en anden dag."}
    first = past.first_day()
    if earlier < timezone.localdate() and (first is None or earlier < first):
        begins = f" Den begynder {formats.date(first)}: vælg den dag eller en senere." if first else ""
        return shown | {"said": f"Historikken kan ikke svare for {formats.date(earlier)}.{begins}"}
    other = _asked_on(day, reply)
    if other is None:
        names = impact.names(reply.chosen)
        return shown | {"said": f"{names} stod ikke i registret {formats.date(day)}. Vælg en anden dag."}
    before, after = (other, reply) if day < reply.question.on else (reply, other)
    return shown | {"earlier": earlier, "later": later, **_parts(before, after)}


def _asked_on(day: datetime.date, reply: Reply) -> Reply | None:
    """The same question on another day, about the same assets whatever their codes were; None when none was there."""
    land = landscape.at(day)
    assets, down = (
        tuple(land.code(facts.key) for facts in chosen if facts.key in land.assets)
        for chosen in (reply.chosen, reply.down)
    )
    return impact.ask(replace(reply.question, on=day, assets=assets, down=down)) if assets else None


def _parts(before: Reply, after: Reply) -> dict[str, Any]:
    was, now = ([{**impact.export_row(row), "row": row} for row in reply.rows] for reply in (before, after))
    for row in (*was, *now):
        row["key"] = row["row"].facts.key
    found = compare_answers(was, now, key="key")
    titles = ("Rammes også", "Rammes ikke længere", "Rammes hårdere", "Rammes mildere")
    if after.is_upstream:
        titles = ("Hviler også på", "Hviler ikke længere på", "Betyder mere", "Betyder mindre")
    sides: tuple[list[tuple[Any, Any]], ...] = (
        [(None, row) for row in found.new],
        [(row, None) for row in found.gone],
        list(found.harder),
        list(found.milder),
    )
    parts = [
        Part(title, [_moved(*pair) for pair in pairs[:SHOWN]], len(pairs))
        for title, pairs in zip(titles, sides, strict=True)
        if pairs
    ]
    return {"parts": parts, "same": found.same}


def _moved(before: dict[str, Any] | None, after: dict[str, Any] | None) -> Moved:
    row: Row = (after or before or {})["row"]
    return Moved(
        row.facts.name,
        reverse(f"{row.facts.kind}-detail", args=[row.facts.code]),
        before["row"].word if before else "",
        after["row"].word if after else "",
    )
