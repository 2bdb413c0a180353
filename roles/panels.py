"""What other pages show of people and roles: registered by ``RolesConfig.ready``."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from foi_portal.core.permissions import may
from foi_portal.ui.panels import Panel
from foi_portal.ui.panels import register as register_panel
from registry.impact import Reply
from registry.models import Asset, Component, Organisation, System
from roles import concerned, confirmation_panel, responsible
from roles.models import Assignment
from roles.responsible import Duty, Scope

SHOWN = 4  # roles before «andre roller»


def register() -> None:
    """Put the panels on the pages of the apps below."""
    of_asset = Panel("responsible", "roles/panel_responsible.html", asset_panel, "side", 10)
    for model in (System, Component):
        register_panel(model, of_asset)
    of_organisation = Panel("responsible", "roles/panel_responsible.html", organisation_panel, "side", 10)
    register_panel(Organisation, of_organisation)
    register_panel(System, confirmation_panel.PANEL)
    register_panel("impact", Panel("people", "roles/panel_people.html", people_panel, "side", 10))
    register_panel("impact-pdf", Panel("people", "roles/pdf_people.html", people_on_paper, "main", 10))


def asset_panel(request: HttpRequest, asset: Asset) -> dict[str, Any] | None:
    """Who is responsible for an asset, and for the platform or module that it is part of."""
    if not may(request.user, "view", Assignment):
        return None
    return _responsible(
        request,
        responsible.of_asset(asset, timezone.localdate()),
        Scope(asset.kind, asset.code, asset.name),
        may_assign=not asset.is_archived,
    )


def organisation_panel(request: HttpRequest, organisation: Organisation) -> dict[str, Any] | None:
    """Who has a role for an organisation; nothing when no role is about it, as for vendors."""
    if not may(request.user, "view", Assignment):
        return None
    duties = responsible.of_organisation(organisation, timezone.localdate())
    scope = Scope("organisation", organisation.code, organisation.name)
    return _responsible(request, duties, scope, may_assign=not organisation.is_archived) if duties else None


def _responsible(request: HttpRequest, duties: list[Duty], scope: Scope, may_assign: bool) -> dict[str, Any]:
    rest = duties[SHOWN:] if len(duties) > SHOWN + 1 else []
    return {
        "first": duties[: len(duties) - len(rest)],
        "rest": rest,
        "short": sum(duty.needs_somebody for duty in rest),
        "own_scope": scope,
        "may_assign": may_assign and may(request.user, "add", Assignment),
    }


def people_panel(request: HttpRequest, reply: Reply) -> dict[str, Any] | None:
    """The people concerned by an impact answer; nothing where there is nothing to be concerned about."""
    if not reply.failed or not may(request.user, "view", Assignment):
        return None
    return concerned.panel(reply, timezone.localdate())


def people_on_paper(request: HttpRequest, reply: Reply) -> dict[str, Any] | None:
    """The same for the PDF, which says nothing where there is nobody."""
    if not reply.failed or not may(request.user, "view", Assignment):
        return None
    return concerned.on_paper(reply, timezone.localdate()) or None
