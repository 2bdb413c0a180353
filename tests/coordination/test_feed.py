"""``/udloeb.ics``: what the calendar says as things change, who gets which, and that an address is a secret."""

from __future__ import annotations

import datetime
import hashlib
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from icalendar import Calendar

from coordination import calendar_links, calendar_memory, deadlines
from coordination.models import Acknowledgement, CalendarEvent, CalendarLink, ReminderRule
from foi_portal.core.models import User
from foi_portal.core.permissions import FOI, READER, RESPONSIBLE, sync_groups
from registry.models import Asset
from roles.models import Absence, Assignment, Person, Role
from tests import factories
from tests.coordination.due import Given
from tests.core.test_two_connections import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def everything() -> str:
    """The path of a feed of all deadlines."""
    _, address = calendar_links.make(made_by=factories.member(FOI))
    return path(address)


def path(address: str) -> str:
    return address[address.index("/udloeb.ics") :]


def of_person(**values: Any) -> tuple[Person, str]:
    user = factories.member(RESPONSIBLE)
    person = factories.person(user=user, **values)
    return person, path(calendar_links.make(made_by=user, person=person)[1])


def of_role(role: Role) -> str:
    return path(calendar_links.make(made_by=factories.member(FOI), role=role)[1])


def fetch(address: str) -> dict[str, Any]:
    """The feed's events by UID without the host."""
    response = Client().get(address)
    assert response.status_code == 200
    events = Calendar.from_ical(response.content).walk("VEVENT")
    found = {str(event["uid"]).split("@", maxsplit=1)[0]: event for event in events}
    assert len(found) == len(events)
    return found


def told(address: str, uid: str = "certificate-1") -> tuple[int, str, datetime.date]:
    event = fetch(address)[uid]
    return int(event["sequence"]), str(event["status"]), event["dtstart"].dt


