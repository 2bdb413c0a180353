"""Queries of the pages about certificates: (limit, address' name, its arguments, query) by title."""

from __future__ import annotations

import datetime
from typing import Any

from registry.models import Asset, Certificate

FIRST = 880_000  # their keys, so that addresses can name them
PAGES: dict[str, tuple[int, str, list[Any], str]] = {
    "certifikater": (12, "certificate-list", [], "size=250"),
    "certifikater, filtreret": (
        12,
        "certificate-list",
        [],
        "q=cert&state=expiring&asset=S0&environment=production&before=31-12-2090&sort=name",
    ),
    "certifikater som CSV": (12, "certificate-list", [], "_export=csv"),
    "certifikater som regneark": (12, "certificate-list", [], "_export=xlsx&col=assets&col=standing"),
    "certifikat": (20, "certificate-detail", [FIRST], ""),
    "certifikat med mange fornyelser": (20, "certificate-detail", [FIRST + 2], ""),
    "historik for et certifikat": (16, "certificate-history", [FIRST], ""),
    "ny: certifikat": (12, "certificate-create", [], "assets=S0"),
    "ny: fornyelse": (16, "certificate-renew", [FIRST + 1], ""),
    "formular for certifikat": (14, "certificate-update", [FIRST], ""),
    "arkivering af certifikat": (14, "certificate-archive", [FIRST], ""),
    "formular: spær": (14, "certificate-revoke", [FIRST], ""),
    "certifikater i søgningen": (20, "search", [], "q=certnavn"),
    "certifikater ved en konsekvens": (40, "impact", [], "asset=S0&retning=ned"),
}


def grow(start: int, count: int) -> None:
    """Rows number ``start`` to ``count``; the registry has systems S0 …, components K0 … and organisations O0 …."""
    assets = {asset.code: asset.pk for asset in Asset.objects.all()}
    numbers = range(start, count)
    today = datetime.date.today()
    Certificate.objects.bulk_create(
        Certificate(
            pk=FIRST + i,
            name=f"Certnavn {i}",
            kind="oces_system",
            serial=f"{i:x}",
            valid_from=datetime.date(2020, 1, 1),
            valid_to=today + datetime.timedelta(days=i % 200 + 1),
            # a chain of renewals that grows: it is not walked row by row
            replaces_id=FIRST + i - 1 if i > 2 else None,
        )
        for i in numbers
    )
    users = Certificate.assets.through
    users._default_manager.bulk_create(
        [users(certificate_id=FIRST + i, asset_id=assets[f"S{i}"]) for i in numbers]
        + [users(certificate_id=FIRST + i, asset_id=assets["S0"]) for i in numbers if i]
    )
