"""What the list of assignments shows of each, by the database: scope, state, absence and who stands in."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Exists,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    TextChoices,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from foi_portal.core.fields import DANISH
from foi_portal.core.periods import during
from roles.models import Absence, Assignment, Part, Person


class AssignmentState(TextChoices):
    NOW = "now", "Nu"
    COMING = "coming", "Kommer"
    OVER = "over", "Ophørt"


def with_facts(rows: QuerySet[Assignment], on: datetime.date) -> QuerySet[Any]:
    """Annotate: scope_code, scope_title, state, is_absent, back_on, stand_in (key) and stand_in_name on the day ``on``.

    What a query does not select costs nothing.
    """
    text = CharField(db_collation=DANISH)
    away = Absence.objects.ongoing(on).filter(person=OuterRef("person"))
    return rows.annotate(
        scope_code=Coalesce("asset__code", "organisation__code", Value("")),
        scope_title=Coalesce("asset__name", "organisation__name", Value("Hele kommunen"), output_field=text),
        state=Case(
            When(since__gt=on, then=Value(AssignmentState.COMING.value)),
            When(until__lte=on, then=Value(AssignmentState.OVER.value)),
            default=Value(AssignmentState.NOW.value),
        ),
        is_absent=Exists(away),
        back_on=Subquery(away.values("until")[:1]),
        stand_in=Case(
            When(
                Exists(away),
                since__lte=on,
                then=Coalesce(_deputy(on), Subquery(_named(on).values("stand_in")[:1])),
            )
        ),
        stand_in_name=Subquery(Person.objects.filter(pk=OuterRef("stand_in")).values("name")[:1]),
        has_left=Case(
            When(person__active_to__lte=on, then=Value(True)),
            default=Value(False),
            output_field=BooleanField(),
        ),
    )


def _deputy(on: datetime.date) -> Subquery:
    """The first deputy in the same seat who is here, as ``coverage.Roster.standing_in`` finds it."""
    absent = Absence.objects.ongoing(on).filter(person=OuterRef("person"))
    rows = Assignment.objects.serving(on).filter(~Exists(absent), role=OuterRef("role"), part=Part.DEPUTY)
    for name in ("asset_id", "organisation_id"):  # empty is equal to empty
        rows = rows.annotate(**{f"in_{name}": Coalesce(F(name), 0)})
        rows = rows.filter(**{f"in_{name}": Coalesce(OuterRef(name), 0)})
    return Subquery(rows.order_by("since", "id").values("person")[:1])


def _named(on: datetime.date) -> QuerySet[Absence]:
    """The person's absence, if whom it names is here."""
    absent = Absence.objects.ongoing(on).filter(person=OuterRef("stand_in"))
    here = during(on, "stand_in__active_from", "stand_in__active_to")
    rows = Absence.objects.ongoing(on).filter(here, ~Exists(absent), stand_in__archived_at=None)
    return rows.filter(person=OuterRef("person"))


__all__ = ["AssignmentState", "with_facts"]
