"""Findings about certificates: used by more than they are for, or though revoked, or ending before what they serve."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from coordination.hygiene.base import Found, Kind, gone, page, together
from foi_portal.ui import formats
from registry.agreements.covering import GIVES_ACCESS
from registry.deadlines import Act
from registry.models import Agreement, Asset, Certificate

if TYPE_CHECKING:
    from coordination.models import Finding

EARLY = datetime.timedelta(days=90)  # how long before its end a certificate should be renewed


class SharedCertificate(Kind):
    """A certificate that is personal to one system and not run out is used by several that are not retired."""

    kind = "certificate_shared"
    label = "Certifikat brugt af flere fagsystemer"
    why = (
        "Certifikatet må kun bruges af ét fagsystem. Deles det, kan man ikke se, hvem der kalder, og spærres det, står"
        " alle stille på én gang."
    )
    advice = "Lad de andre fagsystemer få deres eget certifikat, og tag dem af dette."

    def broken(self, on: datetime.date) -> Iterator[Found]:
        users = Asset.objects.systems().exclude(gone(on)).order_by().values("pk")
        rows = (
            Certificate.objects.not_over(on)
            .filter(for_one_system=True, assets__in=users)
            .order_by("pk", "assets__name", "assets__pk")
            .values_list("pk", "name", "assets__pk", "assets__name")
        )
        for (pk, name), group in groupby(rows, key=lambda row: row[:2]):
            systems = list(group)
            if len(systems) > 1:
                names = together([system for *_, system in systems])
                text = f"Certifikatet «{name}» er til ét fagsystem, men bruges af {len(systems)}: {names}."
                yield Found(
                    str(pk), text, certificate=pk, concerns=tuple(system for _, _, system, _ in systems)
                )

    def acts(self, finding: Finding) -> Sequence[Act]:
        return [
            page(
                "Ret, hvem der bruger det",
                "certificate-update",
                finding.certificate_id,
                permission="registry.change_certificate",
            )
        ]


class RevokedStillUsed(Kind):
    """A revoked certificate that nothing has come in place of is used by something that is not gone.

    Its end is no deadline any more, nor is that of the one it renewed.
    """

    kind = "certificate_revoked_used"
    label = "Spærret certifikat, der stadig bruges"
    why = "Et spærret certifikat bliver afvist, så det, der bruger det, virker ikke."
    advice = (
        "Læg det nye certifikat ind som fornyelse af det spærrede. Bruges det ikke mere, så tag det af fagsystemet"
        " eller arkivér det."
    )
    due_days = 7

    def broken(self, on: datetime.date) -> Iterator[Found]:
        users = Asset.objects.exclude(gone(on)).order_by().values("pk")
        rows = (
            Certificate.objects.newest()
            .filter(revoked_on__isnull=False, assets__in=users)
            .order_by("pk", "assets__name", "assets__pk")
            .values_list("pk", "name", "assets__pk", "assets__name")
        )
        for (pk, name), group in groupby(rows, key=lambda row: row[:2]):
            assets = {asset: asset_name for _, _, asset, asset_name in group}
            text = (
                f"Certifikatet «{name}» er spærret, men bruges stadig af {together(list(assets.values()))}."
            )
            yield Found(str(pk), text, certificate=pk, concerns=tuple(assets))

    def acts(self, finding: Finding) -> Sequence[Act]:
        return [
            page(
                "Forny certifikatet",
                "certificate-renew",
                finding.certificate_id,
                permission="registry.add_certificate",
            ),
            page(
                "Ret, hvem der bruger det",
                "certificate-update",
                finding.certificate_id,
                permission="registry.change_certificate",
            ),
        ]


class Ending(NamedTuple):
    """A certificate that nothing has replaced, and when it stops working."""

    name: str
    environment: str
    on: datetime.date


class CertificateEndsFirst(Kind):
    """A certificate that nothing has replaced ends before an agreement that a system needs it for.

    An agreement needs the certificates of its system in its own environment; without a system, those of the assets that
    it names. One without an end date is left out, for every certificate ends before it.
    """

    kind = "certificate_ends_first"
    label = "Certifikat, der udløber før aftalen"
    why = "Når certifikatet udløber, virker forbindelsen ikke, selv om aftalen stadig gælder."
    advice = "Bestil et nyt certifikat i god tid, og læg det ind som fornyelse af det gamle."

    def broken(self, on: datetime.date) -> Iterator[Found]:
        """Four plain queries, put together here."""
        certificates = Certificate.objects.to_be_renewed().order_by()
        ending = {
            key: Ending(name, environment, end)
            for key, name, environment, end in certificates.values_list(
                "pk", "name", "environment", "valid_to"
            )
            if end is not None
        }
        used: dict[int, list[int]] = {}  # certificates by asset
        links = Certificate.assets.through._default_manager.order_by("certificate_id", "asset_id")
        for certificate, asset in links.values_list("certificate_id", "asset_id"):
            if certificate in ending:
                used.setdefault(asset, []).append(certificate)
        named: dict[int, list[int]] = {}  # assets by agreement
        naming = Agreement.assets.through._default_manager.order_by("agreement_id", "asset_id")
        for agreement, asset in naming.values_list("agreement_id", "asset_id"):
            named.setdefault(agreement, []).append(asset)
        rows = Agreement.objects.not_over(on).filter(kind__in=GIVES_ACCESS)
        for pk, name, where, last, system in rows.order_by("pk").values_list(
            "pk", "name", "environment", "valid_to", "system_id"
        ):
            if last is None:
                continue
            first = {
                certificate: asset  # several of the agreement's assets may use it
                for asset in reversed(named.get(pk, []) if system is None else [system])
                for certificate in used.get(asset, [])
            }
            for certificate, asset in sorted(first.items()):
                ends = ending[certificate]
                if ends.environment != where or ends.on >= last:
                    continue
                yield Found(
                    f"{certificate}-{pk}",
                    f"Certifikatet «{ends.name}» udløber {formats.date(ends.on)}, før aftalen «{name}»"
                    f" ({formats.date(last)}).",
                    asset=asset,
                    agreement=pk,
                    certificate=certificate,
                    concerns=(asset,),
                    not_before=ends.on - EARLY,
                    last_day=ends.on,
                )

    def acts(self, finding: Finding) -> Sequence[Act]:
        return [
            page(
                "Forny certifikatet",
                "certificate-renew",
                finding.certificate_id,
                permission="registry.add_certificate",
            ),
            page("Se certifikatet", "certificate-detail", finding.certificate_id),
            page("Se aftalen", "agreement-detail", finding.agreement_id),
        ]


__all__ = ["CertificateEndsFirst", "RevokedStillUsed", "SharedCertificate"]
