"""What is archived is not chosen anew, but stays where it stands."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from registry.models import Asset, Dependency, Organisation, System
from tests import factories
from tests.registry.pages import opened, refused

pytestmark = pytest.mark.django_db

REFUSED = "er arkiveret. Gendan den først, eller vælg en anden."


@pytest.fixture
def foi() -> Client:
    return factories.client("FOI")


def archive(*rows: Asset | Organisation) -> None:
    for row in rows:
        type(row)._default_manager.filter(pk=row.pk).update(archived_at=timezone.now())


def test_neither_by_code_nor_by_name(foi: Client):
    vendor = factories.organisation(code="KMD", name="KMD A/S")
    archive(vendor)
    data = {"name": "Cura", "code": "CURA", "lifecycle": "active"}
    for typed in ("KMD", "kmd a/s", "KMD · KMD A/S"):
        refused(foi, reverse("system-create"), data | {"provider": typed}, f"KMD A/S {REFUSED}")


def test_what_stands_there_stays(foi: Client):
    vendor, other = factories.organisation(name="Den gamle"), factories.organisation(name="Den anden")
    successor = factories.system(code="NY")
    factories.system(code="CURA", provider=vendor, successor=successor)
    archive(vendor, other, successor)
    url = reverse("system-update", args=["CURA"])
    assert foi.post(url, opened(foi, url) | {"name": "Nyt"}).status_code == 302
    system = System.objects.get(code="CURA")
    assert (system.name, system.provider) == ("Nyt", vendor)
    refused(foi, url, opened(foi, url) | {"provider": "Den anden"}, f"Den anden {REFUSED}")


def test_both_ends_of_a_dependency(foi: Client):
    row = factories.dependency(purpose="Før")
    gone = factories.component(name="Væk")
    archive(row.source, row.target, gone)
    url = reverse("dependency-update", args=[row.pk])
    assert foi.post(url, opened(foi, url) | {"purpose": "Efter"}).status_code == 302
    assert Dependency.objects.get().purpose == "Efter"
    refused(foi, url, opened(foi, url) | {"via": gone.code}, f"Væk {REFUSED}")


def test_a_department(foi: Client):
    gone, other = (factories.organisation(kind="forvaltning", name=name) for name in ("Nedlagt", "Lukket"))
    system = factories.system(code="CURA", department=gone)
    archive(gone, other)
    url = reverse("system-update", args=["CURA"])
    page = foi.get(url).content.decode()
    assert "Nedlagt" in page
    assert "Lukket" not in page
    assert foi.post(url, opened(foi, url) | {"name": "Nyt"}).status_code == 302
    refused(foi, url, opened(foi, url) | {"department": other.pk}, "Marker en gyldig valgmulighed")
    create = reverse("system-create")
    assert "Nedlagt" not in foi.get(create).content.decode()
    data = {"name": "KY", "code": "KY", "lifecycle": "active", "department": gone.pk}
    refused(foi, create, data, "Marker en gyldig valgmulighed")
    system.refresh_from_db()
    assert system.department == gone
