"""What roles show on other pages: who is responsible, whom an impact answer concerns, what is mine."""

from __future__ import annotations

import csv
import datetime
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from foi_portal.pages import front
from foi_portal.ui import formats, pdf
from registry import impact
from registry.impact import Question
from registry.models import Component, System
from roles import concerned, confirming, occupancy, responsible
from roles.coverage import State
from roles.models import Absence, Assignment, Person, Role
from roles.responsible import Duty
from tests import factories
from tests.conftest import REQUIRE_SERVICES
from tests.queries import deadlines
from tests.registry.pages import words

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
DAY = datetime.timedelta(days=1)


@pytest.fixture
def ky() -> System:
    return factories.system(code="KY", name="Ydelsessystemet")


@pytest.fixture
def responsible_role() -> Role:
    return factories.role(code="SYSTEMANSV", name="Systemansvarlig", level="tactical")


@pytest.fixture
def reader() -> Client:
    return factories.client("Læser")


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def only(duties: list[Duty]) -> Duty:
    assert len(duties) == 1, duties
    return duties[0]


class TestWhoIsResponsible:
    def test_an_absent_holder_is_shown_with_who_stands_in(
        self, ky: System, responsible_role: Role, reader: Client
    ):
        holder = factories.person(name="Dorte Vang", phone="6613 0012", email="dorte@example.org")
        deputy = factories.person(name="Grethe Thor", phone="6613 0013")
        factories.assignment(person=holder, role=responsible_role, asset=ky)
        factories.assignment(person=deputy, role=responsible_role, asset=ky, part="deputy")
        Absence.objects.create(person=holder, since=TODAY, until=TODAY + 5 * DAY)
        contact = only(responsible.of_asset(ky, TODAY)).holders[0]
        assert (contact.name, contact.stand_in, contact.back) == (
            "Dorte Vang",
            (deputy.pk, "Grethe Thor"),
            TODAY + 5 * DAY,
        )
        page = reader.get(ky.get_absolute_url())
        assert "Dorte Vang, p.t. Grethe Thor (fraværende, tilbage" in words(page).replace(" ,", ",")
        assert 'href="tel:66130012"' in page.content.decode()
        assert 'href="mailto:dorte@example.org"' in page.content.decode()

    def test_whom_the_absence_names_stands_in_only_while_they_are_here(
        self, ky: System, responsible_role: Role
    ):
        named = factories.person(name="Grethe")
        seat = factories.assignment(role=responsible_role, asset=ky)
        Absence.objects.create(person=seat.person, since=TODAY, stand_in=named)
        assert only(responsible.of_asset(ky, TODAY)).holders[0].stand_in == (named.pk, "Grethe")
        Person.objects.filter(pk=named.pk).update(active_to=TODAY)
        assert only(responsible.of_asset(ky, TODAY)).holders[0].stand_in is None

    def test_what_is_vacant_is_told_and_only_editors_may_fill_it(
        self, ky: System, responsible_role: Role, reader: Client
    ):
        factories.requirement(responsible_role, scope_kind="every_system", since=TODAY - 40 * DAY)
        gone = factories.person(name="Bent", active_to=TODAY - 3 * DAY)
        assert only(responsible.of_asset(ky, TODAY)).state == State.VACANT
        assert "Ledig i 40 dage" in words(reader.get(ky.get_absolute_url()))
        factories.assignment(person=gone, role=responsible_role, asset=ky)
        duty = only(responsible.of_asset(ky, TODAY))
        assert (duty.state, duty.left) == (State.LEFT, [(gone.pk, "Bent")])
        assert "Bent står der endnu, men er fratrådt" in words(reader.get(ky.get_absolute_url()))
        link = f"{reverse('assignment-create')}?role=SYSTEMANSV&amp;asset=KY&amp;part=holder"
        assert link in factories.client("FOI").get(ky.get_absolute_url()).content.decode()
        assert reverse("assignment-create") not in reader.get(ky.get_absolute_url()).content.decode()

    def test_it_agrees_with_the_picture_of_the_day(self, ky: System, responsible_role: Role):
        """The panel reads one asset; coverage reads everything. They say the same of every seat."""
        contact = factories.role(code="SYSTEMKONTAKT", name="Kontakt")
        factories.requirement(responsible_role, scope_kind="every_system", deputy_needed=True)
        factories.requirement(responsible_role, ky, holders=2)
        factories.requirement(contact, scope_kind="every_system", deputy_needed=True)
        other = factories.system(code="KP", active_from=TODAY - 9 * DAY)
        planned = factories.system(code="NY", lifecycle="planned")
        for asset in (ky, other, planned):
            factories.assignment(role=responsible_role, asset=asset)
            factories.assignment(role=contact, asset=asset, until=TODAY + 9 * DAY)
        seat = factories.assignment(role=contact, asset=ky, part="deputy")
        factories.assignment(role=responsible_role, asset=other, part="deputy", until=TODAY + 30 * DAY)
        Absence.objects.create(person=seat.person, since=TODAY)
        picture = occupancy.at(TODAY)
        covers = {seat: cover for _, seat, cover in picture.everything()}
        for asset in (ky, other, planned):
            for duty in responsible.of_asset(asset, TODAY):
                assert duty.cover == covers.get(duty.seat), duty
        counts = responsible.counts(picture)
        assert {state: n for state, n in counts.items() if n} == {
            state: sum(cover.state == state for cover in covers.values())
            for state in {cover.state for cover in covers.values()}
        }

    def test_a_service_shows_its_platforms_roles_after_its_own(self, responsible_role: Role):
        platform = factories.component(code="STS", component_type="platform")
        module = factories.component(code="MOD", component_type="module", parent=platform)
        service = factories.component(code="SF1", parent=module)
        other = factories.component(code="SF2", parent=module)
        for asset in (platform, service, other):
            factories.assignment(role=responsible_role, asset=asset)
        duties = responsible.of_asset(service, TODAY)
        assert [duty.scope.code for duty in duties] == ["SF1", "STS"]

    def test_departments_have_one_but_vendors_have_none(self, responsible_role: Role, reader: Client):
        factories.requirement(responsible_role, scope_kind="every_department")
        department = factories.organisation(code="BUF", kind="forvaltning")
        vendor = factories.organisation(code="KMD", kind="vendor")
        assert only(responsible.of_organisation(department, TODAY)).state == State.VACANT
        assert 'id="ansvarlige"' in reader.get(department.get_absolute_url()).content.decode()
        assert 'id="ansvarlige"' not in reader.get(vendor.get_absolute_url()).content.decode()

    def test_three_queries_whatever_the_number(self, ky: System, reader: Client):
        url = ky.get_absolute_url()
        reader.get(url)
        before = queries(reader, url)
        for _ in range(12):
            seat = factories.assignment(role=factories.role(), asset=ky)
            factories.assignment(role=seat.role, asset=ky, part="deputy")
            factories.requirement(seat.role, ky, deputy_needed=True)
            Absence.objects.create(person=seat.person, since=TODAY, stand_in=factories.person())
        assert queries(reader, url) - before <= 1  # who is away: not asked for where nobody has a role
        with CaptureQueriesContext(connection) as captured:
            responsible.of_asset(ky, TODAY)
        assert len(captured) == 3


