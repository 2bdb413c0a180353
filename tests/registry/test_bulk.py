"""Bulk edit: exactly the rows that were shown, all or nothing, one change set that can be undone."""

from __future__ import annotations

import datetime
import html
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.core import signing
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from foi_portal.core import history, permissions
from foi_portal.core.models import Change, User
from registry import bulk
from registry.models import Asset, Component, Dependency, System
from tests import factories

pytestmark = pytest.mark.django_db
SYSTEMS = "/fagsystemer/masseret/"
DEPENDENCIES = "/afhaengigheder/masseret/"


@pytest.fixture(autouse=True)
def _groups() -> None:
    permissions.sync_groups()


@pytest.fixture
def karin() -> User:
    return factories.user(permissions.FOI, first_name="Karin", last_name="Toft")


@pytest.fixture
def lone() -> User:
    return factories.user(permissions.FOI, first_name="Lone", last_name="Friis")


@pytest.fixture
def page(client: Client, karin: User) -> Page:
    client.force_login(karin)
    return Page(client)


class Page:
    """Goes through the three steps as a browser without script does: what the page holds is posted back."""

    def __init__(self, client: Client, url: str = SYSTEMS) -> None:
        self.client, self.url = client, url
        self.token = self.text = ""
        self.status = 0

    def send(self, **data: Any) -> Page:
        response = self.client.post(self.url, data)
        self.status, self.text = response.status_code, html.unescape(response.content.decode())
        self.location = response.headers.get("Location", "")
        found = re.search(r'name="token" value="([^"]+)"', self.text)
        self.token = found[1] if found else ""
        return self

    def pick(self, *rows: Any, **data: Any) -> Page:
        return self.send(scope="picked", pk=[row.pk for row in rows], **data)

    def everything(self, query: str = "", **data: Any) -> Page:
        return self.send(scope="all", filter=query, **data)

    def preview(self, **values: Any) -> Page:
        return self.send(token=self.token, step="preview", **values)

    def apply(self, step: str = "apply", **data: Any) -> Page:
        return self.send(token=self.token, step=step, **data)


def bulk_changes() -> Any:
    return Change.objects.filter(kind=Change.Kind.BULK)


def levels() -> dict[str, int | None]:
    return dict(System.objects.values_list("code", "criticality"))


# Choosing


def test_shows_the_values_present_now_with_their_counts(page):
    kmd = factories.organisation(name="KMD A/S")
    rows = [factories.system(criticality=3, provider=kmd) for _ in range(3)] + [
        factories.system(criticality=2)
    ]
    page.pick(*rows)
    assert "Ret 4 fagsystemer" in page.text
    assert "3 Høj (3) · 2 Middel (1)" in page.text
    assert 'KMD A/S (3) · <span class="mute">tom</span> (1)' in page.text


def test_all_means_what_the_filter_finds_on_the_server(page):
    for code in "AB":
        factories.system(code=code, lifecycle="planned")
    factories.system(code="C")
    page.everything("status=planned&page=2", count="2").preview(criticality="4").apply(
        filter="status=planned"
    )
    assert levels() == {"A": 4, "B": 4, "C": None}
    assert page.location == "/fagsystemer/?status=planned"


def test_says_so_when_the_filter_finds_something_else_than_the_list_showed(page):
    factories.system()
    assert "Listen viste 2 fagsystemer, men nu er der 1." in page.everything(count="2").text
    assert "Listen viste" not in page.everything(count="1").text


def test_says_so_when_a_picked_row_is_gone(page):
    gone = System(pk=10**15)
    assert "Du valgte 2 fagsystemer, men nu er der 1." in page.pick(factories.system(), gone).text


@pytest.mark.parametrize("pk", [[], ["0"], ["x"], ["9" * 30], ["-1"], ["1\x00"]])
def test_goes_back_to_the_list_when_nothing_is_picked(page, pk):
    page.send(scope="picked", pk=pk, filter="status=planned")
    assert (page.status, page.location) == (302, "/fagsystemer/?status=planned")


def test_a_component_cannot_be_edited_as_a_system(page):
    assert page.pick(factories.component()).status == 302


def test_refuses_more_rows_than_it_can_do_at_once(page, monkeypatch):
    monkeypatch.setattr(bulk, "MOST_ROWS", 1)
    factories.system(), factories.system()
    page.everything()
    assert page.status == 302
    assert "højst rette 1 rækker" in page.client.get("/fagsystemer/").content.decode()


