"""Assigning, ending, handing over and transferring: what is written, what is refused, what is left empty."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from django.db import IntegrityError
from django.urls import reverse
from django.utils import timezone

from foi_portal.core import history
from foi_portal.core.models import Change
from foi_portal.core.permissions import READER
from roles import assigning
from roles.gaps import if_leaving
from roles.models import Assignment, Part, Person
from roles.seat_rules import period
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


def day(offset: int) -> datetime.date:
    return TODAY + datetime.timedelta(days=offset)


def typed(date: datetime.date) -> str:
    return f"{date:%d-%m-%Y}"


@pytest.fixture
def foi() -> Any:
    return factories.client()


@pytest.fixture
def seat() -> Assignment:
    """Anna is the only holder of a required role for CURA, with a note."""
    system = factories.system(code="CURA", name="CURA")
    role = factories.role(code="ANSVARLIG", name="Systemansvarlig")
    factories.requirement(role, system)
    anna = factories.person(name="Anna", email="anna@example.org")
    return factories.assignment(person=anna, role=role, asset=system, note="Spørg Ib")


def post(client: Any, name: str, *args: Any, **data: str) -> Any:
    return client.post(reverse(name, args=args), data)


def text(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def rows() -> list[tuple[str, str, datetime.date, datetime.date | None]]:
    found = Assignment.objects.current().order_by("since", "id")
    return list(found.values_list("person__name", "part", "since", "until"))


def assign(client: Any, *said: tuple[str, ...], **shared: str) -> Any:
    """Post the form with rows of person, scope and part."""
    data = {"role": "ANSVARLIG", "since": typed(TODAY)} | shared
    for number, row in enumerate(said):
        data |= {
            f"n{number}-{name}": value for name, value in zip(("person", "scope", "part"), row, strict=False)
        }
    return client.post(reverse("assignment-create"), data)


class TestTheDatabase:
    def test_refuses_the_same_person_in_the_same_seat_twice_on_a_day(self, seat: Assignment):
        values = {"person": seat.person, "role": seat.role, "asset": seat.asset, "part": Part.DEPUTY}
        Assignment.objects.filter(pk=seat.pk).update(until=day(10))
        after = Assignment.objects.create(**values, since=day(10))
        with pytest.raises(IntegrityError), history.recording():
            Assignment.objects.create(**values, since=day(5), until=day(6))
        with pytest.raises(IntegrityError), history.recording():
            Assignment.objects.filter(pk=after.pk).update(since=day(9))
        with pytest.raises(IntegrityError), history.recording():
            Assignment.objects.create(**values | {"asset": None}, since=day(1), until=day(1))

    def test_a_service_answers_kindly_when_another_was_first(self, seat: Assignment, monkeypatch: Any):
        monkeypatch.setattr(assigning, "faults", lambda rows: [{} for _ in rows])
        row = Assignment(person=seat.person, role=seat.role, asset=seat.asset, since=TODAY)
        with pytest.raises(assigning.Refused, match="En anden gemte"):
            assigning.assign(rows=[row], today=TODAY, actor=factories.user())
        assert len(rows()) == 1


class TestAssigning:
    def test_one_person_many_places_and_somebody_new_at_once(self, foi: Any, seat: Assignment):
        factories.system(code="KY", name="KY")
        department = factories.organisation(code="BUF", name="Børn og unge", kind="forvaltning")
        answer = assign(
            foi,
            ("Bo Ny, bo@example.org", "KY"),
            ("", "BUF · Børn og unge", "deputy"),
            ("anna@example.org", "hele kommunen"),
            since=typed(day(3)),
            why_here="Aftalt med chefen",
        )
        assert answer.status_code == 302
        made = Assignment.objects.exclude(pk=seat.pk).order_by("id")
        bo = Person.objects.get(email="bo@example.org")
        assert [(r.person, r.asset and r.asset.code, r.organisation, r.part) for r in made] == [
            (bo, "KY", None, "holder"),
            (bo, None, department, "deputy"),
            (seat.person, None, None, "holder"),
        ]
        assert {r.why_here for r in made} == {"Aftalt med chefen"}
        table = Assignment._meta.db_table
        assert (
            Change.objects.filter(table=table, row_id__in=[r.pk for r in made])
            .values("change_set")
            .distinct()
            .count()
            == 1
        )

    def test_the_address_fills_the_form(self, foi: Any, seat: Assignment):
        url = reverse("assignment-create")
        page = foi.get(
            f"{url}?role=ANSVARLIG&asset=CURA&part=deputy&person={seat.person_id}"
        ).content.decode()
        assert '<option value="ANSVARLIG" selected>' in page
        assert 'value="CURA · CURA"' in page
        assert 'value="Anna · anna@example.org"' in page
        assert '<option value="deputy" selected>' in page

    @pytest.mark.parametrize(
        ("said", "shared", "answer"),
        [
            ((("anna@example.org", "CURA"),), {}, "har allerede rollen her"),
            ((("anna@example.org", "CURA", "deputy"),), {}, "selv indehaver her"),
            ((("Bo", "CURA"),), {"until": typed(day(-1))}, "Slutdatoen skal ligge efter startdatoen"),
            ((("Eva", "CURA"),), {}, "er fratrådt"),
            ((("dobbelt@example.org", "CURA"),), {}, "er lagt sammen med"),
            ((("Bo", "GAMMEL"),), {}, "er udfaset"),
            ((("Bo", "VÆK"),), {}, "er arkiveret"),
            ((("Bo", "LUKKET"),), {}, "er ophørt"),
            ((("Bo", "KY"),), {}, "kræves ikke for KY"),
            ((("Bo", "CURA"),), {"role": "UDGÅET"}, "findes ikke i kataloget"),
            ((("Bo", "CURA", "deputy"),), {}, "det tillader kravet ikke"),
            ((("Bo", "CURA"), ("Bo", "CURA")), {}, "står to gange"),
            ((("Bo", ""),), {}, "eller «Hele kommunen»"),
            ((("Ukendt", "CURA"),), {}, "findes ikke"),
            ((), {}, "Skriv mindst én person"),
        ],
    )
    def test_bad_input(self, foi: Any, seat: Assignment, said: Any, shared: Any, answer: str):
        """All of it is refused with a message, kept as it was typed, and nothing is written."""
        seat.role.requirements.update(deputy_may_hold=False)
        bo = factories.person(name="Bo")
        factories.person(name="Eva", active_to=day(-1))
        factories.person(name="Bo 2", email="dobbelt@example.org", merged_into=bo, archived_at=timezone.now())
        factories.system(code="KY", name="KY")
        factories.system(code="GAMMEL", lifecycle="retired")
        factories.system(code="VÆK", archived_at=timezone.now())
        factories.organisation(code="LUKKET", valid_to=day(-5))
        factories.role(code="UDGÅET", archived_at=timezone.now())
        factories.assignment(person=bo, asset=seat.asset)
        before = rows(), Change.objects.count()
        page = assign(foi, *said, why_here="" if "kræves" in answer else "Aftalt", note="Husk", **shared)
        assert page.status_code == 422
        assert answer in text(page)
        assert "Husk" in text(page)
        for person, *_ in said:
            assert f'value="{person}"' in page.content.decode()
        assert (rows(), Change.objects.count()) == before

    def test_nothing_is_lost_when_more_rows_are_asked_for(self, foi: Any, seat: Assignment):
        page = assign(foi, ("Bo", "CURA"), more="1")
        assert page.status_code == 200
        assert 'value="Bo"' in page.content.decode()
        assert page.content.decode().count('name="n5-person"') == 1


class TestEnding:
    def test_the_last_holder_goes_only_after_a_tick_and_it_is_recorded(self, foi: Any, seat: Assignment):
        data = {"on": typed(day(5)), "reason": "Ny stilling"}
        asked = post(foi, "assignment-end", seat.pk, **data)
        assert asked.status_code == 422
        assert "Systemansvarlig for CURA er ubesat fra" in text(asked)
        assert rows()[0][3] is None
        sure = re.search(r'name="sure" value="(\w+)"', asked.content.decode())
        assert sure is not None
        done = foi.post(reverse("assignment-end", args=[seat.pk]), data | {"sure": sure[1]}, follow=True)
        assert rows()[0][3] == day(5)
        assert "Tildel til en anden" in text(done)
        reason = history.changes_of(seat)[0].reason
        assert reason == "Ny stilling (sidste indehaver af Systemansvarlig for CURA)"

    def test_no_tick_when_somebody_else_is_there(self, foi: Any, seat: Assignment):
        factories.assignment(role=seat.role, asset=seat.asset)
        assert post(foi, "assignment-end", seat.pk, on=typed(TODAY)).status_code == 302
        assert "sidste" not in history.changes_of(seat)[0].reason

    @pytest.mark.parametrize(("on", "answer"), [("01-01-2024", "begynder først"), ("x", "dag, måned og år")])
    def test_odd_dates(self, foi: Any, seat: Assignment, on: str, answer: str):
        page = post(foi, "assignment-end", seat.pk, on=on)
        assert page.status_code == 422
        assert answer in text(page)

    def test_archiving_and_a_shorter_period_ask_too(self, foi: Any, seat: Assignment):
        page = post(foi, "assignment-archive", seat.pk, version="1", reason="Forkert")
        assert page.status_code == 422
        assert "er ubesat fra" in text(page)
        data = {"version": "1", "part": "holder", "since": "01-01-2024", "until": typed(day(2))}
        page = post(foi, "assignment-update", seat.pk, **data)
        assert page.status_code == 409
        sure = re.search(r'name="sure" value="(\w+)"', page.content.decode())
        assert sure is not None
        assert post(foi, "assignment-update", seat.pk, **data, sure=sure[1]).status_code == 302
        assert "sidste indehaver" in history.changes_of(seat)[0].reason

    def test_somebody_leaving_leaves_gaps(self, seat: Assignment):
        assert [gap.is_last for gap in if_leaving(seat.person, day(4), TODAY)] == [True]
        assert if_leaving(factories.person(), day(4), TODAY) == []

    def test_leaving_is_recorded_when_it_takes_a_last_holder(self, foi: Any, seat: Assignment):
        data = {"version": "1", "name": "Anna", "email": "anna@example.org", "active_to": typed(day(4))}
        for attempt in ({}, {"left_anyway": "on"}):
            url = reverse("person-update", args=[seat.person_id])
            answer = foi.post(url, data | {"reason": "Nyt job"} | attempt)
        assert answer.status_code == 302
        reason = history.changes_of(seat.person)[0].reason
        assert reason == "Nyt job (sidste indehaver af Systemansvarlig for CURA)"

    def test_a_restored_row_does_not_take_a_taken_seat(self, foi: Any, seat: Assignment):
        Assignment.objects.filter(pk=seat.pk).update(archived_at=timezone.now())
        factories.assignment(person=seat.person, role=seat.role, asset=seat.asset)
        page = post(foi, "assignment-restore", seat.pk, version="2")
        assert page.status_code == 422
        assert "har allerede rollen her" in text(page)

    def test_two_who_correct_the_same_get_the_conflict_page(self, foi: Any, seat: Assignment):
        Assignment.objects.filter(pk=seat.pk).update(note="Spørg Eva")
        data = {"version": "1", "part": "holder", "since": "01-01-2024", "note": "Spørg Bo"}
        page = post(foi, "assignment-update", seat.pk, **data)
        assert page.status_code == 409
        assert "Spørg Eva" in text(page)


class TestHandingOver:
    def test_sets_both_periods_in_one_change_set_as_previewed(self, foi: Any, seat: Assignment):
        factories.person(name="Bo")
        data = {"person": "Bo", "on": typed(day(7)), "reason": "Orlov"}
        seen = post(foi, "assignment-handover", seat.pk, **data, step="preview")
        assert seen.status_code == 200
        assert "Anna har den til og med" in text(seen)
        assert len(rows()) == 1
        digest = re.search(r'name="seen" value="(\w+)"', seen.content.decode())
        assert digest is not None
        done = post(foi, "assignment-handover", seat.pk, **data, step="apply", seen=digest[1])
        assert done.status_code == 302
        assert rows() == [
            ("Anna", "holder", datetime.date(2024, 1, 1), day(7)),
            ("Bo", "holder", day(7), None),
        ]
        assert Assignment.objects.get(person__name="Bo").note == "Spørg Ib"
        latest = Change.objects.filter(table=Assignment._meta.db_table).order_by("-id")[:2]
        assert {(c.change_set, c.reason) for c in latest} == {(latest[0].change_set, "Orlov")}

    def test_what_changed_meanwhile_is_shown_again_and_nothing_is_written(self, foi: Any, seat: Assignment):
        factories.person(name="Bo")
        data = {"person": "Bo", "on": typed(day(7))}
        seen = post(foi, "assignment-handover", seat.pk, **data, step="preview").content.decode()
        digest = re.search(r'name="seen" value="(\w+)"', seen)
        assert digest is not None
        Assignment.objects.filter(pk=seat.pk).update(until=day(30))
        page = post(foi, "assignment-handover", seat.pk, **data, step="apply", seen=digest[1])
        assert page.status_code == 409
        assert "Nogen har ændret noget" in text(page)
        assert len(rows()) == 1

    def test_the_deputy_takes_over_and_leaves_the_deputys_place(self, seat: Assignment):
        seat.role.requirements.update(deputy_needed=True)
        bo = factories.person(name="Bo")
        factories.assignment(person=bo, role=seat.role, asset=seat.asset, part=Part.DEPUTY)
        plan = assigning.hand_over(rows=[seat], to=bo, on=day(7), today=TODAY, actor=factories.user())
        assert rows()[1:] == [
            ("Bo", "deputy", datetime.date(2024, 1, 1), day(7)),
            ("Bo", "holder", day(7), None),
        ]
        assert [str(gap).split(" fra ")[0] for gap in plan.gaps] == [
            "Systemansvarlig for CURA er uden stedfortræder"
        ]

    def test_a_successor_who_is_there_already_is_stretched(self, seat: Assignment):
        bo = factories.person(name="Bo")
        factories.assignment(person=bo, role=seat.role, asset=seat.asset, since=day(20), until=day(40))
        assigning.hand_over(rows=[seat], to=bo, on=day(7), today=TODAY, actor=factories.user())
        assert rows()[1:] == [("Bo", "holder", day(7), None)]

    @pytest.mark.parametrize(
        ("values", "answer"),
        [
            ({"active_to": day(3)}, "er fratrådt"),
            ({"holder": True}, "selv indehaver"),
            ({"same": True}, "har den allerede"),
        ],
    )
    def test_refusals(self, foi: Any, seat: Assignment, values: dict[str, Any], answer: str):
        bo = factories.person(name="Bo", active_to=values.get("active_to"))
        if values.get("holder"):
            Assignment.objects.filter(pk=seat.pk).update(part=Part.DEPUTY)
            factories.assignment(person=bo, role=seat.role, asset=seat.asset)
        who = "Anna" if values.get("same") else "Bo"
        page = post(foi, "assignment-handover", seat.pk, person=who, on=typed(day(7)), step="preview")
        assert page.status_code == 422
        assert answer in text(page)


class TestTransferringAll:
    @pytest.fixture
    def seats(self, seat: Assignment) -> list[Assignment]:
        """Besides the holder's seat: a deputy's, and one that has not begun."""
        deputy = factories.assignment(person=seat.person, part=Part.DEPUTY, why_here="Aftalt")
        coming = factories.assignment(person=seat.person, since=day(20), why_here="Aftalt")
        return [seat, deputy, coming]

    def data(self, seats: list[Assignment], **other: str) -> dict[str, str]:
        return {f"a{row.pk}-what": "to" for row in seats} | {"person": "Bo", "on": typed(day(7))} | other

    def test_each_seat_to_the_one_for_all_to_another_or_to_nobody(self, foi: Any, seats: list[Assignment]):
        seat, deputy, coming = seats
        factories.person(name="Bo")
        factories.person(name="Eva")
        data = self.data(seats, **{f"a{deputy.pk}-person": "Eva", f"a{seat.pk}-what": "end"})
        seen = post(foi, "person-transfer", seat.person_id, **data, step="preview")
        assert seen.status_code == 200
        assert "Systemansvarlig for CURA er ubesat fra" in text(seen)
        digest = re.search(r'name="seen" value="(\w+)"', seen.content.decode())
        assert digest is not None
        done = post(foi, "person-transfer", seat.person_id, **data, step="apply", seen=digest[1])
        assert done.status_code == 302
        assert rows()[2:] == [("Eva", "deputy", day(7), None), ("Bo", "holder", day(20), None)]
        assert {row[3] for row in rows()[:2]} == {day(7)}
        coming.refresh_from_db()
        assert coming.is_archived
        assert "sidste indehaver af Systemansvarlig for CURA" in history.changes_of(seat)[0].reason

    def test_what_the_successor_has_elsewhere_is_left_alone(self, seats: list[Assignment]):
        seat, deputy, _ = seats
        bo = factories.person(name="Bo")
        factories.assignment(person=bo, role=seat.role, asset=seat.asset, part=Part.DEPUTY)
        plan = assigning.plan_transfer(seat.person, {row.pk: bo for row in seats}, on=day(7), today=TODAY)
        said = {line.row.pk: line.words for line in plan.lines}
        assert plan.faults == []
        assert len([words for words in said[seat.pk] if "ikke længere stedfortræder" in words]) == 1
        assert [words for words in said[deputy.pk] if words.startswith("Bo")] == [
            f"Bo har den {period(day(7), None)}"
        ]

    def test_a_seat_that_came_meanwhile_stops_it(self, foi: Any, seats: list[Assignment]):
        factories.person(name="Bo")
        data = self.data(seats)
        seen = post(foi, "person-transfer", seats[0].person_id, **data, step="preview").content.decode()
        digest = re.search(r'name="seen" value="(\w+)"', seen)
        assert digest is not None
        new = factories.assignment(person=seats[0].person)
        before = rows()
        data[f"a{new.pk}-what"] = "to"
        page = post(foi, "person-transfer", seats[0].person_id, **data, step="apply", seen=digest[1])
        assert page.status_code == 409
        assert rows() == before

    def test_the_page_begins_with_the_day_that_was_asked_about(self, foi: Any, seats: list[Assignment]):
        url = reverse("person-transfer", args=[seats[0].person_id])
        for asked, shown in ((typed(day(40)), day(40)), ("i morgen", TODAY), ("", TODAY)):
            page = foi.get(url, {"on": asked}).content.decode()
            assert re.search(
                rf'name="on"[^>]* value="{typed(shown)}"|value="{typed(shown)}"[^>]* name="on"', page
            )
        stops = foi.get(reverse("person-stops", args=[seats[0].person_id]), {"dato": typed(day(39))})
        assert f"{url}?on={typed(day(40))}" in stops.content.decode()
        assert f"since={typed(day(40))}" in stops.content.decode()

    def test_roles_as_holder_come_first_and_in_the_alphabets_order(self, seat: Assignment):
        for name in ("Administrator", "Ønskeansvarlig"):
            factories.assignment(person=seat.person, role=factories.role(name=name), asset=seat.asset)
        factories.assignment(
            person=seat.person, role=factories.role(name="Aftaleansvarlig"), asset=seat.asset, part="deputy"
        )
        found = [row.role.name for row in assigning.seats_of(seat.person, TODAY)]
        assert found == ["Administrator", "Systemansvarlig", "Ønskeansvarlig", "Aftaleansvarlig"]

    def test_what_is_out_of_use_is_ended_and_leaves_no_gap(self, foi: Any, seat: Assignment):
        factories.requirement(seat.role, scope_kind="every_system")
        old = factories.system(code="GAMMEL", name="Gammel", lifecycle="retired")
        row = factories.assignment(person=seat.person, role=seat.role, asset=old)
        page = foi.get(reverse("person-transfer", args=[seat.person_id])).content.decode()
        chosen = dict(re.findall(r'name="a(\d+)-what".*?<option value="(\w+)" selected', page, re.S))
        assert chosen == {str(seat.pk): "to", str(row.pk): "end"}
        plan = assigning.plan_transfer(seat.person, {seat.pk: None, row.pk: None}, on=TODAY, today=TODAY)
        assert [gap.scope for gap in plan.gaps] == ["CURA"]

    def test_many_are_transferred_in_several_acts(
        self, foi: Any, seats: list[Assignment], monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(assigning, "MOST_AT_ONCE", 2)
        bo, person = factories.person(name="Bo"), seats[0].person
        assert "Højst 2 roller ad gangen" in text(foi.get(reverse("person-transfer", args=[person.pk])))
        for expected in (2, 1):
            fates = {row.pk: bo for row in assigning.seats_of(person, TODAY)}
            plan = assigning.plan_transfer(person, fates, on=TODAY, today=TODAY)
            assert len(plan.lines) == expected
            done = assigning.transfer_all(
                person=person, fates=fates, on=TODAY, today=TODAY, actor=foi.user, seen=plan.digest
            )
            assert not done.faults
        assert assigning.seats_of(person, TODAY) == []

    def test_whoever_leaves_is_to_be_written_as_such(self, foi: Any, seat: Assignment):
        factories.person(name="Bo")
        for left in (None, day(7)):
            Person.objects.filter(pk=seat.person_id).update(active_to=left)
            row = factories.assignment(person=seat.person, why_here="Aftalt")
            data = {f"a{row.pk}-what": "to", f"a{seat.pk}-what": "leave", "person": "Bo", "on": typed(TODAY)}
            seen = post(foi, "person-transfer", seat.person_id, **data, step="preview").content.decode()
            digest = re.search(r'name="seen" value="(\w+)"', seen)
            assert digest is not None
            data |= {"step": "apply", "seen": digest[1]}
            page = foi.post(reverse("person-transfer", args=[seat.person_id]), data, follow=True)
            assert ("skriv datoen for fratrædelse" in text(page)) == (left is None)

    def test_nobody_named(self, foi: Any, seats: list[Assignment]):
        page = post(foi, "person-transfer", seats[0].person_id, **self.data(seats, person=""), step="preview")
        assert page.status_code == 422
        assert "hvem den overdrages til" in text(page)


class TestTheList:
    def test_filters_and_machine_names(self, seat: Assignment):
        client = factories.client(READER)
        Assignment.objects.filter(pk=seat.pk).update(since=day(-30), until=day(20))
        over = factories.assignment(role=seat.role, until=datetime.date(2025, 1, 1))
        coming = factories.assignment(
            role=seat.role, since=day(9), organisation=factories.organisation(code="BUF")
        )
        bo = factories.person(name="Bo")
        factories.assignment(person=bo, role=seat.role, asset=seat.asset, part=Part.DEPUTY)
        seat.person.absences.create(since=day(-1), until=day(3))
        url = reverse("assignment-list")

        def people(query: str) -> set[str]:
            got = client.get(f"{url}?col=person&_export=csv&{query}").getvalue().decode("utf-8-sig")
            return {line.split(",")[1] for line in got.splitlines()[1:]}

        other, later = over.person.name, coming.person.name
        assert people("") == {"Anna", "Bo"}
        assert people("when=over") == {other}
        assert people("when=all&scope=BUF") == {later}
        assert people("when=all&scope=hele+kommunen") == {other}
        assert people("scope=CURA&part=deputy") == {"Bo"}
        for query in ("absent=ja", "ends=30", f"person={seat.person_id}"):
            assert people(query) == {"Anna"}, query
        assert people("when=all&unrequired=ja") == {other, later}
        assert people("person=ingen") == set()
        names = (
            client.get(
                f"{url}?_export=csv&"
                + "&".join(
                    f"col={c}" for c in ("role_code", "scope_code", "person_email", "state", "standing_in")
                )
            )
            .getvalue()
            .decode("utf-8-sig")
            .splitlines()
        )
        assert names[0] == "role,role_code,scope_code,person_email,state,standing_in"
        assert "Systemansvarlig,ANSVARLIG,CURA,anna@example.org,now,Bo" in names

    def test_the_type_ahead_knows_the_whole_municipality(self, seat: Assignment):
        client = factories.client(READER)
        found = client.get(reverse("scope-lookup"), {"q": "hele"}).json()["results"]
        assert found[0]["label"] == "Hele kommunen"
        assert client.get(reverse("scope-lookup"), {"q": "cura"}).json()["results"][0]["code"] == "CURA"
