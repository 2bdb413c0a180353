"""Findings about agreements: who has one too many, one too few, or one without legal basis."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from coordination.hygiene.base import Found, Kind, gone, page
from registry.agreements import covering
from registry.deadlines import Act
from registry.models import (
    Agreement,
    AgreementKind,
    AgreementStatus,
    Asset,
    Environment,
)

if TYPE_CHECKING:
    from coordination.models import Finding

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

    ``registry.agreements.covering`` says what needs one and what covers it.
    """

    kind = "dependency_without_agreement"
    label = "Afhængighed uden aftale"
    why = "Uden en godkendt aftale er der ikke hjemmel til at udveksle data, og adgangen kan blive lukket."
    advice = (
        "Find aftalen, og skriv afhængigheden på den. Findes der ingen, så bed leverandøren anmode om en, og opret den"
        " her."
    )

    def broken(self, on: datetime.date) -> Iterator[Found]:
        rows = covering.uncovered(on)
        names = dict(Asset.objects.order_by().values_list("pk", "name")) if rows else {}
        for row in rows:
            text = f"{names[row.source]} bruger {names[row.target]} uden en aktiv aftale, der dækker det."
            if row.by != row.target:
                text += f" Kravet kommer fra {names[row.by]}."
            yield Found(str(row.key), text, asset=row.source, dependency=row.key, concerns=(row.source,))

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


__all__ = ["AgreementForRetired", "NoLegalBasis", "WithoutAgreement", "alive"]