def test_the_list_posts_what_bulk_edit_needs(page):
    for _ in range(2):
        factories.system(lifecycle="planned")
    text = page.client.get("/fagsystemer/?status=planned").content.decode()
    assert f'action="{SYSTEMS}"' in text
    assert 'name="count" value="2"' in text
    assert 'name="filter" value="status=planned"' in text


def test_an_address_opened_without_rows_leads_to_the_list(page):
    response = page.client.get(SYSTEMS)
    assert (response.status_code, response.headers["Location"]) == (302, "/fagsystemer/")


# Values


def test_refuses_a_criticality_of_7(page):
    page.pick(factories.system(code="A")).preview(criticality="7")
    assert page.status == 422
    assert "Kritikalitet: " in page.text
    assert page.apply().status == 302  # the choosing page's token has no values: nothing to save
    assert levels() == {"A": None}


def test_no_field_chosen_is_an_error_and_keeps_the_reason(page):
    page.pick(factories.system()).preview(reason="Derfor")
    assert page.status == 422
    assert "Vælg en ny værdi i mindst ét felt." in page.text
    assert 'value="Derfor"' in page.text


def test_a_new_value_and_a_tick_at_clear_is_an_error(page):
    page.pick(factories.system()).preview(criticality="2", clear_criticality="on")
    assert page.status == 422
    assert "Ikke begge dele" in page.text


def test_an_unknown_vendor_is_an_error_with_the_nearest_names(page):
    factories.organisation(code="KMD", name="KMD A/S")
    page.pick(factories.system()).preview(provider="KMDD")
    assert page.status == 422
    assert "«KMDD» findes ikke. Mente du KMD" in page.text


def test_a_reason_that_is_too_long_is_refused_before_and_at_the_end(page):
    row = factories.system(code="A")
    page.pick(row).preview(criticality="2", reason="x" * 10_000)
    assert page.status == 422
    assert "Begrundelsen må højst fylde 500 tegn" in page.text
    page.preview(criticality="2", reason="x" * 500).apply(reason="x" * 501)
    assert page.status == 422
    assert levels() == {"A": None}
    assert page.apply(reason="x" * 500).status == 302
    assert bulk_changes().get().reason == "x" * 500


def test_clears_what_may_be_empty(page):
    kmd = factories.organisation()
    row = factories.system(provider=kmd, department=kmd, criticality=2, personal_data="none")
    clear = {f"clear_{name}": "on" for name in ("provider", "department", "criticality", "personal_data")}
    page.pick(row).preview(**clear).apply()
    row.refresh_from_db()
    assert (row.provider, row.department, row.criticality, row.personal_data) == (None, None, None, "")


def test_what_must_have_a_value_cannot_be_cleared(page):
    row = factories.component()
    page.url = "/komponenter/masseret/"
    text = page.pick(row).text
    assert "clear_provider" in text
    assert "clear_level" not in text
    assert page.preview(clear_level="on", clear_lifecycle="on").status == 422


def test_components_get_owner_level_and_status(page):
    row = factories.component()
    kombit = factories.organisation(code="KOMBIT", name="KOMBIT A/S")
    page.url = "/komponenter/masseret/"
    page.pick(row).preview(provider="KOMBIT · KOMBIT A/S", level="joint-municipal", lifecycle="phasing_out")
    assert "Ejer" in page.text
    page.apply()
    row.refresh_from_db()
    assert (row.provider, row.level, row.lifecycle) == (kombit, "joint-municipal", "phasing_out")


def test_dependencies_get_status_and_end_date(page):
    rows = [factories.dependency() for _ in range(2)]
    page.url = DEPENDENCIES
    page.pick(*rows).preview(status="ended", importance="minor", until="31-12-2026").apply()
    assert set(Dependency.objects.values_list("status", "importance", "until")) == {
        ("ended", "minor", datetime.date(2026, 12, 31))
    }


# Preview


def test_previews_before_and_after_for_each_row_and_counts_the_unchanged(page):
    high, low = factories.system(name="Cura", criticality=3), factories.system(name="Aula", criticality=1)
    page.pick(high, low).preview(criticality="3", reason="Ny vurdering")
    assert page.status == 200
    assert "<del>1 Lav</del> → <ins>3 Høj</ins>" in page.text
    assert "1 fagsystem ændres" in page.text
    assert "1 har allerede værdien og bliver ikke rørt" in page.text
    assert not bulk_changes().exists()


