"""Small promises of the pages that no other file is about."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from foi_portal.core import history
from foi_portal.ui import conflicts
from foi_portal.ui.tables import Table
from registry import queries
from registry.forms import SystemForm
from registry.models import Organisation, System
from registry.tables import SYSTEM_COLUMNS
from registry.views.dependencies import DependencyList
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def foi() -> Client:
    return factories.client("FOI")


def test_a_successor_of_the_other_kind_is_linked_to_where_it_is(foi: Client) -> None:
    factories.system(code="GAMMEL", successor=factories.component(code="NYT", name="Det nye"))
    page = foi.get(reverse("system-list") + "?col=name&col=successor_code").content.decode()
    assert '<a href="/komponenter/NYT/">Det nye</a>' in page


def test_a_file_name_with_danish_letters_is_sent_as_the_header_wants_it(foi: Client) -> None:
    answer = foi.get(reverse("dependency-list") + "?_export=csv")
    assert answer["Content-Disposition"] == "attachment; filename*=utf-8''afh%C3%A6ngigheder.csv"


def test_archiving_again_keeps_the_first_reason(foi: Client) -> None:
    row = factories.system()
    address = reverse("system-archive", args=[row.code])
    assert foi.post(address, {"reason": "grund 1", "version": 1}).status_code == 302
    again = foi.post(address, {"reason": "grund 2", "version": 2})
    assert again.status_code == 409
    assert "Den er allerede arkiveret" in again.content.decode()
    assert 'value="grund 2"' in again.content.decode()
    row.refresh_from_db()
    assert row.archive_reason == "grund 1"


def test_a_conflict_names_who_saved_each_field() -> None:
    anne, bo = factories.user(first_name="Anne"), factories.user(first_name="Bo")
    row = factories.system(code="CURA", name="Cura")
    vendor = factories.organisation(name="Leverandøren")
    with history.recording(actor=anne):
        System.objects.filter(pk=row.pk).update(name="Annes navn")
    with history.recording(actor=bo):
        System.objects.filter(pk=row.pk).update(provider=vendor)
    row.refresh_from_db()
    form = SystemForm(
        {"name": "Mit navn", "code": "CURA", "lifecycle": "active"}, instance=System.objects.get(pk=row.pk)
    )
    form.is_valid()
    conflict = conflicts.build(form, row, 1)
    assert [(d.name, d.who) for d in conflict.both] == [("name", "Anne")]
    assert [(d.name, d.who, mine) for d, mine in conflict.one] == [("provider", "Bo", False)]


def test_a_tick_box_names_its_row(foi: Client) -> None:
    source = factories.system(name="Cura")
    for name in ("KLE", "SOR"):
        factories.dependency(source=source, target=factories.component(name=name))
    page = foi.get(reverse("dependency-list")).content.decode()
    assert "Vælg Cura → KLE" in page
    assert "Vælg Cura → SOR" in page
    assert DependencyList.naming


def test_a_component_used_far_below_is_not_unused() -> None:
    top = factories.component(code="TOP")
    row = top
    for depth in range(5):
        row = factories.component(code=f"D{depth}", parent=row)
    factories.dependency(source=factories.system(), target=row)
    alone = factories.component(code="ALENE")
    assert [c.code for c in queries.unused_components()] == [alone.code]


def test_a_refused_form_keeps_what_was_typed_when_another_was_first(
    foi: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.organisation(code="ABC")
    monkeypatch.setattr(Organisation, "validate_unique", lambda *args, **kwargs: None)
    monkeypatch.setattr(Organisation, "validate_constraints", lambda *args, **kwargs: None)
    answer = foi.post(reverse("organisation-create"), {"name": "Ny", "code": "ABC", "kind": "vendor"})
    assert answer.status_code == 409
    assert 'value="Ny"' in answer.content.decode()
    assert Organisation.objects.count() == 1


def test_names_in_the_table_default_to_the_first_column() -> None:
    assert Table.choose(SYSTEM_COLUMNS, QueryDict(), "name").naming == ("name",)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_waiting_too_long_for_somebody_elses_lock_is_a_page_and_nothing_is_written(foi: Client) -> None:
    row = factories.system(name="Låst")
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                System.objects.select_for_update().get(pk=row.pk)
                held.set()
                done.wait(20)
        finally:
            connection.close()

    other = threading.Thread(target=hold)
    other.start()
    assert held.wait(5)
    try:
        response = foi.post(reverse("system-archive", args=[row.code]), {"reason": "Væk", "version": 1})
    finally:
        done.set()
        other.join()
    assert response.status_code == 503
    assert "Dine rettelser er ikke gemt" in response.content.decode()
    row.refresh_from_db()
    assert row.archived_at is None


@pytest.mark.parametrize(
    "typed", ["SP", "sp", "SP · Serviceplatformen (SP)", "serviceplatformen", "Serviceplatform"]
)
def test_a_filter_takes_a_name_as_well_as_a_code_and_says_what_it_took(foi: Client, typed: str) -> None:
    platform = factories.component(code="SP", name="Serviceplatformen (SP)")
    service = factories.component(
        code="SPADM", name="Serviceplatformens administrationsmodul", parent=platform
    )
    factories.dependency(source=factories.system(name="Cura"), target=service)
    factories.system(name="Aula")
    page = foi.get(reverse("system-list"), {"uses": typed}).content.decode()
    assert ">Cura</a>" in page
    assert ">Aula</a>" not in page
    assert "Bruger komponenten: SP · Serviceplatformen (SP)" in page


def test_a_filter_on_something_unknown_gives_no_rows(foi: Client) -> None:
    factories.system(name="Aula")
    assert ">Aula</a>" not in foi.get(reverse("system-list"), {"uses": "Qwxyz"}).content.decode()


def test_who_looked_a_dependency_over_is_written_with_the_date(foi: Client) -> None:
    row = factories.dependency()
    data = {
        "source": row.source.code,
        "target": row.target.code,
        "direction": "reads",
        "importance": "minor",
        "status": "active",
        "verified_on": "01-11-2026",
        "version": "1",
    }
    assert foi.post(reverse("dependency-update", args=[row.pk]), data).status_code == 302
    row.refresh_from_db()
    assert row.verified_by == foi.user  # type: ignore[attr-defined]
    data |= {"verified_on": "", "version": "2"}
    assert foi.post(reverse("dependency-update", args=[row.pk]), data).status_code == 302
    row.refresh_from_db()
    assert row.verified_by is None


def test_what_is_not_known_has_words_in_the_form(foi: Client) -> None:
    page = foi.get(reverse("system-create")).content.decode()
    assert "Ikke vurderet" in page
    assert "---------" not in page
