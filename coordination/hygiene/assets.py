"""Findings about systems and components: nobody answers for it, it is used though retired, nobody has looked at it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from coordination.hygiene.base import Found, Kind, gone, page, together
from foi_portal.ui import formats
from registry.deadlines import Act
from registry.models import CONFIRMED_FOR, Asset, Dependency
from roles.models import Assignment, Part
from roles.responsible import OWN_ROLES

if TYPE_CHECKING:
    from coordination.models import Finding

RESPONSIBLE = OWN_ROLES[0]  # SYSTEMANSV


class NobodyResponsible(Kind):
    """A system in operation has no holder of SYSTEMANSV today who works here. A deputy alone does not count."""

    kind = "system_without_responsible"
    label = "Fagsystem uden systemansvarlig"
    why = (
        "Ingen bliver spurgt, når noget går i stykker eller udløber, og ingen holder oplysningerne ved lige."
    )
    advice = "Find ud af, hvem der er systemansvarlig, og giv personen rollen."

    def broken(self, on: datetime.date) -> Iterator[Found]:
        answered = Assignment.objects.serving(on).filter(
            role__code=RESPONSIBLE, part=Part.HOLDER, asset__isnull=False
        )
        rows = (
            Asset.objects.systems()
            .in_operation(on)
            .exclude(pk__in=answered.order_by().values("asset"))
            .order_by("pk")
        )
        for pk, name in rows.values_list("pk", "name"):
            yield Found(str(pk), f"{name} har ingen systemansvarlig.", asset=pk, concerns=(pk,))

    def acts(self, finding: Finding) -> Sequence[Act]:
        return [
            page(
                "Giv en person rollen",
                "assignment-create",
                permission="roles.add_assignment",
                role=RESPONSIBLE,
                asset=_code(finding),
                part=Part.HOLDER.value,
            )
        ]


class RetiredStillUsed(Kind):
    """A retired component is the target of a dependency that has not ended, from something that is not gone itself."""

    kind = "retired_component_used"
    label = "Udfaset komponent, der stadig bruges"
    why = "En udfaset komponent bliver ikke vedligeholdt og kan forsvinde uden varsel."
    advice = "Flyt brugerne til afløseren, eller ret afhængigheden til ophørt, hvis den ikke bruges mere."
    due_days = 60

    def broken(self, on: datetime.date) -> Iterator[Found]:
        retired = Asset.objects.components().filter(gone(on), archived_at=None).order_by().values("pk")
        users = Asset.objects.exclude(gone(on)).order_by().values("pk")
        rows = (
            Dependency.objects.ongoing(on)
            .filter(target__in=retired, source__in=users)
            .order_by("target_id", "source__name", "source_id")
            .values_list("target_id", "target__name", "source_id", "source__name")
        )
        for (pk, name), group in groupby(rows, key=lambda row: row[:2]):
            sources = {source: source_name for _, _, source, source_name in group}
            text = f"{name} er udfaset, men bruges stadig af {together(list(sources.values()))}."
            yield Found(str(pk), text, asset=pk, concerns=(pk,))

    def acts(self, finding: Finding) -> Sequence[Act]:
        return [page("Se, hvem der bruger den", "dependency-list", target=_code(finding))]


class Unconfirmed(Kind):
    """Nobody has confirmed the facts of a system in operation within the last ``CONFIRMED_FOR`` months."""

    kind = "system_unconfirmed"
    label = f"Fagsystem ikke bekræftet i {CONFIRMED_FOR} måneder"
    why = "Oplysninger, som ingen har set efter i et år, er ofte forkerte, og andre bygger på dem."
    advice = "Se fagsystemets oplysninger og afhængigheder igennem, ret dem, og bekræft dem."
    due_days = 60

    def broken(self, on: datetime.date) -> Iterator[Found]:
        rows = Asset.objects.systems().in_operation(on).unconfirmed(on).order_by("pk")
        for pk, name, day in rows.values_list("pk", "name", "confirmed_on"):
            text = (
                f"{name} er ikke bekræftet siden {formats.date(day)}."
                if day
                else f"{name} er aldrig bekræftet."
            )
            yield Found(str(pk), text, asset=pk, concerns=(pk,))

    def acts(self, finding: Finding) -> Sequence[Act]:
        code = _code(finding)
        return [page("Bekræft oplysningerne", "asset-confirm", code, permission="registry.change_system")]


def _code(finding: Finding) -> str:
    return finding.asset.code if finding.asset else ""


__all__ = ["NobodyResponsible", "RetiredStillUsed", "Unconfirmed"]
