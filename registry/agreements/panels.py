"""Agreements on the pages of systems, components, dependencies and impact answers."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, Window
from django.http import HttpRequest
from django.utils import timezone

from foi_portal.core.permissions import may
from foi_portal.ui import panels
from foi_portal.ui.panels import Panel
from registry.agreements import covering, touched
from registry.agreements.tables import day_left, end_left, standing_badge
from registry.impact import Reply
from registry.models import Agreement, Asset, Component, Dependency, Kind, System

SHOWN = 20  # agreements, and dependencies without one, before «Se alle»


def register() -> None:
    """Make the panels known."""
    about_asset = Panel("agreements", "registry/agreement_panel.html", asset_panel, order=20)
    for model in (System, Component):
        panels.register(model, about_asset)
    panels.register(
        Dependency,
        Panel("agreements", "registry/agreement_panel_dependency.html", dependency_panel, order=20),
    )
    panels.register(
        "impact", Panel("agreements", "registry/agreement_panel_impact.html", impact_panel, order=20)
    )
    panels.register(
        "impact-pdf", Panel("agreements", "registry/agreement_pdf_impact.html", impact_on_paper, order=20)
    )


def lines(rows: Any) -> list[dict[str, Any]]:
    """Agreements (``covering.shown``) as a table shows them: with standing, end and notice as HTML."""
    today = timezone.localdate()
    return [
        {
            "row": row,
            "standing": standing_badge(row.standing),
            "end": end_left(row.valid_to, row.status, today) if row.valid_to else "",
            "notice": day_left(row.notice_day, today)
            if row.notice_day and not row.has_expired(today)
            else "",
            "review": day_left(row.review_day, today) if row.review_day else "",
        }
        for row in rows
    ]


def asset_panel(request: HttpRequest, asset: Asset) -> dict[str, Any] | None:
    """What is agreed about a system or a component, and which uses lack the agreement that they need.

    Eight queries where something is lacking.
    """
    if not may(request.user, "view", Agreement):
        return None
    today = timezone.localdate()
    about = covering.shown(Agreement.objects.about(asset), today).annotate(total=Window(Count("pk")))
    found = list(about[:SHOWN])
    own, other = ("source", "target") if asset.kind == Kind.SYSTEM else ("target", "source")
    without = covering.lacking(today, Q(**{own: asset}))
    lacking = list(without.select_related("source", "target").order_by(f"{other}__name", "pk")[:SHOWN])
    counts = {"lacking_count": Count("pk"), "lacking_ends": Count(other, distinct=True)}
    return {
        "lines": lines(found),
        "count": found[0].total if found else 0,
        "lacking": lacking,
        **(without.order_by().aggregate(**counts) if lacking else {}),
        "is_system": asset.kind == Kind.SYSTEM,
        "may_add": not asset.is_archived and may(request.user, "add", Agreement),
    }


def dependency_panel(request: HttpRequest, row: Dependency) -> dict[str, Any] | None:
    """The agreements that cover a dependency, and whether it lacks one."""
    if not may(request.user, "view", Agreement):
        return None
    today = timezone.localdate()
    found = Agreement.objects.filter(
        pk__in=covering.COVERS.objects.filter(dependency=row).values("agreement")
    )
    return {
        "lines": lines(covering.shown(found, today)[:SHOWN]),
        "lacks": bool(covering.uncovered(today, Q(pk=row.pk))),
        "may_add": not row.is_archived and may(request.user, "add", Agreement),
    }


def impact_panel(request: HttpRequest, reply: Reply) -> dict[str, Any] | None:
    """The agreements that an impact answer touches; nothing where nothing is asked about."""
    if not reply.failed or not may(request.user, "view", Agreement):
        return None
    return touched.panel(reply)


def impact_on_paper(request: HttpRequest, reply: Reply) -> dict[str, Any] | None:
    """The same for the PDF, which says nothing where there are none."""
    if not reply.failed or not may(request.user, "view", Agreement):
        return None
    return touched.on_paper(reply)


__all__ = ["lines", "register"]