class TestWhatItSays:
    def test_nothing_changes_while_nothing_changes(self, given: Given, everything: str):
        one = given.add("certificate/1")
        first = Client().get(everything).content
        assert told(everything) == (0, "CONFIRMED", one.on)
        assert Client().get(everything).content == first

    def test_every_event_has_what_a_program_needs(self, given: Given, everything: str):
        ky = factories.system(name="Ydelser")
        for number in range(5):
            given.add(f"certificate/{number}", number * 100 - 50, note="Linje 1\nLinje 2", assets=(ky.pk,))
        for event in fetch(everything).values():
            for name in ("uid", "dtstamp", "dtstart", "dtend", "summary", "sequence", "last-modified", "url"):
                assert name in event, name
            assert (event["dtend"].dt - event["dtstart"].dt).days == 1
            assert "Linje 1\nLinje 2\nGælder: Ydelser\nAnsvarlig: FOI-enheden" in str(event["description"])

    def test_a_day_that_moves_is_the_same_event(self, given: Given, everything: str):
        given.add("certificate/1", 10)
        told(everything)
        moved = given.add("certificate/1", 400)
        assert told(everything) == (1, "CONFIRMED", moved.on)
        again = given.add("certificate/1", 10)
        assert told(everything) == (2, "CONFIRMED", again.on)

    def test_each_change_raises_the_number_and_the_stamp(self, given: Given, everything: str):
        given.add("certificate/1")
        before = fetch(everything)["certificate-1"]
        CalendarEvent.objects.update(changed_at=timezone.now() - datetime.timedelta(hours=1))
        changes: list[dict[str, Any]] = [{"title": "Nyt"}, {"note": "Nyt"}, {"url": "/nyt/"}]
        for number, change in enumerate(changes, start=1):
            given.add("certificate/1", **change)
            event = fetch(everything)["certificate-1"]
            assert event["sequence"] == number
            assert event["dtstamp"].dt >= before["dtstamp"].dt

    def test_what_is_dealt_with_is_cancelled_for_ninety_days(self, given: Given, everything: str):
        one = given.add("certificate/1")
        told(everything)
        given.drop("certificate/1")
        assert told(everything) == (1, "CANCELLED", one.on)
        assert told(everything) == (1, "CANCELLED", one.on)
        CalendarEvent.objects.update(cancelled_at=timezone.now() - datetime.timedelta(days=90, minutes=1))
        assert fetch(everything) == {}
        given.add("certificate/1")
        assert told(everything) == (2, "CONFIRMED", one.on)

    def test_what_was_never_told_is_not_cancelled(self, given: Given, everything: str):
        given.add("certificate/1")
        given.drop("certificate/1")
        assert fetch(everything) == {}

    def test_it_rings_when_people_are_reminded(self):
        rule, _ = ReminderRule.objects.get_or_create(kind="certificate")
        assert calendar_memory.alarms()["certificate"] == (90, 30, 7)
        ReminderRule.objects.filter(pk=rule.pk).update(active=False)
        assert "certificate" not in calendar_memory.alarms()

    def test_what_is_decided_does_not_ring(
        self, given: Given, everything: str, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(calendar_memory, "alarms", lambda: {"certificate": (30, 7)})
        given.add("certificate/1", decided=True)
        assert not fetch(everything)["certificate-1"].walk("VALARM")

    def test_taken_note_of_is_told_with_the_reason_and_rings_no_more(
        self, given: Given, everything: str, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(calendar_memory, "alarms", lambda: {"certificate": (30, 7)})
        one = given.add("certificate/1")
        assert len(fetch(everything)["certificate-1"].walk("VALARM")) == 2
        Acknowledgement.objects.create(
            key=one.key,
            title="x",
            until=timezone.localdate() + datetime.timedelta(days=5),
            reason="Nyt er bestilt",
            by=factories.user(),
        )
        event = fetch(everything)["certificate-1"]
        assert event["sequence"] == 1
        assert "Nyt er bestilt" in str(event["description"])
        assert not event.walk("VALARM")

    def test_two_days_of_one_matter_are_two_events(self, given: Given, everything: str):
        first = given.add("certificate/1", 5)
        given.rows.append(first)
        second = given.add("certificate/1", 9)
        given.rows.append(first)
        assert {event["dtstart"].dt for event in fetch(everything).values()} == {first.on, second.on}

    def test_what_another_wrote_meanwhile_is_read_again(
        self, given: Given, everything: str, monkeypatch: pytest.MonkeyPatch
    ):
        """The day moves twice while this fetch is on its way to write: it says what the other said."""
        given.add("certificate/1", 10)
        told(everything)
        given.add("certificate/1", 20)
        differs, told_other = calendar_memory._differs, []

        def late(known: Any) -> bool:
            answer = differs(known)
            monkeypatch.setattr(calendar_memory, "_differs", differs)
            given.add("certificate/1", 30)
            told_other.append(told(everything))
            return answer

        monkeypatch.setattr(calendar_memory, "_differs", late)
        day = timezone.localdate() + datetime.timedelta(days=30)
        assert [told(everything), *told_other] == [(1, "CONFIRMED", day)] * 2


class TestWhose:
    def test_a_person_gets_their_own(self, given: Given):
        karin, address = of_person()
        given.add("certificate/1", people=(karin.pk,))
        given.add("certificate/2", people=(factories.person().pk,))
        given.add("certificate/3")
        assert set(fetch(address)) == {"certificate-1"}

    def test_what_was_theirs_and_is_dealt_with_is_cancelled_there_only(self, given: Given):
        (karin, hers), (_, his) = of_person(), of_person()
        given.add("certificate/1", people=(karin.pk,))
        fetch(hers)
        given.drop("certificate/1")
        assert told(hers)[1] == "CANCELLED"
        assert fetch(his) == {}

    def test_a_holiday_moves_nothing_and_the_stand_in_has_it_too(self, given: Given):
        (karin, hers), (bo, his) = of_person(name="Karin"), of_person(name="Bo")
        given.add("certificate/1", people=(karin.pk,))
        assert set(fetch(his)) == set()
        before = Client().get(hers).content
        Absence.objects.create(person=karin, since=timezone.localdate(), stand_in=bo)
        assert Client().get(hers).content == before
        assert set(fetch(his)) == {"certificate-1"}

    def test_a_role_gets_what_its_holders_have_by_it(self, given: Given):
        owner, other = factories.role(code="SYSTEMANSV"), factories.role()
        ky, ksd = factories.system(), factories.system()
        karin = factories.person()
        factories.assignment(person=karin, role=owner, asset=ky)
        factories.assignment(person=karin, role=other, asset=ksd)
        factories.assignment(person=karin, role=other)
        given.add("certificate/1", assets=(ky.pk,))
        given.add("certificate/2", assets=(ksd.pk,), people=(karin.pk,))
        assert set(fetch(of_role(owner))) == {"certificate-1"}
        assert set(fetch(of_role(other))) == {"certificate-2"}

    def test_a_platforms_role_covers_its_modules(self, given: Given):
        role = factories.role(code="INFRAANSV")
        platform = factories.component(component_type="platform")
        module = factories.component(parent=platform)
        factories.assignment(role=role, asset=platform)
        given.add("certificate/1", assets=(module.pk,))
        assert set(fetch(of_role(role))) == {"certificate-1"}

    def test_the_same_event_is_the_same_in_every_feed(self, given: Given, everything: str):
        karin, hers = of_person()
        given.add("certificate/1", people=(karin.pk,))
        assert fetch(hers)["certificate-1"].to_ical() == fetch(everything)["certificate-1"].to_ical()


class TestSecret:
    def test_only_the_digest_is_kept(self):
        link, address = calendar_links.make(made_by=factories.member(FOI))
        token = address.partition("noegle=")[2]
        assert len(token) >= 43
        assert link.token_digest == hashlib.sha256(token.encode()).hexdigest()
        assert token not in str(CalendarLink.objects.values().get())

    def test_it_is_for_programs_that_cannot_sign_in(self, given: Given, everything: str):
        response = Client().get(everything)
        assert response["Content-Type"] == "text/calendar; charset=utf-8"
        assert response["Cache-Control"].startswith("private")
        assert response["Referrer-Policy"] == "no-referrer"
        assert not response.cookies
        assert Client().head(everything).status_code == 200
        assert Client().post(everything).status_code == 405

    def test_every_wrong_address_gets_the_same_answer(self, everything: str):
        link = CalendarLink.objects.get()
        answers = [
            Client().get(wrong)
            for wrong in (
                "/udloeb.ics",
                "/udloeb.ics?noegle=",
                f"{everything}x",
                everything[:-1],
                f"/udloeb.ics?noegle={link.token_digest}",
                "/udloeb.ics?noegle=" + "æ" * 5000,
                "/udloeb.ics?noegle=%00",
            )
        ]
        calendar_links.revoke(link=link, now=timezone.now())
        answers.append(Client().get(everything))
        assert {(a.status_code, a.content, str(sorted(a.headers.items()))) for a in answers} == {
            (404, answers[0].content, str(sorted(answers[0].headers.items())))
        }

    def test_it_stops_with_the_person_and_the_user(self, given: Given):
        karin, address = of_person()
        assert fetch(address) == {}
        people, users = Person.objects.filter(pk=karin.pk), User.objects.filter(person=karin)
        cases: list[tuple[Any, dict[str, Any], dict[str, Any]]] = [
            (people, {"active_to": timezone.localdate()}, {"active_to": None}),
            (people, {"archived_at": timezone.now()}, {"archived_at": None}),
            (users, {"is_active": False}, {"is_active": True}),
        ]
        for rows, stop, start in cases:
            rows.update(**stop)
            assert Client().get(address).status_code == 404, stop
            rows.update(**start)
            assert Client().get(address).status_code == 200

    def test_ones_own_stops_with_the_right_to_see_deadlines(self, given: Given):
        karin, address = of_person()
        assert fetch(address) == {}
        assert karin.user is not None
        karin.user.groups.clear()
        assert Client().get(address).status_code == 404
        sync_groups()

    def test_one_of_everything_stops_with_the_right_to_it(self, given: Given, everything: str):
        maker = CalendarLink.objects.get().made_by
        assert fetch(everything) == {}
        maker.groups.clear()
        assert Client().get(everything).status_code == 404
        sync_groups()

    def test_when_it_was_last_used_is_written_once_an_hour(self, given: Given, everything: str):
        fetch(everything)
        first = CalendarLink.objects.get().last_used_at
        assert first is not None
        fetch(everything)
        assert CalendarLink.objects.get().last_used_at == first
        earlier = first - datetime.timedelta(hours=2)
        CalendarLink.objects.update(last_used_at=earlier)
        fetch(everything)
        assert CalendarLink.objects.get().last_used_at != earlier

    def test_what_has_not_changed_is_not_sent_again(self, given: Given, everything: str):
        given.add("certificate/1")
        etag = Client().get(everything)["ETag"]
        same = Client().get(everything, headers={"If-None-Match": etag})
        assert (same.status_code, same.content) == (304, b"")
        given.add("certificate/1", 50)
        assert Client().get(everything, headers={"If-None-Match": etag}).status_code == 200


class TestPage:
    URL = "/udloeb/kalender/"

    def test_one_makes_ones_own_and_sees_it_once(self, given: Given):
        client = factories.client(READER)
        person = factories.person(user=client.user)  # type: ignore[attr-defined]
        given.add("certificate/1", people=(person.pk,))
        response = client.post(self.URL, {"hvad": "mig"})
        address = response.context["address"]
        assert address in response.content.decode()
        assert response["Cache-Control"] == "private, no-store"
        assert set(fetch(path(address))) == {"certificate-1"}
        page = client.get(self.URL)
        assert "noegle=" not in page.content.decode()
        assert [link.person for link, *_ in page.context["mine"]] == [person]

    def test_a_reader_makes_nobody_elses(self, given: Given):
        client, role = factories.client(READER), factories.role()
        factories.person(user=client.user)  # type: ignore[attr-defined]
        for data in ({"hvad": "alle"}, {"hvad": "rolle", "rolle": str(role.pk)}, {}, {"hvad": "x"}):
            assert client.post(self.URL, data).status_code == 422
        assert not CalendarLink.objects.exists()

    def test_foi_makes_a_roles_and_all_and_must_say_which_role(self, given: Given):
        client, role = factories.client(), factories.role()
        assert client.post(self.URL, {"hvad": "rolle"}).status_code == 422
        assert client.post(self.URL, {"hvad": "mig"}).status_code == 422  # is no person
        client.post(self.URL, {"hvad": "rolle", "rolle": str(role.pk)})
        client.post(self.URL, {"hvad": "alle"})
        assert [(link.role, link.person) for link in CalendarLink.objects.order_by("pk")] == [
            (role, None),
            (None, None),
        ]

    def test_revoked_by_whom_it_is_for_and_by_foi_and_nobody_else(self, given: Given):
        own, other, foi = factories.client(READER), factories.client(READER), factories.client()
        person = factories.person(user=own.user)  # type: ignore[attr-defined]
        for client, status in ((other, 403), (own, 302), (foi, 302)):
            link, address = calendar_links.make(made_by=own.user, person=person)  # type: ignore[attr-defined]
            assert client.post(f"{self.URL}{link.pk}/tilbagekald/").status_code == status
            assert Client().get(path(address)).status_code == (200 if status == 403 else 404)
        assert "Andres adresser: 1" in foi.get(self.URL).content.decode()

    def test_ten_are_enough(self, given: Given):
        client = factories.client(READER)
        factories.person(user=client.user)  # type: ignore[attr-defined]
        for _ in range(10):
            assert client.post(self.URL, {"hvad": "mig"}).status_code == 200
        assert client.post(self.URL, {"hvad": "mig"}).status_code == 422


def test_the_job_keeps_the_memory_in_step(given: Given):
    given.add("certificate/1")
    assert calendar_memory.run(timezone.now()) == "1 frist i kalenderne."
    assert CalendarEvent.objects.get().title == "certificate/1 udløber"
    given.drop("certificate/1")
    calendar_memory.run(timezone.now())
    assert CalendarEvent.objects.get().cancelled_at is not None


class TestCost:
    def count(self, address: str) -> list[str]:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert Client().get(address).status_code == 200
        return [query["sql"] for query in queries.captured_queries]

    def test_the_number_of_queries_does_not_grow_and_nothing_is_written_again(
        self, given: Given, everything: str
    ):
        karin, hers = of_person()
        counts = []
        for size in (10, 200):
            for number in range(size):
                given.add(f"certificate/{number}", people=(karin.pk,))
            fetch(everything)
            fetch(hers)
            for address in (everything, hers):
                queries = self.count(address)
                assert not [sql for sql in queries if not sql.lstrip().startswith("SELECT")], queries
                assert not [sql for sql in queries if "django_session" in sql]
                counts.append(len(queries))
        assert counts[:2] == counts[2:]


@pytest.mark.django_db(transaction=True)
def test_what_is_known_costs_a_handful_of_queries(given: Given):
    """Outside a test's transaction the process remembers the deadlines as long as nothing is written."""
    sync_groups()
    role, ky = factories.role(code="SYSTEMANSV"), factories.system()
    assignment = factories.assignment(role=role, asset=ky)
    _, address = calendar_links.make(made_by=factories.member(FOI))
    given.add("certificate/1", assets=(ky.pk,))
    for _ in range(2):
        fetch(path(address))
    with CaptureQueriesContext(connection) as queries:
        fetch(path(address))
    assert len(queries) <= 8, [q["sql"] for q in queries]
    Asset.objects.filter(pk=ky.pk).update(name="Ydelser")
    assert "Gælder: Ydelser" in str(fetch(path(address))["certificate-1"]["description"])
    Assignment.objects.filter(pk=assignment.pk).update(until=timezone.localdate())
    assert "Ansvarlig: FOI" in str(fetch(path(address))["certificate-1"]["description"])


@pytest.mark.django_db(transaction=True)
def test_many_at_once_agree(given: Given):
    """Each on a connection of its own: the first finds the news, and none gives them another number."""
    sync_groups()
    _, address = calendar_links.make(made_by=factories.member(FOI))
    contents = []
    for days in (10, 20, 30):
        for number in range(20):
            given.add(f"certificate/{number}", days + number)
        deadlines.forget()
        calendar_memory.forget()
        contents += [set(together(*[lambda: Client().get(path(address)).content] * 6))]
    assert [len(answers) for answers in contents] == [1, 1, 1]
    assert set(CalendarEvent.objects.values_list("sequence", flat=True)) == {2}
