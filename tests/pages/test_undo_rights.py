"""Undoing is changing: it takes the right to change every kind of row that the change set touched."""

from __future__ import annotations

import uuid

import pytest
from django.contrib.auth.models import Permission
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from foi_portal.core import history, permissions
from registry.models import Component, Organisation, System
from roles.models import Person, Role, RoleEdition
from tests import factories

pytestmark = pytest.mark.django_db


def browser(*rights: str) -> Client:
    """A reader who also has these rights."""
    permissions.sync_groups()
    client = factories.client(permissions.READER)
    client.user.user_permissions.set(Permission.objects.filter(codename__in=rights))  # type: ignore[attr-defined]
    return client


def changed(*touched: type[models.Model]) -> uuid.UUID:
    """A change set with a new name for one row of each model."""
    made: dict[type[models.Model], models.Model] = {
        System: factories.system(),
        Component: factories.component(),
        Organisation: factories.organisation(),
        Person: factories.person(),
        Role: factories.role(),
        RoleEdition: RoleEdition.objects.create(name=f"Udgave {uuid.uuid4()}"),
    }
    with history.recording(actor=factories.user()) as change_set:
        for model in touched:
            model._default_manager.filter(pk=made[model].pk).update(name="Forkert")
    return change_set


@pytest.mark.parametrize(
    ("rights", "touched", "allowed"),
    [
        (["change_system"], [System], True),
        (["change_system"], [Organisation], False),
        (["change_system"], [Component], False),
        (["change_system"], [System, Component], False),
        (["change_system", "change_component"], [System, Component], True),
        (["change_organisation"], [Organisation], True),
        (["change_organisation"], [System], False),
        (["change_person"], [Person], True),
        (["change_system"], [Person], False),
        (["change_person"], [Person, System], False),
        (["change_person", "change_role"], [Person, Role], True),
        # What was taken into use is not taken out by undoing it, whoever asks.
        (["change_roleedition"], [RoleEdition], False),
        (["change_roleedition", "change_role"], [RoleEdition, Role], False),
    ],
)
def test_every_kind_of_row_must_be_ones_own_to_change(rights, touched, *, allowed):
    client = browser(*rights)
    address = reverse("changeset", args=[changed(*touched)])
    assert ("Fortryd hele" in client.get(address).content.decode()) == allowed
    assert client.post(address).status_code == (302 if allowed else 403)
    for model in touched:
        assert model._default_manager.filter(name="Forkert").exists() == (not allowed)


def test_as_many_queries_for_a_few_acts_as_for_a_page_full():
    client = browser("change_person", "change_system")
    counts = []
    for acts in (5, 40):
        for _ in range(acts):
            changed(Person, System, Role)
        client.get(reverse("history"))  # what is asked once per process is not counted
        with CaptureQueriesContext(connection) as captured:
            page = client.get(reverse("history"))
        assert page.status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1], counts