class TestWhomAnAnswerConcerns:
    @pytest.fixture
    def sts(self, ky: System, responsible_role: Role) -> Component:
        """KY and KP stop with STS; Lone has both, Dorte deputises for her on KP, nobody has KSD."""
        sts = factories.component(code="STS", name="STS")
        kp, ksd = factories.system(code="KP", name="KP"), factories.system(code="KSD", name="KSD")
        for system in (ky, kp, ksd):
            factories.dependency(source=system, target=sts, importance="critical")
        factories.requirement(responsible_role, scope_kind="every_system")
        self.lone = factories.person(name="Lone Friis", email="lone@example.org", phone="12")
        self.dorte = factories.person(name="Dorte Vang", email="dorte@example.org")
        for system in (ky, kp):
            factories.assignment(person=self.lone, role=responsible_role, asset=system)
        factories.assignment(person=self.dorte, role=responsible_role, asset=kp, part="deputy")
        factories.assignment(person=self.lone, role=factories.role(code="INFRAANSV"), asset=sts)
        factories.assignment(role=factories.role(code="PROJEKT", phase="project"), asset=ky)
        return sts

    def asked(self, text: str = "asset=STS") -> concerned.Concerned:
        return concerned.by(impact.ask(Question.parse(QueryDict(text))), TODAY)

    def file(self, client: Client) -> list[dict[str, str]]:
        answer: Any = client.get(reverse("impact-people"), {"asset": "STS"})
        text = b"".join(answer.streaming_content).decode("utf-8-sig")
        return list(csv.DictReader(text.splitlines()))

    def test_each_person_once_with_all_that_makes_them_concerned(self, sts: Component, reader: Client):
        found = self.asked()
        assert [who.name for who in found.people] == ["Lone Friis"]
        assert [
            (g.role.code, [(line.contact.name, [f.code for f in line.scopes]) for line in g.lines])
            for g in found.groups
        ] == [("SYSTEMANSV", [("Lone Friis", ["KP", "KY"])]), ("INFRAANSV", [("Lone Friis", ["STS"])])]
        assert [f.code for f in found.groups[0].vacant] == ["KSD"]
        assert self.file(reader) == [
            {
                "name": "Lone Friis",
                "email": "lone@example.org",
                "phone": "12",
                "roles": "SYSTEMANSV, INFRAANSV",
                "assets": "KP, KY, STS",
                "asset_count": "3",
                "instead_of": "",
            }
        ]

    def test_deputies_stand_in_where_there_are_any(self, sts: Component, reader: Client):
        Absence.objects.create(person=self.lone, since=TODAY)
        lines = self.asked().groups[0].by_person
        assert [f.code for f in lines[self.dorte.pk].scopes] == ["KP"]
        assert [name.name for name in lines[self.dorte.pk].instead_of.values()] == ["Lone Friis"]
        assert (lines[self.lone.pk].contact.is_away, [f.code for f in lines[self.lone.pk].scopes]) == (
            True,
            ["KY"],
        )
        assert {row["name"]: row["instead_of"] for row in self.file(reader)} == {
            "Dorte Vang": "Lone Friis",
            "Lone Friis": "",
        }

    def test_a_vacant_seat_is_told_and_its_deputy_asked(self, sts: Component):
        Person.objects.filter(pk=self.lone.pk).update(active_to=TODAY)
        group = self.asked().groups[0]
        assert [f.code for f in group.vacant] == ["KP", "KSD", "KY"]
        assert group.by_person[self.dorte.pk].is_deputy

    def test_the_page_has_the_addresses_and_a_letter(self, sts: Component, reader: Client):
        page = reader.get(reverse("impact"), {"asset": "STS"})
        text = page.content.decode()
        assert "Hvem skal vide det: 1" in words(page)
        assert ">lone@example.org</textarea>" in text
        assert "mailto:?bcc=lone@example.org&amp;subject=" in text
        assert f"{reverse('impact-people')}?asset=STS&amp;retning=ned" in text
        assert "Systemansvarlig: 1, 1 ledig" in words(page)

    def test_the_pdf_has_them_on_the_back(self, sts: Component, reader: Client, ky: System):
        if not pdf.available():
            (pytest.fail if REQUIRE_SERVICES else pytest.skip)("needs pango")
        Absence.objects.create(person=self.lone, since=TODAY)
        answer: Any = reader.get(reverse("impact-pdf"), {"asset": "STS"})
        pages = PdfReader(BytesIO(answer.content)).pages
        answered, back = (" ".join(page.extract_text().split()) for page in pages)
        assert "3 fagsystemer stopper." in answered
        assert "Lone" not in answered
        for part in (
            "Hvem skal vide det Hvad rammes, hvis STS svigter? 2 personer.",
            "Dorte Vang dorte@example.org Systemansvarlig: KP i stedet for Lone Friis, der er fraværende",
            "Lone Friis Fraværende 12 lone@example.org Systemansvarlig: Ydelsessystemet",
            "Ingen har rollen Systemansvarlig KSD",
            "Side 2 af 2",
        ):
            assert part in back, part
        Permission.objects.filter(codename="view_assignment").delete()
        answer = reader.get(reverse("impact-pdf"), {"asset": "STS"})
        assert len(PdfReader(BytesIO(answer.content)).pages) == 1

    def test_departments_too(self, sts: Component, ky: System):
        department = factories.organisation(code="BSF", kind="forvaltning")
        System.objects.filter(pk=ky.pk).update(department=department)
        seat = factories.assignment(role=factories.role(code="FORV"), organisation=department)
        groups = {group.role.code: group for group in self.asked().groups}
        assert [f.code for f in groups["FORV"].by_person[seat.person_id].scopes] == ["KY"]

    def test_nothing_asked_and_odd_questions_are_empty_files(self, reader: Client):
        for query in ({}, {"asset": "FINDESIKKE"}, {"asset": "\x00", "dato": "i går"}):
            answer: Any = reader.get(reverse("impact-people"), query)
            assert len(b"".join(answer.streaming_content).splitlines()) == 1

    def test_the_same_queries_for_two_hundred_systems(self, sts: Component, responsible_role: Role):
        reply = impact.ask(Question.parse(QueryDict("asset=STS")))
        with CaptureQueriesContext(connection) as few:
            concerned.panel(reply, TODAY)
        for _ in range(200):
            system = factories.system()
            factories.dependency(source=system, target=sts)
        people = Person.objects.bulk_create(
            Person(name=f"P{n}", email=f"p{n}@example.org") for n in range(200)
        )
        Assignment.objects.bulk_create(
            Assignment(person=person, role=responsible_role, asset=system, since=TODAY)
            for person, system in zip(people, System.objects.filter(code__startswith="SYS"), strict=True)
        )
        reply = impact.ask(Question.parse(QueryDict("asset=STS")))
        with CaptureQueriesContext(connection) as many:
            shown = concerned.panel(reply, TODAY)
        assert len(many) == len(few) == 3
        assert shown["address_count"] == 201
        assert shown["mailto"] == "", "no mail program takes so long an address"
        assert len(shown["groups"][0].lines) == concerned.SHOWN


