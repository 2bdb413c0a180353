"""Findings about agreements: who has one too many, one too few, or one without legal basis."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import QuerySet

from coordination.hygiene.base import Found, Kind, gone, page
from registry.deadlines import Act
from registry.models import (
    Agreement,
    AgreementKind,
    AgreementStatus,
    Asset,
    Dependency,
    Environment,
)

if TYPE_CHECKING:
    from coordination.models import Finding

# What lets a system use a component. A contract or a data processing agreement does not.
GIVES_ACCESS = (
    AgreementKind.SERVICE,
    AgreementKind.FEDERATION,
    AgreementKind.CONNECTION,
    AgreementKind.SDN,
)
# What passes personal data on, and so must say by which law.
PASSES_DATA_ON = (AgreementKind.SERVICE, AgreementKind.CONNECTION)


def alive(on: datetime.date) -> QuerySet[Agreement]:
    """Asked for, approved or active on the day ``on``: what nobody has ended yet."""
    return Agreement.objects.not_over(on).exclude(status=AgreementStatus.TERMINATED)


class AgreementForRetired(Kind):
    """An agreement that nobody has ended although every system it is for is retired or archived.

    Its systems are the one it was made for; without one, those it names and those whose dependencies it covers. One
    that is terminated has been dealt with, even while the notice runs.
    """

    kind = "agreement_for_retired"
    label = "Aftale for et udfaset fagsystem"
    why = (
        "Kommunen skal selv opsige aftalerne, når et fagsystem stopper. Så længe aftalen løber, må der stadig"
        " udleveres data, og den kan koste penge."
    )
    advice = "Opsig aftalen, eller ret den til det fagsystem, der har afløst det udfasede."

    def broken(self, on: datetime.date) -> Iterator[Found]:
        """Five plain queries, put together here."""
        names = dict(Asset.objects.systems().order_by().values_list("pk", "name"))
        over = set(Asset.objects.systems().filter(gone(on)).order_by().values_list("pk", flat=True))
        systems: dict[int, set[int]] = {}  # of each agreement, by what it names or covers
        for through, path in (
            (Agreement.assets.through, "asset"),
            (Agreement.dependencies.through, "dependency__source"),
        ):
            linked = through._default_manager.order_by().values_list("agreement_id", path)
            for agreement, asset in linked:
                if asset in names:
                    systems.setdefault(agreement, set()).add(asset)
        rows = alive(on).order_by("pk").values_list("pk", "name", "system_id")
        for pk, name, system in rows:
            its = {system} if system is not None else systems.get(pk, set())
            if its and its <= over:
                what = f"{names[system]} er udfaset" if system is not None else "dens fagsystemer er udfaset"
                text = f"Aftalen «{name}» løber stadig, men {what}."
                yield Found(str(pk), text, asset=system, agreement=pk)

    def acts(self, finding: Finding) -> Sequence[Act]:
        return [
            page("Opsig aftalen", "agreement-detail", finding.agreement_id),
            page(
                "Ret aftalen",
                "agreement-update",
                finding.agreement_id,
                permission="registry.change_agreement",
            ),
        ]


class WithoutAgreement(Kind):
    """A fagsystem in operation uses a component that needs a serviceaftale, and no agreement in force covers it.

    The requirement holds for all below the component too: written on a platform it is about its modules and services.
    What a dependency goes through (``via``) is used as well. What covers it is an agreement for production that is
    chosen for the dependency, or one of the system's own that names what is used or what that is part of.
    """

    kind = "dependency_without_agreement"
    label = "Afhængighed uden aftale"
    why = "Uden en godkendt aftale er der ikke hjemmel til at udveksle data, og adgangen kan blive lukket."
    advice = (
        "Find aftalen, og skriv afhængigheden på den. Findes der ingen, så bed leverandøren anmode om en, og opret den"
        " her."
    )

    def broken(self, on: datetime.date) -> Iterator[Found]:
        """Six plain queries, put together here: as one with joins it took PostgreSQL more than a minute."""
        demanding, names = _demanding()
        running = set(Asset.objects.systems().in_operation(on).order_by().values_list("pk", flat=True))
        valid = Agreement.objects.in_force(on).filter(environment=Environment.PRODUCTION).order_by()
        in_force = set(valid.values_list("pk", flat=True))
        covers = Agreement.dependencies.through._default_manager.order_by()
        chosen = {row for row, by in covers.values_list("dependency_id", "agreement_id") if by in in_force}
        named = set(valid.exclude(system=None).values_list("system_id", "assets"))
        rows = Dependency.objects.live_by_itself(on).order_by("pk")
        for pk, source, target, via in rows.values_list("pk", "source_id", "target_id", "via_id"):
            demand = demanding.get(target) or demanding.get(via)
            if demand is None or source not in running or pk in chosen:
                continue
            if any((source, part) in named for part in (target, *demand.whole)):
                continue
            text = f"{names[source]} bruger {names[target]} uden en aktiv aftale, der dækker det."
            if demand.by != target:
                text += f" Kravet kommer fra {names[demand.by]}."
            yield Found(str(pk), text, asset=source, dependency=pk, concerns=(source,))

    def acts(self, finding: Finding) -> Sequence[Act]:
        return [
            page(
                "Opret en aftale",
                "agreement-create",
                permission="registry.add_agreement",
                covers=str(finding.dependency_id),
            ),
            page("Se afhængigheden", "dependency-detail", finding.dependency_id),
        ]


class Demand(NamedTuple):
    """Why a component may be used by agreement only: the key of what asks for it, and the keys from it up to that."""

    by: int
    whole: tuple[int, ...]


def _demanding() -> tuple[dict[int | None, Demand], dict[int, str]]:
    """The components that may be used by agreement only, because they or what they are part of say so; and the
    names of all assets. One query.
    """
    rows = {
        pk: (name, parent, needs)
        for pk, name, parent, needs in Asset.objects.order_by().values_list(
            "pk", "name", "parent_id", "needs_agreement"
        )
    }
    found: dict[int | None, Demand] = {}
    for key in rows:
        whole: list[int] = []
        above: int | None = key
        while above is not None and above not in whole:
            whole.append(above)
            _, parent, needs = rows[above]
            if needs:
                found[key] = Demand(above, tuple(whole))
                break
            above = parent
    return found, {key: name for key, (name, *_) in rows.items()}


class NoLegalBasis(Kind):
    """An agreement by which data is passed on in production does not say by which law."""

    kind = "agreement_without_legal_basis"
    label = "Aftale uden hjemmel"
    why = (
        "Aftalen er kommunens instruks om at videregive data. Uden hjemmel kan kommunen ikke vise, at videregivelsen er"
        " lovlig."
    )
    advice = "Skriv lov og paragraf på aftalen. Spørg forvaltningens jurist, hvis den ikke er kendt."
    due_days = 60

    def broken(self, on: datetime.date) -> Iterator[Found]:
        rows = alive(on).filter(kind__in=PASSES_DATA_ON, environment=Environment.PRODUCTION, legal_basis="")
        for pk, name, system in rows.order_by("pk").values_list("pk", "name", "system_id"):
            yield Found(str(pk), f"Aftalen «{name}» mangler hjemmel.", asset=system, agreement=pk)

    def acts(self, finding: Finding) -> Sequence[Act]:
        return [
            page(
                "Skriv hjemlen på aftalen",
                "agreement-update",
                finding.agreement_id,
                permission="registry.change_agreement",
            )
        ]


__all__ = ["GIVES_ACCESS", "AgreementForRetired", "NoLegalBasis", "WithoutAgreement", "alive"]
