"""What agreements cover: which dependencies may be used, which may not, and what an asset's pages say of it.

A dependency is covered by an agreement that is chosen for it, or by one of its system's that names what is used. Only
agreements for production that are in force count: a test agreement lets nobody into production.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from foi_portal.core.keys import among
from registry.agreements.days import with_days
from registry.models import Agreement, Asset, Dependency, Environment, Kind, Lifecycle
from registry.models.agreement import AgreementQuerySet
from registry.models.dependency import DependencyQuerySet

COVERS: Any = Agreement.dependencies.through  # a row: agreement, dependency
NAMES: Any = Agreement.assets.through  # a row: agreement, asset


def lacking(on: datetime.date) -> DependencyQuerySet:
    """Dependencies of fagsystemer in use on components that need an agreement, without one on the day ``on``."""
    valid = Agreement.objects.in_force(on).filter(environment=Environment.PRODUCTION).order_by()
    chosen = COVERS.objects.filter(dependency=OuterRef("pk"), agreement__in=valid.values("pk"))
    named = NAMES.objects.filter(
        asset=OuterRef("target"), agreement__in=valid.filter(system=OuterRef(OuterRef("source"))).values("pk")
    )
    return (
        Dependency.objects.live_by_itself(on)
        .filter(
            target__needs_agreement=True,
            target__archived_at=None,
            source__kind=Kind.SYSTEM,
            source__archived_at=None,
        )
        .exclude(source__lifecycle__in=(Lifecycle.PLANNED, Lifecycle.RETIRED))
        .filter(~Exists(chosen), ~Exists(named))
    )


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


__all__ = ["COVERS", "NAMES", "about_any", "has_dependencies", "lacking", "offered", "shown", "with_facts"]