def test_the_preview_is_paged_and_the_pages_keep_everything(page):
    for number in range(60):
        factories.system(name=f"System {number:02}")
    page.everything().preview(criticality="2", reason="Derfor")
    assert ("System 49" in page.text, "System 50" in page.text) == (True, False)
    page.send(token=page.token, page="2", reason="Derfor")
    assert ("System 49" in page.text, "System 50" in page.text) == (False, True)
    page.apply(reason="Derfor")
    assert bulk_changes().count() == 60


def test_when_all_have_the_values_there_is_nothing_to_save(page):
    page.pick(factories.system(criticality=2)).preview(criticality="2")
    assert "Der er intet at gemme" in page.text
    assert 'value="apply"' not in page.text
    assert page.apply().status == 302
    assert not bulk_changes().exists()


def test_one_can_go_back_and_choose_other_values(page):
    row = factories.system(code="A", personal_data="none")
    kmd = factories.organisation(code="KMD", name="KMD A/S")
    page.pick(row).preview(criticality="2", provider="KMD", clear_personal_data="on", reason="Derfor")
    page.apply("choose", reason="Derfor")
    assert '<option value="2" selected>' in page.text
    assert 'value="KMD · KMD A/S"' in page.text
    assert 'name="clear_personal_data" checked' in page.text
    assert 'value="Derfor"' in page.text
    page.preview(provider="KMD").apply()
    row.refresh_from_db()
    assert (row.provider, row.criticality, row.personal_data) == (kmd, None, "none")


# Saving


def test_saves_in_one_change_set_that_says_who_how_and_why(page, karin):
    rows = [factories.system() for _ in range(3)]
    rows.append(factories.system(criticality=2, lifecycle="phasing_out"))  # has it all already
    page.pick(*rows).preview(criticality="2", lifecycle="phasing_out", reason="Ny aftale").apply(
        reason="Ny aftale"
    )
    assert page.status == 302
    changes = bulk_changes()
    assert changes.count() == 3
    assert len({c.change_set for c in changes}) == 1
    assert {(c.actor, c.reason) for c in changes} == {(karin, "Ny aftale")}
    text = page.client.get("/fagsystemer/").content.decode()
    assert "3 fagsystemer er rettet." in text
    assert reverse("changeset", args=[changes[0].change_set]) in text


def test_a_row_that_comes_into_the_filter_after_the_preview_is_not_touched(page):
    factories.system(code="A")
    page.everything("status=active").preview(criticality="4")
    factories.system(code="B")
    page.apply()
    assert levels() == {"A": 4, "B": None}


def test_a_row_that_comes_into_the_filter_before_the_preview_is_not_touched_either(page):
    factories.system(code="A")
    page.everything()
    factories.system(code="B")
    page.preview(criticality="4").apply()
    assert levels() == {"A": 4, "B": None}


# A selection that cannot be trusted


def refused_as_spoiled(page: Page) -> bool:
    return page.status == 400 and "vælg rækkerne igen" in page.text and "/fagsystemer/" in page.text


@pytest.mark.parametrize(
    "spoil", [lambda t: t + "x", lambda t: "A" + t, lambda t: "", lambda t: "\x00", lambda t: t[1:]]
)
def test_refuses_an_altered_preview(page, spoil):
    page.pick(factories.system(code="A")).preview(criticality="4")
    page.token = spoil(page.token)
    assert refused_as_spoiled(page.apply())
    assert levels() == {"A": None}


def test_refuses_a_preview_older_than_an_hour(page, monkeypatch):
    page.pick(factories.system(code="A")).preview(criticality="4")
    monkeypatch.setattr(bulk, "MAX_AGE", datetime.timedelta(seconds=-1))
    assert refused_as_spoiled(page.apply())
    assert "mere end en time gammel" in page.text
    assert levels() == {"A": None}


def test_refuses_another_users_preview(page, lone):
    page.pick(factories.system(code="A")).preview(criticality="4")
    page.client.force_login(lone)
    assert refused_as_spoiled(page.apply())
    assert levels() == {"A": None}


def test_refuses_a_preview_of_another_kind_of_row(page):
    page.pick(factories.system(code="A")).preview(criticality="4")
    page.url = "/komponenter/masseret/"
    assert page.apply().status == 400


def test_refuses_what_is_signed_for_something_else(page):
    page.token = signing.dumps({"keys": [1]})
    assert refused_as_spoiled(page.apply())


# Somebody else was there


