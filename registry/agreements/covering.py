"""What agreements cover: which dependencies may be used, which may not, and what an asset's pages say of it.

A dependency is covered by an agreement that is chosen for it, or by one of its system's that names what is used. Only
agreements for production that give access and are in force count: a test agreement lets nobody into production.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection
from typing import Any, NamedTuple

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from foi_portal.core.keys import among
from registry.agreements.days import with_days
from registry.models import Agreement, AgreementKind, Asset, Dependency, Environment
from registry.models.agreement import AgreementQuerySet
from registry.models.dependency import DependencyQuerySet

# What lets a system use a component. A contract or a data processing agreement does not.
GIVES_ACCESS = (
    AgreementKind.SERVICE,
    AgreementKind.FEDERATION,
    AgreementKind.CONNECTION,
    AgreementKind.SDN,
)
COVERS: Any = Agreement.dependencies.through  # a row: agreement, dependency
NAMES: Any = Agreement.assets.through  # a row: agreement, asset


class Demand(NamedTuple):
    """Why a component may be used by agreement only: the key of what asks for it, and the keys from it up to that."""

    by: int
    whole: tuple[int, ...]


class Uncovered(NamedTuple):
    """A dependency that lacks its agreement; ``by`` is the key of the component that asks for one."""

    key: int
    source: int
    target: int
    by: int


def lacking(on: datetime.date, only: Q | None = None) -> DependencyQuerySet:
    """The dependencies that are ``uncovered``."""
    return Dependency.objects.filter(pk__in=among([row.key for row in uncovered(on, only)]))


def uncovered(on: datetime.date, only: Q | None = None) -> list[Uncovered]:
    """What fagsystemer in operation use without the agreement that it takes, on the day ``on``; ``only`` these rows.

    The requirement holds for all below the component too: written on a platform it is about its modules and services.
    What a dependency goes through (``via``) is used as well. An agreement of the system that names a platform covers
    its modules. Five plain queries, put together here: as one with joins it took PostgreSQL more than a minute.
    """
    demands = _demands()
    live = Dependency.objects.live_by_itself(on).filter(only or Q()).order_by("pk")
    rows = [
        (pk, source, target, demand)
        for pk, source, target, via in live.values_list("pk", "source_id", "target_id", "via_id")
        if (demand := demands.get(target) or demands.get(via)) is not None
    ]
    if not rows:
        return []
    running = set(Asset.objects.systems().in_operation(on).order_by().values_list("pk", flat=True))
    valid = Agreement.objects.in_force(on).filter(environment=Environment.PRODUCTION, kind__in=GIVES_ACCESS)
    valid = valid.order_by()
    in_force = set(valid.values_list("pk", flat=True))
    covers = COVERS.objects.order_by()
    if only is not None:
        covers = covers.filter(dependency__in=among([row[0] for row in rows]))
    chosen = {row for row, by in covers.values_list("dependency_id", "agreement_id") if by in in_force}
    named = set(valid.exclude(system=None).values_list("system_id", "assets"))
    return [
        Uncovered(pk, source, target, demand.by)
        for pk, source, target, demand in rows
        if source in running
        and pk not in chosen
        and not any((source, part) in named for part in (target, *demand.whole))
    ]


def _demands() -> dict[int | None, Demand]:
    """The components that may be used by agreement only, because they or what they are part of say so. One query."""
    rows = {
        pk: (parent, needs)
        for pk, parent, needs in Asset.objects.components()
        .current()
        .order_by()
        .values_list("pk", "parent_id", "needs_agreement")
    }
    found: dict[int | None, Demand] = {}
    for key in rows:
        whole: list[int] = []
        above: int | None = key
        while above in rows and above not in whole:  # a loop among parents cannot be, but would never end
            whole.append(above)
            parent, needs = rows[above]
            if needs:
                found[key] = Demand(above, tuple(whole))
                break
            above = parent
    return found


def with_facts(rows: QuerySet[Any], on: datetime.date) -> QuerySet[Any]:
    """Agreements with their days (``days.with_days``) and ``covers``: how many current dependencies are chosen."""
    chosen = COVERS.objects.filter(agreement=OuterRef("pk"), dependency__archived_at=None).order_by()
    counted = chosen.values("agreement").annotate(n=Count("pk")).values("n")
    covers = Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))
    return with_days(rows, on).annotate(covers=covers)  # type: ignore[no-any-return]


def about_any(keys: Collection[int]) -> AgreementQuerySet:
    """Agreements that name one of these assets or cover a dependency on one: what gives access to a platform."""
    return Agreement.objects.filter(
        Q(pk__in=NAMES.objects.filter(asset__in=among(keys)).values("agreement"))
        | Q(pk__in=COVERS.objects.filter(dependency__target__in=among(keys)).values("agreement"))
    )


def shown(rows: AgreementQuerySet, on: datetime.date) -> QuerySet[Any]:
    """Current agreements ready for a table beside other things: with parties and days, those in force first."""
    facts = with_facts(rows.current(), on).select_related("system", "counterpart")
    return facts.order_by(
        Exists(Agreement.objects.in_force(on).filter(pk=OuterRef("pk"))).desc(), "name", "pk"
    )


def offered(agreement: Agreement) -> list[Dependency]:
    """What the agreement covers and could cover: its system's present dependencies and those chosen already.

    What needs an agreement comes first, then by name. One query.
    """
    wanted = Q(agreements=agreement)
    if agreement.system_id is not None:
        wanted |= Q(source=agreement.system_id, pk__in=Dependency.objects.ongoing().order_by().values("pk"))
    rows = Dependency.objects.filter(wanted).select_related("source", "target").distinct()
    return list(rows.order_by(F("target__needs_agreement").desc(), "target__name", "source__name", "pk"))


def has_dependencies(system: Asset) -> bool:
    return Dependency.objects.ongoing().filter(source=system).exists()


__all__ = [
    "COVERS",
    "GIVES_ACCESS",
    "NAMES",
    "about_any",
    "has_dependencies",
    "lacking",
    "offered",
    "shown",
    "uncovered",
    "with_facts",
]
