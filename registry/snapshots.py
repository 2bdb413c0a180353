"""Saved answers of the impact analysis: made from a reply, read back whatever is in them, compared with today's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q
from django.db.models.expressions import Func
from django.db.models.fields import IntegerField
from django.http import QueryDict
from django.utils import timezone

from foi_portal.core.models import Change
from foi_portal.ui import formats
from registry import impact
from registry.differences import AnswerDifference, AnswerRow, compare_answers
from registry.impact import EXPORTED, Question, Reply
from registry.landscape import CAPS
from registry.models import Asset, ImpactSnapshot

MOST_ROWS = 5000  # of a saved answer: about a megabyte
LONGEST = 300  # signs of a text that is read back


def why_not(reply: Reply) -> str:
    """Why the answer cannot be saved, as a sentence; empty when it can."""
    if not reply.failed:
        return "Der er ikke noget svar at gemme. Spørg først om noget, der er i drift."
    if len(reply.rows) > MOST_ROWS:
        most, has = formats.plain(MOST_ROWS), formats.plain(len(reply.rows))
        limit = "Sæt en grænse for skridt eller betydning."
        return f"Et gemt svar kan højst have {most} rækker, og dette har {has}. {limit}"
    longest = ImpactSnapshot._meta.get_field("question").max_length or 0
    if len(reply.question.query()) > longest:
        return "Spørgsmålet er for langt til at blive gemt. Vælg færre."
    return ""


def answer_of(reply: Reply) -> list[AnswerRow]:
    """The rows as they are saved: those of the export, with ``key``, by which an asset is known under a new code."""
    return [{**impact.export_row(row), "key": row.facts.key} for row in reply.rows]


def title_for(reply: Reply) -> str:
    """A title to begin with: the question and its day."""
    day = f" ({formats.date(reply.question.on)})"
    return impact.title(reply)[: 200 - len(day)] + day


def asked(snapshot: ImpactSnapshot) -> Question:
    """The saved question, for the day it was asked about."""
    return replace(Question.parse(QueryDict(snapshot.question)), on=snapshot.asked_on, problems=())


@dataclass(frozen=True)
class Saved:
    """A saved answer as it can be read: sound rows, and how many were not."""

    rows: Sequence[AnswerRow]
    spoiled: int


def saved(answer: Any) -> Saved:
    """The rows of ``ImpactSnapshot.answer``. In a row only a code and a known severity must be right."""
    found: dict[str, AnswerRow] = {}
    given = answer if isinstance(answer, list) else [answer]
    for row in given:
        if isinstance(row, dict) and _text(row.get("code")) and _text(row.get("severity")) in CAPS:
            sound: dict[str, Any] = {name: _text(row.get(name)) for name in EXPORTED}
            sound |= {name: _number(row.get(name)) for name in ("distance", "key")}
            found.setdefault(sound["code"], sound)
    return Saved(list(found.values()), len(given) - len(found))


def _text(value: Any) -> str:
    return value[:LONGEST] if isinstance(value, str) else ""


def _number(value: Any) -> int | None:
    """A count or a key that the databases can hold."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63 else None


class Rows(Func):
    """How many rows a saved answer has; 0 for what is no list."""

    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return super().as_sql(compiler, connection, template="json_array_length(%(expressions)s)", **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = (
            "jsonb_array_length(jsonb_path_query_array(%(expressions)s, 'strict $[*]', silent => true))"
        )
        return super().as_sql(compiler, connection, template=template, **extra)


@dataclass(frozen=True)
class Comparison:
    """The saved question asked again. ``difference`` is None when it can no longer be asked: the reply's problems say
    why. ``renamed``: by code in the question, the code that the asset has now."""

    reply: Reply
    difference: AnswerDifference | None
    renamed: Mapping[str, str]


def compare(snapshot: ImpactSnapshot, rows: Iterable[AnswerRow]) -> Comparison:
    """Ask the saved question for today, or for its own day when that is still to come.

    Assets are known again by their keys, and by code in answers that have none. Codes in the question that have been
    changed since are followed. The landscape's queries, one more, and three when a code is gone.
    """
    question = asked(snapshot)
    codes = {*question.assets, *question.down}
    known = Asset.objects.filter(code__in=codes).values_list("code", flat=True)
    new = renamed(codes.difference(known))
    reply = impact.ask(
        replace(
            question,
            on=max(snapshot.asked_on, timezone.localdate()),
            assets=tuple(new.get(code, code) for code in question.assets),
            down=tuple(new.get(code, code) for code in question.down),
        )
    )
    if not reply.failed:
        return Comparison(reply, None, new)
    by_code = reply.landscape.by_code
    # A code that nothing has now is itself a key that nothing else has.
    before = [{**row, "key": row["key"] or by_code.get(row["code"], row["code"])} for row in rows]
    return Comparison(reply, compare_answers(before, answer_of(reply), "key"), new)


def renamed(codes: Collection[str]) -> dict[str, str]:
    """By code that no asset has now: the present code of the one that had it last. Two queries, none without codes."""
    if not codes:
        return {}
    changes = Change.objects.filter(
        table=Asset._meta.db_table, operation=Change.Operation.UPDATE, before__code__in=list(codes)
    )
    keys = dict(changes.order_by("pk").values_list("before__code", "row_id"))
    now = dict(Asset.objects.filter(pk__in=keys.values()).values_list("pk", "code"))
    return {code: now[key] for code, key in keys.items() if key in now}


@dataclass(frozen=True)
class Place:
    """Where an asset of a saved answer is now."""

    kind: str
    code: str
    archived: bool


def places(rows: Iterable[AnswerRow]) -> Mapping[int | str, Place]:
    """By key and by code: those of the rows' assets that exist. One query."""
    wanted = list(rows)
    keys = Q(pk__in=[row["key"] for row in wanted if isinstance(row["key"], int)])
    codes = Q(code__in=[row["code"] for row in wanted])
    found: dict[int | str, Place] = {}
    for key, code, kind, archived_at in Asset.objects.filter(keys | codes).values_list(
        "pk", "code", "kind", "archived_at"
    ):
        found[key] = found[code] = Place(kind, code, archived_at is not None)
    return found


__all__ = [
    "MOST_ROWS",
    "AnswerRow",
    "Comparison",
    "Place",
    "Rows",
    "Saved",
    "answer_of",
    "asked",
    "compare",
    "places",
    "renamed",
    "saved",
    "title_for",
    "why_not",
]