class TestTheFrontPage:
    def test_my_systems_with_findings_and_the_way_to_them(
        self, reader: Client, ky: System, responsible_role: Role
    ):
        me = factories.person(name="Lone", user=reader.user)  # type: ignore[attr-defined]
        factories.assignment(person=me, role=responsible_role, asset=ky, until=TODAY + 10 * DAY)
        page = reader.get(reverse("front"))
        assert reverse("system-dependencies", args=["KY"]) in page.content.decode()
        text = words(page)
        assert "Uden afhængigheder" in text
        assert "En af dine roller udløber" in text
        assert "Systemansvarlig for Ydelsessystemet: til og med" in text

    def test_a_round_that_waits_for_an_answer_is_told_with_its_deadline(
        self, reader: Client, ky: System, responsible_role: Role
    ):
        me = factories.person(name="Lone", user=reader.user)  # type: ignore[attr-defined]
        factories.assignment(person=me, role=responsible_role, asset=ky)
        assert "senest" not in words(reader.get(reverse("front")))
        asked: dict[str, Any] = {
            "actor": factories.user("FOI"),
            "message": "",
            "systems": [ky],
            "chosen_by": "",
            "on": TODAY - 40 * DAY,
        }
        late = confirming.start_round(title="Sen", deadline=TODAY + 30 * DAY, **asked)
        soon = confirming.start_round(title="Snart", deadline=TODAY + 5 * DAY, **asked)
        assert f"senest {formats.date(soon.deadline)}" in words(reader.get(reverse("front")))
        soon.closed_on = TODAY
        soon.save()
        assert f"senest {formats.date(late.deadline)}" in words(reader.get(reverse("front")))
        late.deadline = TODAY - DAY
        late.save()
        assert f"Frist overskredet {formats.date(late.deadline)}" in words(reader.get(reverse("front")))
        late.items.update(answered_at=timezone.now(), answered_by=asked["actor"])
        assert "Frist overskredet" not in words(reader.get(reverse("front")))

    def test_systems_one_deputises_for_only_while_it_counts(
        self, reader: Client, ky: System, responsible_role: Role
    ):
        me = factories.person(name="Lone", user=reader.user)  # type: ignore[attr-defined]
        holder = factories.assignment(role=responsible_role, asset=ky).person
        factories.assignment(person=me, role=responsible_role, asset=ky, part="deputy")
        mine: Any = responsible.mine(reader.user, TODAY)  # type: ignore[attr-defined]
        assert mine.systems == []
        Absence.objects.create(person=holder, since=TODAY)
        mine = responsible.mine(reader.user, TODAY)  # type: ignore[attr-defined]
        assert [(s.scope.code, [n.name for n in s.instead_of]) for s in mine.systems] == [
            ("KY", [holder.name])
        ]
        assert f"i stedet for {holder.name}" in words(reader.get(reverse("front")))

    def test_is_as_calm_as_before_for_who_has_nothing(self, reader: Client, ky: System):
        page = reader.get(reverse("front")).content.decode()
        assert 'id="mine"' not in page
        assert "hovedroller" not in page

    def test_main_roles_are_told_with_what_is_vacant(self, ky: System):
        sts, sp = factories.component(code="STS", name="STS"), factories.component(code="SP", name="SP")
        role = factories.role(code="INFRAANSV", name="Infrastrukturansvarlig")
        for asset in (sts, sp):
            factories.requirement(role, asset)
        factories.assignment(person=factories.person(name="Karin"), role=role, asset=sts)
        (main,) = front.main_roles(TODAY)
        told = [
            (who.name if who else None, [duty.scope.code for duty in duties]) for who, duties in main.people
        ]
        assert told == [(None, ["SP"]), ("Karin", ["STS"])]
        for group in ("Kontorchef", "Læser", "Systemansvarlig", "FOI"):
            text = words(factories.client(group).get(reverse("front")))
            assert ("Infrastrukturens hovedroller" in text) == (group == "Kontorchef"), group

    def test_what_lacks_somebody_is_a_tile_that_leads_to_as_many(self, ky: System, responsible_role: Role):
        factories.requirement(responsible_role, scope_kind="every_system", deputy_needed=True)
        factories.system(code="KP")
        factories.assignment(role=responsible_role, asset=ky)
        tiles = {tile.url.rpartition("=")[2]: tile.count for tile in front.seat_tiles(TODAY)}
        assert tiles == {"vacant": 1, "deputy_missing": 1}
        foi = factories.client("FOI")
        assert "1 ledig rolle" in words(foi.get(reverse("front")))
        for tile in front.seat_tiles(TODAY):
            assert foi.get(tile.url).status_code == 200

    @pytest.mark.parametrize("group", ["FOI", "Systemansvarlig"])
    def test_few_queries(self, group: str, ky: System, responsible_role: Role):
        client = factories.client(group)
        me = factories.person(user=client.user)  # type: ignore[attr-defined]
        factories.requirement(responsible_role, scope_kind="every_system", deputy_needed=True)
        for _ in range(5):
            seat = factories.assignment(role=responsible_role, asset=factories.system())
            factories.assignment(person=me, role=responsible_role, asset=seat.asset, part="deputy")
            Absence.objects.create(person=seat.person, since=TODAY)
        client.get(reverse("front"))
        # A test is in a transaction: the landscape is read afresh, four queries instead of one, and so are the seats
        # and the deadlines.
        assert queries(client, reverse("front")) - 3 - 7 * (group == "FOI") <= 20 + deadlines.BOARD
