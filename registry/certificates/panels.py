"""What other pages show of certificates: those of a component or system, and those of what an impact is about."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from typing import Any

from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from foi_portal.core.keys import among
from foi_portal.core.permissions import may
from foi_portal.ui.panels import Panel, register
from registry.certificates import words
from registry.certificates.queries import with_facts
from registry.impact import Reply
from registry.models import Asset, Certificate, Component, System

SHOWN = 20


def connect() -> None:
    of_asset = Panel("certificates", "registry/panel_certificates.html", asset_panel, "side", 30)
    for model in (System, Component):
        register(model, of_asset)
    register(
        "impact", Panel("certificates", "registry/panel_impact_certificates.html", impact_panel, "side", 30)
    )


def asset_panel(request: HttpRequest, asset: Asset) -> dict[str, Any] | None:
    """The certificates that the asset uses, those that end first before the others; renewed ones are left out."""
    if not may(request.user, "view", Certificate):
        return None
    shown = _shown(_current([asset.pk])[: SHOWN + 1], timezone.localdate())
    return {
        "rows": shown[:SHOWN],
        "has_more": len(shown) > SHOWN,
        "may_add": not asset.is_archived and may(request.user, "add", Certificate),
    }


def impact_panel(request: HttpRequest, reply: Reply) -> dict[str, Any] | None:
    """The certificates that the chosen use; nothing where they use none."""
    if not reply.chosen or not may(request.user, "view", Certificate):
        return None
    rows = _current([facts.key for facts in reply.chosen])
    shown = _shown(rows[: SHOWN + 1], timezone.localdate())
    return {"rows": shown[:SHOWN], "has_more": len(shown) > SHOWN} if shown else None


def _current(assets: Collection[int]) -> QuerySet[Any]:
    """Those in use by the assets that nothing has come in place of."""
    using = Certificate.assets.through._default_manager.filter(asset__in=among(assets))
    rows = with_facts(Certificate.objects.current(), timezone.localdate()).filter(
        pk__in=using.values("certificate"), is_renewed=False
    )
    return rows.order_by(F("valid_to").asc(nulls_last=True), "name", "pk")


def _shown(rows: QuerySet[Any], on: datetime.date) -> list[dict[str, Any]]:
    return [
        {
            "certificate": row,
            "standing": words.badge(row.state) if row.state in words.BADGES else "",
            "ends": words.ends(row.valid_to, on, matters=row.revoked_on is None),
            "codes": (row.asset_codes or "").replace(";", ", "),
        }
        for row in rows
    ]


__all__ = ["asset_panel", "connect", "impact_panel"]
