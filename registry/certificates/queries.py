"""Reads about certificates, in constant numbers of queries."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import Case, CharField, Exists, F, OuterRef, QuerySet, Subquery, Value, When

from registry.models import Asset, Certificate


class Joined(Subquery):
    """SQL: the only column of a sorted query, with ``;`` between the values, on both databases.

    Both keep the order of a sorted subselect in an aggregate (SQLite: «query flattening» leaves it alone).
    """

    output_field = CharField()

    def __init__(self, rows: QuerySet[Any], column: str) -> None:
        self.column = column
        super().__init__(rows.values(column))

    def as_sql(self, compiler: Any, connection: Any, template: str | None = None, **context: Any) -> Any:
        name = "string_agg" if connection.vendor == "postgresql" else "group_concat"
        column = connection.ops.quote_name(self.column)
        template = f"(SELECT {name}({column}, ';') FROM (%(subquery)s) AS joined)"  # noqa: S608 - no value is in it
        return super().as_sql(compiler, connection, template, **context)


def with_facts(rows: QuerySet[Certificate], on: datetime.date) -> QuerySet[Any]:
    """Certificates with ``asset_codes`` ("KSD;KY", sorted), ``asset_kinds`` in the same order, and ``is_renewed``.

    ``state`` is ``Certificate.standing`` on the day ``on``; ``matters_until`` is when it ends, and nothing when that
    does not matter any more: it is renewed or revoked.
    """
    used = Asset.objects.filter(certificates=OuterRef("pk")).order_by("code")
    renewals = Certificate.objects.current().filter(replaces=OuterRef("pk")).order_by()
    return rows.annotate(
        asset_codes=Joined(used, "code"),
        asset_kinds=Joined(used, "kind"),
        is_renewed=Exists(renewals),
        state=Case(
            When(revoked_on__isnull=False, then=Value("Spærret")),
            When(valid_to__lte=on, then=Value("Udløbet")),
            When(valid_from__gt=on, then=Value("Kommende")),
            default=Value("Gyldigt"),
        ),
    ).annotate(matters_until=Case(When(is_renewed=False, revoked_on=None, then=F("valid_to"))))


def chain(certificate: Certificate) -> list[Certificate]:
    """The certificate with those before and after it in its chain of renewals, the oldest first. Two queries.

    Of several renewals of one certificate the one that is not archived counts.
    """
    links = Certificate.objects.exclude(replaces=None).order_by("pk")
    older: dict[int, int] = {}
    newer: dict[int, int] = {}
    for key, replaced, archived_at in links.values_list("pk", "replaces_id", "archived_at"):
        if replaced is not None:
            older[key] = replaced
            if archived_at is None:
                newer[replaced] = key
    keys = [*reversed(_walk(certificate.pk, older)), certificate.pk, *_walk(certificate.pk, newer)]
    rows = Certificate.objects.in_bulk(keys)
    return [rows[key] for key in keys]


def _walk(key: int, steps: dict[int, int]) -> list[int]:
    """The keys after ``key``; each once, so that a ring that two people made in one instant ends too."""
    found: list[int] = []
    while (key := steps.get(key, 0)) and key not in found:
        found.append(key)
    return found


def has_before(certificate: Certificate, other: Certificate) -> bool:
    """Whether ``other`` is among those that ``certificate`` came in place of."""
    before = chain(certificate)
    return other in before[: before.index(certificate)]


__all__ = ["chain", "has_before", "with_facts"]
