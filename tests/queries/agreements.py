"""Queries of the pages about agreements: (limit, address' name, its arguments, query) by title."""

from __future__ import annotations

import datetime
from typing import Any

from registry.models import Agreement, Component, Dependency, Organisation, System

LIST = 12

PAGES: dict[str, tuple[int, str, list[Any], str]] = {
    "aftaler": (LIST, "agreement-list", [], "size=250"),
    "aftaler, alle kolonner": (
        LIST,
        "agreement-list",
        [],
        "size=250&col=name&col=number&col=kind&col=status&col=system_code&col=counterpart_code&col=covers&col=valid_to"
        "&col=last_notice_day&col=next_review&col=unit_code&col=uuid&col=purpose&col=updated_at&sort=-covers",
    ),
    "aftaler, filtreret": (
        LIST + 2,
        "agreement-list",
        [],
        "q=aft&kind=service&status=active&system=S0&component=STS&counterpart=O0&ends_before=01-01-2090"
        "&notice_before=01-01-2090&sort=last_notice_day",
    ),
    "aftaler som csv": (8, "agreement-list", [], "_export=csv"),
    "aftaler som regneark": (8, "agreement-list", [], "_export=xlsx"),
    "aftale": (12, "agreement-detail", [1_000_000], ""),
    "formular: dækning": (10, "agreement-coverage", [1_000_000], ""),
    "formular for aftale": (10, "agreement-update", [1_000_000], ""),
    "formular: opsig": (8, "agreement-terminate", [1_000_000], ""),
    "ny aftale": (12, "agreement-create", [], "system=S0&about=STS"),
    "opslag af afhængighed": (6, "dependency-lookup", [], "q=sys"),
    "afhængigheder uden aftale": (14, "dependency-list", [], "lacking=ja&size=250"),
    "afhængigheder i en aftale": (12, "dependency-list", [], "agreement=1000000"),
    "berørte aftaler som csv": (12, "impact-agreements", [], "asset=STS"),
    "søgning efter aftaler": (14, "search", [], "q=aftale&slags=agreement"),
}


def grow(start: int, count: int) -> None:
    """Rows number ``start`` to ``count``; the registry has systems S0 …, components K0 … and organisations O0 …."""
    systems = {row.code: row for row in System.objects.all()}
    parties = list(Organisation.objects.order_by("pk")[:2])
    Component.objects.filter(code__startswith="K").update(needs_agreement=True)
    made = Agreement.objects.bulk_create(
        Agreement(
            pk=1_000_000 + i,
            name=f"Aftale {i}",
            kind="service",
            status="active",
            number=f"A-{i}",
            system=systems[f"S{i}"],
            counterpart=parties[0],
            unit=parties[1],
            purpose="Opslag",
            valid_from=datetime.date(2024, 1, 1),
            valid_to=datetime.date(2027, 1, 1) if i % 2 else None,
            notice_months=3 if i % 2 else None,
        )
        for i in range(start, count)
    )
    by_source: dict[int, list[int]] = {}
    for key, source in Dependency.objects.filter(source__kind="system").values_list("pk", "source_id"):
        by_source.setdefault(source, []).append(key)
    covers = Agreement.dependencies.through
    covers._default_manager.bulk_create(
        covers(agreement_id=row.pk, dependency_id=key)
        for row in made
        for key in (by_source.get(row.system_id or 0, []) if row.pk != 1_000_000 else [])[:3]
    )
    centre = made[0] if start == 0 else Agreement.objects.get(pk=1_000_000)
    known = set(centre.dependencies.values_list("pk", flat=True))
    centre.dependencies.add(*(key for key in by_source.get(centre.system_id or 0, []) if key not in known))
    names = Agreement.assets.through
    platform = Component.objects.get(code="STS")
    names._default_manager.bulk_create(names(agreement_id=row.pk, asset_id=platform.pk) for row in made)