@pytest.fixture
def overtaken(page: Page, lone: User) -> Page:
    """A preview of A, B and C with criticality 4, after which Lone changed B."""
    rows = [factories.system(code=code, name=f"System {code}", criticality=1) for code in "ABC"]
    page.pick(*rows).preview(criticality="4", reason="Derfor")
    with history.recording(actor=lone):
        System.objects.filter(code="B").update(criticality=2)
        System.objects.filter(code="B").update(name="System Bravo")
    return page


def test_writes_nothing_when_somebody_has_changed_a_row_since(overtaken):
    overtaken.apply(reason="Derfor")
    assert overtaken.status == 409
    assert levels() == {"A": 1, "B": 2, "C": 1}
    assert not bulk_changes().exists()


def test_shows_before_theirs_and_yours_first(overtaken):
    text = " ".join(overtaken.apply(reason="Derfor").text.split())
    assert "Andre har rettet 1 af rækkerne imens" in text
    clash = text[text.index("h-clashes") : text.index("h-rows")]
    assert "System Bravo</a>" in clash
    assert "gemt af Lone Friis" in clash
    line = '<td data-title="Før">1 Lav</td><td data-title="Gemt imens">2 Middel</td><td data-title="Dit">4 Kritisk</td>'
    assert line in clash
    assert '<td data-title="Før">System B</td><td data-title="Gemt imens">System Bravo</td>' in clash
    assert "System A" not in clash
    assert 'name="reason" value="Derfor"' in text


def test_one_can_confirm_again_with_the_rows_as_they_are(overtaken):
    overtaken.apply().apply()
    assert overtaken.status == 302
    assert levels() == {"A": 4, "B": 4, "C": 4}


def test_one_can_leave_those_rows_out(overtaken):
    overtaken.apply().apply("apply-rest")
    assert overtaken.status == 302
    assert levels() == {"A": 4, "B": 2, "C": 4}
    assert System.objects.get(code="B").name == "System Bravo"


def test_another_change_after_the_conflict_is_a_new_conflict(overtaken):
    overtaken.apply()
    System.objects.filter(code="A").update(criticality=3)
    assert overtaken.apply().status == 409
    assert "System A" in overtaken.text[overtaken.text.index("h-clashes") : overtaken.text.index("h-rows")]
    assert levels() == {"A": 3, "B": 2, "C": 1}


def test_the_conflict_stays_on_the_page_when_one_turns_pages(overtaken):
    overtaken.apply()
    overtaken.send(token=overtaken.token, page="1")
    assert "gemt af Lone Friis" in overtaken.text
    overtaken.apply("apply-rest")
    assert levels() == {"A": 4, "B": 2, "C": 4}


def test_turning_pages_finds_the_conflict_too(overtaken):
    assert overtaken.send(token=overtaken.token, page="1").status == 409
    assert "gemt af Lone Friis" in overtaken.text


def test_saving_twice_is_a_conflict_with_oneself(page):
    page.pick(factories.system(code="A")).preview(criticality="4")
    token = page.token
    page.apply()
    page.token = token
    assert page.apply().status == 409
    assert bulk_changes().count() == 1


def test_a_row_that_is_deleted_since_is_taken_out(page):
    keep, gone = factories.system(code="A"), factories.system(code="B")
    page.pick(keep, gone).preview(criticality="4")
    System.objects.filter(pk=gone.pk).delete()
    assert page.apply().status == 409
    assert "1 af rækkerne findes ikke længere" in page.text
    assert page.apply().status == 302
    assert levels() == {"A": 4}


# Rules


def test_names_every_row_that_breaks_a_rule_and_writes_nothing(page):
    rows = [factories.dependency(since=datetime.date(year, 1, 1)) for year in (2019, 2024, 2025)]
    page.url = DEPENDENCIES
    page.pick(*rows).preview(until="31-12-2020")
    assert page.status == 422
    alert = page.text[page.text.index("alert-error") : page.text.index("h-rows")]
    assert alert.count("Slutdatoen skal ligge efter startdatoen.") == 2
    assert str(rows[0]) not in alert
    assert str(rows[1]) in alert
    assert page.apply().status == 422
    assert not Dependency.objects.exclude(until=None).exists()
    page.apply("apply-rest")
    assert list(Dependency.objects.exclude(until=None)) == [rows[0]]


