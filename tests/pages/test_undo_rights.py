"""Undoing is changing: it takes the right to change every kind of row that the change set touched."""

from __future__ import annotations

import uuid

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from foi_portal.core import history, permissions
from registry.models import Asset, Component, Organisation, System
from tests import factories

pytestmark = pytest.mark.django_db


def browser(*rights: str) -> Client:
    """A reader who also has these rights."""
    permissions.sync_groups()
    client = factories.client(permissions.READER)
    client.user.user_permissions.set(Permission.objects.filter(codename__in=rights))  # type: ignore[attr-defined]
    return client


def changed(*models: type[Asset] | type[Organisation]) -> uuid.UUID:
    """A change set with a new name for one row of each model."""
    made = {
        System: factories.system(),
        Component: factories.component(),
        Organisation: factories.organisation(),
    }
    with history.recording(actor=factories.user()) as change_set:
        for model in models:
            model._default_manager.filter(pk=made[model].pk).update(name="Forkert")
    return change_set


@pytest.mark.parametrize(
    ("rights", "models", "allowed"),
    [
        (["change_system"], [System], True),
        (["change_system"], [Organisation], False),
        (["change_system"], [Component], False),
        (["change_system"], [System, Component], False),
        (["change_system", "change_component"], [System, Component], True),
        (["change_organisation"], [Organisation], True),
        (["change_organisation"], [System], False),
    ],
)
def test_every_kind_of_row_must_be_ones_own_to_change(rights, models, *, allowed):
    client = browser(*rights)
    address = reverse("changeset", args=[changed(*models)])
    assert ("Fortryd hele" in client.get(address).content.decode()) == allowed
    assert client.post(address).status_code == (302 if allowed else 403)
    assert Asset.objects.filter(name="Forkert").exists() == (not allowed and models[0] is not Organisation)
