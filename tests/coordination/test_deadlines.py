"""The board of deadlines and ``/udloeb/``: what is on it, who sees it how, and that every number has its rows."""

from __future__ import annotations

import csv
import datetime
import html
import re
from io import BytesIO
from time import perf_counter
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from coordination import deadlines
from coordination.deadlines import Urgency
from coordination.models import Acknowledgement
from foi_portal.core import history
from foi_portal.core.permissions import FOI, READER, RESPONSIBLE
from registry.deadlines import Act, Deadline
from roles.models import Person
from tests import factories
from tests.coordination.due import Given

pytestmark = pytest.mark.django_db

URL = "/udloeb/"
PATIENCE = 3  # how many times slower a machine full of other tests may be


def day(days: int) -> datetime.date:
    return timezone.localdate() + datetime.timedelta(days=days)


def rows(client: Client, query: str = "") -> list[dict[str, str]]:
    response: Any = client.get(f"{URL}?{query}&_export=csv")
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def subjects(client: Client, query: str = "") -> list[str]:
    return [row["subject"] for row in rows(client, query)]


def note(key: str, days: int = 30, reason: str = "Aftalt") -> Acknowledgement:
    return Acknowledgement.objects.create(
        key=key,
        title="x",
        until=day(days),
        reason=reason,
        by=factories.user(first_name="Bo", last_name="Bang"),
    )


def test_how_long_there_is_is_said_as_on_all_other_pages(given: Given):
    given.add("certificate/1", -535)
    client = Client()
    client.force_login(factories.member(FOI))
    assert "for 18 måneder siden" in client.get(URL).content.decode()


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (-1, Urgency.OVERDUE),
        (0, Urgency.WEEK),
        (7, Urgency.WEEK),
        (8, Urgency.MONTH),
        (30, Urgency.MONTH),
        (31, Urgency.QUARTER),
        (90, Urgency.QUARTER),
        (91, Urgency.HALF_YEAR),
        (180, Urgency.HALF_YEAR),
        (181, Urgency.LATER),
    ],
)
def test_how_urgent(days: int, expected: Urgency):
    assert deadlines.urgency(days) == expected


