"""A component's page says how many use it, also when only the first of them are shown."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from foi_portal.core.models import User
from registry.views import components
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin"))
    return client


def test_counts_are_of_all_users_and_cost_the_same_queries(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(components, "SHOWN_USERS", 2)
    monkeypatch.setattr(components, "SHOWN_THROUGH", 2)
    platform = factories.component(code="STS")
    module = factories.component(parent=platform)
    queries = []
    for _ in range(2):
        for _ in range(2):
            factories.dependency(target=platform)
            factories.dependency(target=module)
        with CaptureQueriesContext(connection) as captured:
            html = admin.get(reverse("component-detail", args=["STS"])).content.decode()
        queries.append(len(captured))
    assert "Bruges direkte af 4" in html
    assert "Bruges gennem modulerne af 4" in html
    assert html.count("De første 2 vises") == 2
    assert queries[0] == queries[1]
