"""Addresses of the administration's lists that somebody made up."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import factories

pytestmark = pytest.mark.django_db
LISTS = ["/admin/core/change/?at", "/admin/registry/importjob/?uploaded_at"]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("year", ["-1", "", "0", "10000", "99999999999999999999"])
def test_a_year_that_is_none_is_a_wrong_filter(path, year):
    browser = Client(raise_request_exception=False)
    browser.force_login(factories.user(username="mette", is_staff=True, is_superuser=True))
    answer = browser.get(f"{path}__year={year}", follow=True)
    assert answer.status_code == 200
    assert answer.redirect_chain == [(f"{path.partition('?')[0]}?e=1", 302)]