class TestList:
    def test_each_tile_has_as_many_rows_as_it_says(self, given: Given):
        client = factories.client()
        for number, days in enumerate((-40, -1, 0, 7, 8, 31, 90, 91, 181, 999)):
            given.add(f"certificate/{number}", days)
        note(given.add("certificate/77", -5).key)
        tiles = client.get(URL).context["tiles"]
        assert [tile.count for tile in tiles] == [2, 2, 1, 2, 1, 2, 1]
        for tile in tiles:
            query = tile.url.partition("?")[2]
            assert len(rows(client, query)) == tile.count, tile.label
            assert client.get(tile.url).context["count"] == tile.count

    def test_a_tile_keeps_the_other_filters(self, given: Given):
        client, system = factories.client(), factories.system(code="KY")
        given.add("certificate/1", 3, assets=(system.pk,))
        given.add("certificate/2", 3)
        (tile,) = [t for t in client.get(f"{URL}?asset=KY").context["tiles"] if t.count]
        assert tile.count == 1
        assert subjects(client, tile.url.partition("?")[2]) == ["certificate/1"]

    def test_grouped_by_urgency_with_what_rests_last(self, given: Given):
        given.add("certificate/1", 40)
        given.add("certificate/2", -3)
        note(given.add("certificate/3", -9).key)
        groups = factories.client(READER).get(URL).context["groups"]
        assert [(g.label, g.count) for g in groups] == [
            ("Overskredet", 1),
            ("Om 31 til 90 dage", 1),
            ("Taget til efterretning", 1),
        ]

    def test_every_filter(self, given: Given):
        client = factories.client()
        buf = factories.organisation(code="BUF", kind="forvaltning")
        ky = factories.system(code="KY", department=buf)
        sp = factories.component(code="SP")
        given.add("certificate/1", 5, assets=(ky.pk,))
        given.add("agreement_end/2", 5, assets=(sp.pk,))
        given.add("agreement_end/3", 60, organisations=(buf.pk,))
        note(given.add("certificate/4", 60).key)
        for query, expected in {
            "slags=certificate": {"certificate/1", "certificate/4"},
            "haster=7": {"certificate/1", "agreement_end/2"},
            "forvaltning=BUF": {"certificate/1", "agreement_end/3"},
            "forvaltning=-": {"agreement_end/2", "certificate/4"},
            "asset=ky": {"certificate/1"},
            "efterretning=ja": {"certificate/4"},
            "efterretning=nej&haster=90": {"agreement_end/3"},
            f"maaned={day(60):%Y-%m}": {"agreement_end/3", "certificate/4"},
            "haster=aldrig&slags=%00&asset=findes-ikke&forvaltning=X&maaned=13&page=-1": {
                "certificate/1",
                "agreement_end/2",
                "agreement_end/3",
                "certificate/4",
            },
        }.items():
            assert set(subjects(client, query)) >= expected, query
            if "maaned=2" not in query:
                assert set(subjects(client, query)) == expected, query

    def test_by_person(self, given: Given):
        role, ky = factories.role(code="SYSTEMANSV"), factories.system()
        karin, bo = factories.person(name="Karin"), factories.person()
        factories.assignment(person=karin, role=role, asset=ky)
        given.add("certificate/1", 5, assets=(ky.pk,))
        given.add("certificate/2", 5, people=(bo.pk,))
        given.add("certificate/3", 5)
        client = factories.client()
        assert subjects(client, f"person={karin.pk}") == ["certificate/1"]
        assert subjects(client, f"person={bo.pk}") == ["certificate/2"]
        assert [row["people"] for row in rows(client)] == ["Karin", bo.name, ""]

    def test_the_export(self, given: Given):
        ky, ksd = factories.system(code="KY"), factories.system(code="KSD")
        note(given.add("certificate/1", -2, assets=(ky.pk, ksd.pk), title="=Udløb").key, 20, "Nyt er bestilt")
        client = factories.client(READER)
        assert rows(client) == [
            {
                "date": day(-2).isoformat(),
                "days_left": "-2",
                "kind": "certificate",
                "title": "'=Udløb",
                "subject": "certificate/1",
                "assets": "KY; KSD",
                "people": "",
                "url": f"{settings.SITE_URL}/certificate/1/",
                "acknowledged_until": day(20).isoformat(),
                "reason": "Nyt er bestilt",
            }
        ]
        response: Any = client.get(f"{URL}?_export=xlsx")
        sheet: Any = load_workbook(BytesIO(b"".join(response.streaming_content))).active
        assert [cell.value for cell in sheet[1]][:3] == ["date", "days_left", "kind"]
        assert sheet["B2"].value == -2

    def test_nothing_yet_says_what_to_do(self, given: Given):
        page = factories.client(READER).get(URL).content.decode()
        assert "Der er ingen frister." in page
        given.add("certificate/1")
        page = factories.client(READER).get(f"{URL}?haster=overskredet").content.decode()
        assert "Vis dem alle" in page

    def test_markup_in_a_title_is_shown_as_text(self, given: Given):
        given.add("certificate/1", title="<script>alert(1)</script>", note="<b>x</b>")
        for query in ("", "?vis=tidslinje"):
            page = factories.client().get(URL + query).content.decode()
            assert "<script>alert" not in page
            assert "<b>x</b>" not in page

    def test_what_is_archived_is_not_linked(self, given: Given):
        gone = factories.system(archived_at=timezone.now())
        given.add("certificate/1", assets=(gone.pk,))
        (group,) = factories.client().get(URL).context["groups"]
        assert group.lines[0].assets == []


class TestActs:
    def line(self, client: Client) -> Any:
        return client.get(URL).context["groups"][0].lines[0]

    def test_the_first_that_one_may_else_who_to_call(self, given: Given):
        role, ky = factories.role(code="SYSTEMANSV"), factories.system()
        karin = factories.person(name="Karin", email="karin@example.org")
        factories.assignment(person=karin, role=role, asset=ky)
        acts = (
            Act("Forny", "/forny/", "registry.add_certificate"),
            Act("Ret", "/ret/", "registry.change_system"),
        )
        given.add("certificate/1", assets=(ky.pk,), acts=acts)
        assert self.line(factories.client(FOI)).act.label == "Forny"
        reader = factories.client(READER)
        assert self.line(reader).act is None
        assert "mailto:karin@example.org" in reader.get(URL).content.decode()
        own = factories.client(RESPONSIBLE)
        Person.objects.filter(pk=karin.pk).update(user=own.user)  # type: ignore[attr-defined]
        assert self.line(own).act.label == "Ret"
        assert self.line(own).may_take_note
        assert not self.line(reader).may_take_note