def test_names_hundreds_of_rows_that_break_a_rule(page):
    for _ in range(30):
        factories.dependency(since=datetime.date(2024, 1, 1))
    page.url = DEPENDENCIES
    page.everything().preview(until="31-12-2020")
    assert page.text.count("Slutdatoen skal ligge efter startdatoen.") == 30
    assert "på 30 rækker" in page.text


def test_refuses_rows_that_would_say_the_same(page):
    cura, mitid, cpr = factories.system(), factories.component(), factories.component()
    both = [factories.dependency(source=cura, target=mitid, direction=d) for d in ("reads", "writes")]
    one, taken = [factories.dependency(source=cura, target=cpr, direction=d) for d in ("auth", "both")]
    page.url = DEPENDENCIES
    assert page.pick(*both, one).preview(direction="both").status == 422
    assert page.text.count("Afhængigheden findes allerede med samme dataretning") == 3
    assert page.pick(both[0]).preview(direction="writes").status == 422
    assert page.pick(both[0], taken).preview(direction="auth").status == 422  # taken by ``one``
    assert page.pick(one).preview(direction="reads").status == 200
    assert page.pick(taken).preview(direction="both").status == 200  # unchanged


def test_a_rule_broken_between_preview_and_saving_stops_it_all(page):
    row = factories.dependency(direction="reads")
    page.url = DEPENDENCIES
    page.pick(row).preview(direction="writes")
    factories.dependency(source=row.source, target=row.target, direction="writes")
    assert page.apply().status == 422
    row.refresh_from_db()
    assert row.direction == "reads"


def test_a_vendor_that_is_gone_since_the_preview_stops_it_all(page):
    row, kmd = factories.system(code="A"), factories.organisation(code="KMD")
    page.pick(row).preview(provider="KMD")
    kmd.delete()
    assert page.apply().status == 422
    assert System.objects.get().provider is None


def test_every_check_constraint_is_asked_with_the_new_values():
    """What bulk edit says of a row agrees with what the database says."""
    row = factories.dependency(since=datetime.date(2020, 1, 1))
    values: dict[str, Any]
    for values in ({"status": "odd"}, {"importance": "odd"}, {"until": datetime.date(2019, 1, 1)}):
        assert bulk.find_problems(Dependency, [row], values), values
    for values in ({"until": None}, {"until": datetime.date(2021, 1, 1)}, {"status": "ended"}):
        assert not bulk.find_problems(Dependency, [row], values), values
    system = factories.system()
    for wrong in ({"criticality": 7}, {"lifecycle": "odd"}, {"personal_data": "odd"}):
        assert bulk.find_problems(System, [system], wrong), wrong
    assert bulk.find_problems(Component, [factories.component()], {"level": ""})


def test_a_failure_while_writing_leaves_nothing_behind(page, monkeypatch):
    rows = [factories.system(code=code) for code in "AB"]
    page.pick(*rows).preview(criticality="4")
    monkeypatch.setattr(bulk, "find_problems", lambda *_: [])
    monkeypatch.setattr(
        bulk, "thaw", lambda *_: bulk.Selection(System, {row.pk: 1 for row in rows}, {"criticality": 7})
    )
    assert page.apply().status == 409
    assert "En anden rettelse kom i vejen" in page.text
    assert levels() == {"A": None, "B": None}


# Access


@pytest.mark.parametrize("group", [permissions.READER, permissions.RESPONSIBLE, permissions.MANAGER])
@pytest.mark.parametrize("url", [SYSTEMS, "/komponenter/masseret/", DEPENDENCIES])
def test_only_those_who_may_change_come_in(client, group, url):
    row = factories.system(code="A")
    client.force_login(factories.user(group))
    assert client.get(url).status_code == 403
    assert client.post(url, {"scope": "all"}).status_code == 403
    assert client.post(url, {"scope": "picked"}).status_code == 403
    assert client.post(SYSTEMS, {"scope": "picked", "pk": row.pk}).status_code == 403


def test_a_right_lost_after_the_preview_is_a_right_lost(page, karin):
    page.pick(factories.system(code="A")).preview(criticality="4")
    karin.groups.clear()
    karin.groups.add(factories.user(permissions.READER).groups.get())
    token = page.token
    for step in ("apply", "choose", "preview", ""):
        page.token = token
        assert page.apply(step, criticality="4").status == 403, step
    assert levels() == {"A": None}


