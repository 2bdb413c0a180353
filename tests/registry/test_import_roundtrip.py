"""What a list exports can be imported again, and changes nothing."""

from __future__ import annotations

import datetime
import uuid

import pytest
from django.urls import reverse

from foi_portal.core.permissions import FOI, sync_groups
from foi_portal.ui.export import safe
from registry import tables
from registry.importing import SourceFile
from registry.importing.values import clean
from registry.models import Asset, Dependency, Organisation
from tests import factories
from tests.registry.importing import apply, counts, demo, plan, told

pytestmark = pytest.mark.django_db

LISTS = {
    "organisation": (tables.ORGANISATION_COLUMNS, "organisations", Organisation.objects),
    "component": (tables.COMPONENT_COLUMNS, "components", Asset.objects.components()),
    "system": (tables.SYSTEM_COLUMNS, "systems", Asset.objects.systems()),
    "dependency": (tables.DEPENDENCY_COLUMNS, "dependencies", Dependency.objects),
}


@pytest.fixture
def foi(client):
    sync_groups()
    client.force_login(factories.user(FOI))
    return client


def exported(browser, name: str, kind: str) -> SourceFile:
    """The list as a file with every column, under the name the browser saves it by."""
    columns = [column.name for column in LISTS[name][0]]
    answer = browser.get(reverse(f"{name}-list"), {"col": columns, "_export": kind})
    saved = {"system": "fagsystemer", "component": "komponenter", "organisation": "organisationer"}
    return SourceFile(f"{saved.get(name, 'afhængigheder')}.{kind}", b"".join(answer.streaming_content))


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("name", LISTS)
def test_a_list_with_all_columns_goes_in_again_unchanged(foi, name, kind):
    apply(demo())
    cura = Asset.objects.get(code="CURA")
    cura.aliases, cura.external_id = "Omsorg; +KOM", uuid.uuid4()
    cura.description = "- en\n- to;=3\n\n\t@fire"
    cura.successor = Asset.objects.components()[0]
    cura.save()
    row = Dependency.objects.first()
    assert row is not None
    row.until, row.via, row.purpose, row.status = datetime.date(2031, 5, 4), cura, "=1+1", "ended"
    row.save()

    found = plan([exported(foi, name, kind)])

    assert told(found) == []
    _, format_name, stored = LISTS[name]
    assert counts(found) == {format_name: (0, 0, stored.filter(archived_at=None).count())}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "- punkt",
        "a;=b",
        "a; -b",
        "a\n-b\n+c",
        "a\t@b",
        "＝1",
        "a;＋b",
        "a'b",
        "'citat'",
        "a;;=b",
        "o';=b",
    ],
)
def test_the_import_takes_off_what_the_export_put_in(text):
    assert clean(str(safe(text))) == text