class TestTakingNote:
    def url(self, key: str) -> str:
        return f"/udloeb/frist/{key}/"

    def sent(self, days: int = 30, reason: str = "Ny leverandør") -> dict[str, str]:
        return {"until": f"{day(days):%d-%m-%Y}", "reason": reason}

    def test_until_a_day_because(self, given: Given):
        one = given.add("certificate/1")
        client = factories.client()
        assert client.get(self.url(one.key)).status_code == 200
        response = client.post(self.url(one.key), {**self.sent(), "tilbage": "slags=certificate"})
        assert response["Location"] == "/udloeb/?slags=certificate"
        row = Acknowledgement.objects.get()
        assert (row.key, row.until, row.reason, row.by) == (one.key, day(30), "Ny leverandør", client.user)  # type: ignore[attr-defined]
        assert rows(client)[0]["acknowledged_until"] == day(30).isoformat()
        assert history.changes_of(row).count() == 1

    @pytest.mark.parametrize(
        ("data", "says"),
        [
            ({"until": "", "reason": "x"}, "Skriv, til hvornår."),
            ({"until": "32-01-2027", "reason": "x"}, "Skriv datoen som"),
            ({"reason": "   "}, "Skriv hvorfor."),
        ],
    )
    def test_what_is_missing_is_said(self, given: Given, data: dict[str, str], says: str):
        one = given.add("certificate/1")
        response = factories.client().post(self.url(one.key), self.sent() | data)
        assert response.status_code == 422
        assert says in html.unescape(response.content.decode())
        assert not Acknowledgement.objects.exists()

    @pytest.mark.parametrize(("days", "status"), [(0, 422), (-1, 422), (1, 302), (729, 302), (740, 422)])
    def test_from_tomorrow_and_at_most_two_years(self, given: Given, days: int, status: int):
        one = given.add("certificate/1")
        assert factories.client().post(self.url(one.key), self.sent(days)).status_code == status

    def test_it_is_open_again_that_day_and_when_the_day_moves(self, given: Given):
        client = factories.client()
        one = given.add("certificate/1")
        row = note(one.key, 1)
        assert subjects(client, "efterretning=ja") == ["certificate/1"]
        Acknowledgement.objects.filter(pk=row.pk).update(until=day(0))
        assert subjects(client, "efterretning=ja") == []
        assert (
            client.post(self.url(one.key), self.sent()).status_code == 302
        )  # and may be taken note of again
        assert Acknowledgement.objects.current().count() == 1
        given.add("certificate/1", 50)
        assert subjects(client, "efterretning=nej") == ["certificate/1"]

    def test_two_at_once_do_not_overwrite_each_other(self, given: Given):
        one = given.add("certificate/1")
        note(one.key, reason="Først")
        response = factories.client().post(self.url(one.key), self.sent())
        assert response.status_code == 409
        assert Acknowledgement.objects.get().reason == "Først"

    def test_it_is_changed_with_its_version_and_taken_back(self, given: Given):
        row = note(given.add("certificate/1").key)
        client = factories.client()
        url = f"/udloeb/efterretning/{row.pk}/ret/"
        assert client.get(self.url(row.key))["Location"] == url
        assert client.get(url).status_code == 200
        assert client.post(url, {**self.sent(60, "Senere"), "version": "1"}).status_code == 302
        row.refresh_from_db()
        assert (row.until, row.reason, row.by) == (day(60), "Senere", client.user)  # type: ignore[attr-defined]
        late = client.post(url, {**self.sent(90, "For sent"), "version": "1"})
        assert late.status_code == 409
        assert "For sent" in late.content.decode()
        back = f"/udloeb/efterretning/{row.pk}/tag-tilbage/"
        client.post(back, {"version": "1"})
        assert subjects(client, "efterretning=ja") == ["certificate/1"]
        client.post(back, {"version": "2"})
        assert subjects(client, "efterretning=nej") == ["certificate/1"]

    def test_who_is_responsible_may_and_others_may_not(self, given: Given):
        own, other = factories.client(RESPONSIBLE), factories.client(RESPONSIBLE)
        for who in (own, other):
            factories.person(user=who.user)  # type: ignore[attr-defined]
        one = given.add("certificate/1", people=(own.user.person.pk,))  # type: ignore[attr-defined]
        assert other.post(self.url(one.key), self.sent()).status_code == 403
        assert own.post(self.url(one.key), self.sent()).status_code == 302
        row = Acknowledgement.objects.get()
        assert other.post(f"/udloeb/efterretning/{row.pk}/ret/", {"version": "1"}).status_code == 403
        assert other.post(f"/udloeb/efterretning/{row.pk}/tag-tilbage/", {"version": "1"}).status_code == 403
        assert own.get(f"/udloeb/efterretning/{row.pk}/ret/").status_code == 200

    def test_what_is_dealt_with_is_not_found(self, given: Given):
        assert factories.client().get(self.url("certificate/1/2027-01-01")).status_code == 404