def test_a_right_to_some_objects_is_a_right_to_them_only(page, karin, monkeypatch):
    """As an auth backend that gives rights to single objects does."""
    karin.groups.set(factories.user(permissions.READER).groups.all())
    mine, other = factories.system(code="MIN"), factories.system(code="ANDEN")
    monkeypatch.setattr(bulk, "may", lambda user, action, on: getattr(on, "code", "") == "MIN" and on == mine)
    assert page.pick(mine, other).status == 403
    assert page.pick(mine).preview(criticality="4").apply().status == 302
    assert levels() == {"MIN": 4, "ANDEN": None}


# Undo


def undo(page: Page) -> Any:
    change_set = bulk_changes().values_list("change_set", flat=True).first()
    return page.client.post(reverse("changeset", args=[change_set]), {"reason": "Forkert"})


def test_one_button_undoes_it_all(page):
    rows = [factories.system(code=code, criticality=n) for n, code in enumerate("ABC", 1)]
    page.pick(*rows).preview(criticality="4", clear_personal_data="on").apply()
    change_set = reverse("changeset", args=[bulk_changes()[0].change_set])
    assert "Fortryd hele ændringssættet" in page.client.get(change_set).content.decode()
    response = undo(page)
    assert response.status_code == 302
    assert levels() == {"A": 1, "B": 2, "C": 3}
    assert "3 rækker er sat tilbage" in page.client.get(response.headers["Location"]).content.decode()
    assert "Fortryd hele ændringssættet" not in page.client.get(change_set).content.decode()


def test_undo_is_refused_when_something_newer_has_touched_a_row(page):
    rows = [factories.system(code=code, name=f"System {code}", criticality=1) for code in "ABC"]
    page.pick(*rows).preview(criticality="4").apply()
    System.objects.filter(code="B").update(aliases="Bravo")
    response = undo(page)
    text = response.content.decode()
    assert response.status_code == 409
    assert "1 af 3 rækker er ændret siden" in text
    assert "<li>System B</li>" in text
    assert set(levels().values()) == {4}


# Size


def queries_of(page: Page, step: Any) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        step()
    return len(captured)


def test_costs_the_same_number_of_queries_whatever_the_number_of_rows(page):
    kmd = factories.organisation(code="KMD", kind="vendor")
    counts = []
    for number in (5, 60):
        made = [
            factories.system(provider=kmd if n % 2 else None, code=f"S{number}-{n}") for n in range(number)
        ]
        steps: list[int] = [
            queries_of(page, lambda rows=made: page.pick(*rows)),
            queries_of(page, lambda: page.preview(criticality="3", provider="KMD", reason="x")),
        ]
        Asset.objects.filter(pk__in=[row.pk for row in made]).update(criticality=1)
        steps.append(queries_of(page, page.apply))
        assert page.status == 409
        steps.append(queries_of(page, page.apply))
        assert page.status == 302
        counts.append(steps)
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 40


def test_ten_thousand_rows_travel_in_few_bytes(karin):
    selection = bulk.Selection(System, {key: key % 50 + 1 for key in range(7, 70_000, 7)}, {"criticality": 3})
    text = bulk.freeze(selection, karin)
    assert len(text) < 30_000
    thawed = bulk.thaw(text, System, karin)
    assert (thawed.versions, thawed.values) == (selection.versions, {"criticality": 3})


def test_archived_rows_say_so(page):
    row = factories.system(archived_at=timezone.now(), archive_reason="Slut")
    assert "Arkiveret" in page.pick(row).preview(criticality="2").text


# Two at once


@pytest.mark.django_db(transaction=True)
def test_of_two_bulk_edits_at_once_one_is_told(karin, lone):
    rows = [factories.system(criticality=1) for _ in range(20)]
    together = Barrier(2)

    def edit(user: User, keys: list[int], criticality: int) -> str:
        try:
            shown = bulk.Selection(System, dict.fromkeys(keys, 1), {"criticality": criticality})
            together.wait(10)
            return str(bulk.apply(shown, user, "").rows)
        except bulk.ChangedSince as refused:
            return f"{len(refused.keys)} changed"
        finally:
            connections.close_all()

    keys = [row.pk for row in rows]
    with ThreadPoolExecutor(2) as pool:
        answers = [
            pool.submit(edit, karin, keys[:15], 3),
            pool.submit(edit, lone, keys[:4:-1], 4),
        ]
        assert sorted(answer.result() for answer in answers) == ["10 changed", "15"]
    assert sorted(levels().values(), key=str).count(1) == 5
    assert bulk_changes().values("change_set").distinct().count() == 1
