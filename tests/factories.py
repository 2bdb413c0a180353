"""Plain functions that make valid rows with sensible defaults; say only what the test is about."""

from __future__ import annotations

from itertools import count
from typing import Any

from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from foi_portal.core.models import User
from foi_portal.core.permissions import FOI
from registry.models import (
    AlternativeGroup,
    Asset,
    Component,
    Dependency,
    ImpactSnapshot,
    Organisation,
    System,
)

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
