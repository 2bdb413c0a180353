"""A portal with nothing in it: every page about roles says what to do next, to whoever may do it."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from foi_portal.core.permissions import READER
from tests import factories
from tests.registry.pages import words

pytestmark = pytest.mark.django_db

PAGES = {
    "person-list": ("Opret den første række", ""),
    "role-list": ("Indlæs KOMBITs rollekatalog", "når FOI-enheden har lagt rollekataloget ind"),
    "edition-list": ("Indlæs den første", "når FOI-enheden har lagt rollekataloget ind"),
    "requirement-list": ("en udgave af rollekataloget", "når FOI-enheden har lagt det ind"),
    "assignment-list": ("Tildel den første rolle", ""),
    "assignment-create": ("Indlæs rollekataloget", None),
    "coverage": ("rollekataloget", "rollekataloget"),
    "vulnerability": ("Begynd med rollekataloget", "ingen krav"),
    "round-list": ("Opret den første række", ""),
}


@pytest.mark.parametrize("name", PAGES)
def test_what_to_do_next(name: str):
    for group, told in zip(("FOI", READER), PAGES[name], strict=True):
        client = factories.client(group)
        page = client.get(reverse(name))
        if told is None:
            assert page.status_code == 403
            continue
        assert told in words(page)
        empty = re.search(r'class="(?:empty|alert-text)">(.*?)</p>', page.content.decode(), re.DOTALL)
        assert empty is not None
        links = re.findall(r'href="([^"]+)"', empty[1])
        assert links or group == READER, "FOI is shown the way"
        assert {client.get(link).status_code for link in links} <= {200}, "and so it is one that is open"


def test_a_round_about_nothing_says_why():
    foi = factories.client()
    page = foi.post(reverse("round-create"), {"step": "vis"})
    assert page.status_code == 422
    assert "ingen fagsystemer at bekræfte endnu" in words(page)
    factories.system(name="Ydelsessystemet")
    page = foi.post(reverse("round-create"), {"step": "vis", "q": "Findes ikke"})
    assert "Vælg bredere" in words(page)
