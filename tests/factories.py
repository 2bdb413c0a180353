"""Plain functions that make valid rows with sensible defaults; say only what the test is about."""

from __future__ import annotations

import datetime
from itertools import count
from typing import Any

from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from foi_portal.core.models import User
from foi_portal.core.permissions import FOI
from registry.models import (
    Agreement,
    AlternativeGroup,
    Asset,
    Certificate,
    Component,
    Dependency,
    ImpactSnapshot,
    Organisation,
    System,
)
from roles.models import Assignment, ConfirmationRound, Person, Role, RoleRequirement

_number = count(1)


def organisation(**values: Any) -> Organisation:
    number = next(_number)
    defaults = {"code": f"ORG-{number}", "name": f"Organisation {number}", "kind": "vendor"}
    return Organisation.objects.create(**defaults | values)


def component(**values: Any) -> Component:
    number = next(_number)
    defaults = {
        "code": f"KOMP-{number}",
        "name": f"Komponent {number}",
        "level": "joint-public",
        "component_type": "service",
    }
    made: Component = Component.objects.create(**defaults | values)
    return made


def system(**values: Any) -> System:
    number = next(_number)
    defaults = {"code": f"SYS-{number}", "name": f"Fagsystem {number}"}
    made: System = System.objects.create(**defaults | values)
    return made


def dependency(**values: Any) -> Dependency:
    if "source" not in values:
        values["source"] = system()
    if "target" not in values:
        values["target"] = component()
    return Dependency.objects.create(**values)


def alternatives(
    source: Asset, *targets: Asset, needed: int = 1, name: str = "", **values: Any
) -> AlternativeGroup:
    """A group of alternatives with a critical dependency on each target; ``values`` are for the dependencies."""
    group = AlternativeGroup.objects.create(
        source=source, name=name or f"Gruppe {next(_number)}", needed=needed
    )
    for target in targets:
        dependency(source=source, target=target, alternatives=group, **{"importance": "critical"} | values)
    return group


def snapshot(**values: Any) -> ImpactSnapshot:
    """A saved answer about what is given as ``question``: nothing, if not told."""
    if "asked_by" not in values:
        values["asked_by"] = user()
    defaults = {
        "title": f"Svar {next(_number)}",
        "question": "",
        "asked_on": timezone.localdate(),
        "answer": [],
    }
    return ImpactSnapshot.objects.create(**defaults | values)


def agreement(**values: Any) -> Agreement:
    """An active serviceaftale since 2024 without an end. ``dependencies`` and ``assets`` are set too."""
    many = {name: values.pop(name) for name in ("dependencies", "assets") if name in values}
    defaults = {
        "name": f"Aftale {next(_number)}",
        "kind": "service",
        "status": "active",
        "valid_from": datetime.date(2024, 1, 1),
    }
    made = Agreement.objects.create(**defaults | values)
    for name, rows in many.items():
        getattr(made, name).set(rows)
    return made


def certificate(**values: Any) -> Certificate:
    """An OCES system certificate for three years from 2025. ``assets`` are set too."""
    assets = values.pop("assets", ())
    defaults = {
        "name": f"Certifikat {next(_number)}",
        "kind": "oces_system",
        "valid_from": datetime.date(2025, 3, 1),
        "valid_to": datetime.date(2028, 3, 1),
    }
    made = Certificate.objects.create(**defaults | values)
    made.assets.set(assets)
    return made


def person(**values: Any) -> Person:
    number = next(_number)
    defaults = {"name": f"Person {number}", "email": f"person{number}@example.org"}
    return Person.objects.create(**defaults | values)


def role(**values: Any) -> Role:
    number = next(_number)
    defaults = {"code": f"ROLLE-{number}", "name": f"Rolle {number}", "level": "operational"}
    return Role.objects.create(**defaults | values)


def requirement(role: Role, asset: Asset | None = None, **values: Any) -> RoleRequirement:
    """``role`` is required for ``asset``, else for the municipality, from 2020 on."""
    defaults = {"scope_kind": "asset" if asset else "municipality", "since": datetime.date(2020, 1, 1)}
    return RoleRequirement.objects.create(role=role, asset=asset, **defaults | values)


def assignment(**values: Any) -> Assignment:
    """A holder since 2024, of a new role by a new person for the whole municipality if nothing else is told."""
    if "person" not in values:
        values["person"] = person()
    if "role" not in values:
        values["role"] = role()
    return Assignment.objects.create(**{"since": datetime.date(2024, 1, 1)} | values)


def confirmation_round(**values: Any) -> ConfirmationRound:
    """An open round that began today, with three weeks to answer; what it asks about is added with RoundAsset."""
    today = timezone.localdate()
    defaults: dict[str, Any] = {"title": f"Runde {next(_number)}", "started_on": today}
    defaults |= {"deadline": today + datetime.timedelta(days=21)}
    if "started_by" not in values:
        values["started_by"] = user()
    return ConfirmationRound.objects.create(**defaults | values)


def user(group: str | None = None, **values: Any) -> User:
    """A user whose password is "hemmelig-2026", in the named group (made with no permissions if it is missing)."""
    number = next(_number)
    defaults = {"username": f"bruger{number}", "password": "hemmelig-2026"}
    made = User.objects.create_user(**defaults | values)
    if group:
        made.groups.add(Group.objects.get_or_create(name=group)[0])
    return made


def member(group: str | None = None, **values: Any) -> User:
    """A user in one of the portal's five groups with the permissions it really has; None is nobody's."""
    return user(group, **values)


def client(group: str | None = FOI, **values: Any) -> Client:
    """A browser without screen, signed in as a new ``member`` of the group (kept as ``client.user``)."""
    made = member(group, **values)
    browser = Client()
    browser.force_login(made)
    browser.user = made  # type: ignore[attr-defined]
    return browser