class TestTimeline:
    def test_each_number_has_as_many_rows(self, given: Given):
        client = factories.client()
        buf = factories.organisation(code="BUF", kind="forvaltning")
        ky = factories.system(department=buf)
        for number in range(12):
            given.add(f"certificate/{number}", number * 37 - 50, assets=(ky.pk,) if number % 2 else ())
        note(given.add("agreement_end/99", 40).key)
        for ways in ("", "&efter=forvaltning"):
            context = client.get(f"{URL}?vis=tidslinje{ways}").context
            linked = [
                (cell, url) for _, cells in context["rows"] for cell, url in cells if cell.total and url
            ]
            assert len(linked) >= 8
            for cell, url in linked:
                assert len(rows(client, url.partition("?")[2])) == cell.total, url
            assert sum(row.total for row, _ in context["rows"]) == 13


class TestPanels:
    def test_on_the_pages_of_what_it_is_about(self, given: Given):
        role, ky = factories.role(code="SYSTEMANSV"), factories.system(code="KY")
        karin = factories.person()
        factories.assignment(person=karin, role=role, asset=ky)
        for number in range(7):
            given.add(f"certificate/{number}", number, assets=(ky.pk,))
        client = factories.client(READER)
        for page in ("/fagsystemer/KY/", f"/personer/{karin.pk}/"):
            text = client.get(page).content.decode()
            assert "Næste frister" in text
            assert "certificate/4 udløber" in text
            assert "certificate/5 udløber" not in text
            url = html.unescape(re.search(r'Næste frister</h2><a href="([^"]+)">Alle 7', text)[1])  # type: ignore[index]
            assert len(rows(client, url.partition("?")[2])) == 7
        assert "Næste frister" not in client.get(f"/personer/{factories.person().pk}/").content.decode()

    def test_on_the_front_page(self, given: Given):
        role, ky = factories.role(code="SYSTEMANSV"), factories.system()
        karin = factories.person()
        factories.assignment(person=karin, role=role, asset=ky)
        given.add("certificate/1", assets=(ky.pk,))
        given.add("certificate/2")
        own = factories.client(RESPONSIBLE)
        Person.objects.filter(pk=karin.pk).update(user=own.user)  # type: ignore[attr-defined]
        said = own.get("/").content.decode()
        assert "certificate/1 udløber" in said
        assert "certificate/2 udløber" not in said
        foi = factories.client(FOI).get("/").content.decode()
        assert "certificate/2 udløber" in foi
        assert "Næste frister" not in factories.client(READER).get("/").content.decode()


def test_handover_and_stop_tell_of_agreements_and_certificates(given: Given):
    ky, karin = factories.system(name="Ydelser"), factories.person()
    factories.assignment(person=karin, asset=ky)
    given.add("certificate/1", 20, assets=(ky.pk,))
    given.add("agreement_end/2", -3, assets=(ky.pk,))
    given.add("certificate/3", 20)
    client = factories.client()
    for page in (f"/personer/{karin.pk}/overdragelse/", f"/personer/{karin.pk}/stopper/"):
        text = client.get(page).content.decode()
        assert 'Certifikat udløber: <a href="/certificate/1/">certificate/1</a>' in text
        assert "agreement_end/2" in text
        assert "certificate/3" not in text


def test_ten_thousand_page_and_answer_within_a_second(given: Given):
    """Measured without what the process remembers: a test is in a transaction, so everything is read anew."""
    role, client = factories.role(code="SYSTEMANSV"), factories.client()
    systems = [factories.system() for _ in range(40)]
    people = [factories.assignment(role=role, asset=system).person for system in systems]
    today = timezone.localdate()
    given.rows = [
        Deadline(
            key=f"certificate/{n}/x",
            kind="certificate",
            on=today + datetime.timedelta(days=n % 900 - 100),
            title=f"Certifikat {n}",
            subject=f"Certifikat {n}",
            url="/x/",
            assets=(systems[n % 40].pk,),
        )
        for n in range(10_000)
    ]
    client.get(URL)  # templates are read once in a process
    for query, count in (
        ("", 10_000),
        ("page=200", 10_000),
        ("haster=30", 253),
        (f"person={people[0].pk}", 250),
        ("vis=tidslinje&efter=forvaltning", 10_000),
    ):
        start = perf_counter()
        response = client.get(f"{URL}?{query}")
        took = perf_counter() - start
        assert response.context["count"] == count, query
        assert took < 1 * PATIENCE, query
