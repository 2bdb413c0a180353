"""People: found by what is typed, merged when double, away with somebody standing in."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foi_portal.core import history
from foi_portal.core.models import Change, User
from foi_portal.core.permissions import FOI, READER, RESPONSIBLE
from foi_portal.ui import formats
from roles import people
from roles.forms.fields import PersonField, as_person
from roles.models import Absence, Assignment, Person
from tests import factories
from tests.registry.pages import words

pytestmark = pytest.mark.django_db

D = datetime.date


def day(offset: int) -> datetime.date:
    return timezone.localdate() + datetime.timedelta(offset)


class TestConstraints:
    def test_an_address_is_used_once_among_those_who_are_not_merged(self):
        first = factories.person(email="Anne@Odense.example")
        assert first.email == "Anne@Odense.example"
        with pytest.raises(IntegrityError), transaction.atomic():
            factories.person(email="anne@odense.example ")
        Person.objects.filter(pk=first.pk).update(archived_at=timezone.now())
        factories.person(email="anne@odense.example")
        factories.person(email="")
        factories.person(email="")

    @pytest.mark.parametrize(
        ("since", "until"),
        [(D(2026, 1, 10), None), (D(2026, 1, 9), D(2026, 1, 11)), (D(2026, 1, 1), D(2027, 1, 1))],
    )
    def test_nobody_is_away_twice_on_a_day(self, since: datetime.date, until: datetime.date | None):
        person = factories.person()
        Absence.objects.create(person=person, since=D(2026, 1, 5), until=D(2026, 1, 11))
        with pytest.raises(IntegrityError), transaction.atomic():
            Absence.objects.create(person=person, since=since, until=until)
        Absence.objects.create(person=person, since=D(2026, 1, 11), until=None)

    def test_a_double_is_archived_and_has_no_user(self):
        person, other = factories.person(), factories.person()
        with pytest.raises(IntegrityError), transaction.atomic():
            Person.objects.filter(pk=person.pk).update(merged_into=other)
        with pytest.raises(IntegrityError), transaction.atomic():
            Person.objects.filter(pk=person.pk).update(merged_into=person, archived_at=timezone.now())


class TestPersonField:
    @pytest.fixture
    def anne(self) -> Person:
        return factories.person(name="Anne Ørsted", email="anne@odense.example")

    @pytest.mark.parametrize(
        "text",
        [
            "Anne Ørsted · anne@odense.example",
            "ANNE@odense.example",
            "anne ørsted",
            "Hun hed Berg · anne@odense.example",
            "Anne Ørsted <anne@odense.example>",
            '"Anne Ørsted" <anne@odense.example>',
            "Anne Ørsted,anne@odense.example",
            "  Anne   Ørsted ",
        ],
    )
    def test_understands(self, anne: Person, text: str):
        assert PersonField().clean(text) == anne
        assert PersonField(make=True).clean(text) == anne

    def test_a_person_without_address_is_named_by_number(self):
        first, _ = factories.person(name="Bo", email=""), factories.person(name="Bo", email="")
        assert as_person(first) == f"Bo · nr. {first.pk}"
        for text in (as_person(first), str(first.pk)):
            assert PersonField().clean(text) == first

    def test_says_which_when_several_have_the_name(self):
        factories.person(name="Bo Berg", email="b1@x.dk")
        second = factories.person(name="Bo Berg", email="b2@x.dk")
        with pytest.raises(ValidationError, match=r"Flere hedder «Bo Berg». Skriv Bo Berg · b1@x.dk eller"):
            PersonField().clean("Bo Berg")
        second.active_to = D(2026, 1, 1)
        second.save()
        field = PersonField()
        field.on = D(2026, 6, 1)
        assert field.clean("bo berg").email == "b1@x.dk"

    def test_refuses_who_has_left_or_is_a_double(self, anne: Person):
        field = PersonField()
        field.on = D(2026, 6, 1)
        factories.person(name="Carl", active_to=D(2026, 6, 1))
        with pytest.raises(ValidationError, match=r"Carl er fratrådt 1. jun. 2026. Vælg en anden."):
            field.clean("Carl")
        double = factories.person(name="A. Ørsted", merged_into=anne, archived_at=timezone.now())
        with pytest.raises(ValidationError, match=r"Vælg Anne Ørsted · anne@odense.example i stedet"):
            field.clean("A. Ørsted")
        field.present = double.pk
        assert field.clean("A. Ørsted") == double

    @pytest.mark.parametrize(
        "text", ["Dora Dahl <dora@x.dk>", "Dora Dahl, Dora@x.dk", "Dora Dahl · dora@x.dk"]
    )
    def test_makes_somebody_unknown_only_when_asked_to(self, text: str):
        with pytest.raises(ValidationError, match=r"findes ikke. Opret personen først"):
            PersonField().clean(text)
        made = PersonField(make=True).clean(text)
        assert (made.pk, made.name, made.email) == (None, "Dora Dahl", "dora@x.dk")
        assert not Person.objects.exists()

    @pytest.mark.parametrize(
        "text", ["Dora Dahl", "dora@x.dk", "Dora <dora@>", "<dora@x>", "0", "9" * 18, "@", "·"]
    )
    def test_makes_nobody_of_half_an_answer(self, text: str):
        with pytest.raises(ValidationError, match=r"findes ikke. Ret stavningen, eller opret"):
            PersonField(make=True).clean(text)


@pytest.fixture
def pair() -> tuple[Person, Person]:
    keep = factories.person(
        name="Anne Kvist", email="ankv@x.dk", active_from=D(2022, 1, 1), active_to=D(2026, 1, 1)
    )
    double = factories.person(
        name="Anne Kvist",
        email="",
        phone="65",
        title="Konsulent",
        active_from=D(2020, 1, 1),
        user=factories.user(),
    )
    return keep, double


def merged(keep: Person, double: Person) -> Person:
    plan = people.prepare_merge(keep, double)
    return people.merge(
        keep=keep.pk, double=double.pk, state=plan.state, actor=factories.user(), reason="Dobbelt"
    )


class TestMerge:
    def test_every_row_that_names_a_person_is_thought_of(self):
        names = {relation.get_accessor_name() for relation in Person._meta.related_objects}
        own = {"assignments", "absences", "standing_in", "doubles"}
        assert names == own | people.moved_by_others(), "let merge() move it too"

    def test_facts_and_user(self, pair: tuple[Person, Person]):
        keep, double = pair
        user = double.user
        kept = merged(keep, double)
        kept.refresh_from_db()
        double.refresh_from_db()
        assert (kept.email, kept.phone, kept.title, kept.user) == ("ankv@x.dk", "65", "Konsulent", user)
        assert (kept.active_from, kept.active_to) == (D(2020, 1, 1), None)
        assert double.is_archived
        assert double.merged_into == kept
        assert double.user is None
        assert Change.objects.filter(reason="Dobbelt").values("change_set").distinct().count() == 1

    def test_roles_move_and_those_that_share_days_become_one(self, pair: tuple[Person, Person]):
        keep, double = pair
        role, system = factories.role(), factories.system()
        own = factories.assignment(
            person=keep, role=role, asset=system, since=D(2024, 1, 1), until=D(2025, 1, 1), note="Mit"
        )
        theirs = factories.assignment(
            person=double, role=role, asset=system, since=D(2024, 6, 1), until=D(2025, 6, 1), note="Dit"
        )
        later = factories.assignment(person=keep, role=role, asset=system, since=D(2025, 5, 1), until=None)
        apart = factories.assignment(
            person=double, role=role, asset=system, since=D(2020, 1, 1), until=D(2021, 1, 1)
        )
        elsewhere = factories.assignment(person=double, role=role)
        merged(keep, double)
        rows = Assignment.objects.current().filter(role=role).order_by("since", "id")
        assert [(row.pk, row.person_id, row.since, row.until) for row in rows] == [
            (apart.pk, keep.pk, D(2020, 1, 1), D(2021, 1, 1)),
            (own.pk, keep.pk, D(2024, 1, 1), None),
            (elsewhere.pk, keep.pk, D(2024, 1, 1), None),
        ]
        assert rows[1].note == "Mit\n\nDit"
        assert set(Assignment.objects.archived()) == {theirs, later}
        assert not double.assignments.exists()

    def test_holder_and_deputy_of_the_same_seat_must_be_sorted_out_first(self, pair: tuple[Person, Person]):
        keep, double = pair
        held = factories.assignment(person=keep)
        factories.assignment(person=double, role=held.role, part="deputy", since=D(2025, 1, 1))
        with pytest.raises(people.CannotMerge, match="den ene er indehaver og den anden stedfortræder"):
            merged(keep, double)
        assert Person.objects.archived().count() == 0
        Assignment.objects.filter(pk=held.pk).update(until=D(2025, 1, 1))
        merged(keep, double)
        assert keep.assignments.current().count() == 2

    def test_absences_and_who_stands_in(self, pair: tuple[Person, Person]):
        keep, double = pair
        third, fourth = factories.person(), factories.person()
        own = Absence.objects.create(person=keep, since=D(2026, 1, 5), until=D(2026, 1, 9), stand_in=double)
        Absence.objects.create(person=double, since=D(2026, 1, 8), until=D(2026, 1, 20), stand_in=third)
        moved = Absence.objects.create(person=double, since=D(2026, 2, 1), until=D(2026, 2, 3), stand_in=keep)
        others = Absence.objects.create(person=fourth, since=D(2026, 1, 5), stand_in=double)
        old = factories.person(merged_into=double, archived_at=timezone.now())
        merged(keep, double)
        for row in (own, moved, others, old):
            row.refresh_from_db()
        assert (own.since, own.until, own.stand_in) == (D(2026, 1, 5), D(2026, 1, 20), third)
        assert (moved.person, moved.stand_in, others.stand_in, old.merged_into) == (keep, None, keep, keep)

    def test_a_merge_can_be_taken_back_as_one_act(self, pair: tuple[Person, Person]):
        keep, double = pair
        held = factories.assignment(person=keep, until=D(2025, 1, 1))
        theirs = factories.assignment(person=double, role=held.role)
        Absence.objects.create(person=double, since=D(2025, 1, 1), stand_in=keep)
        before = (list(Person.objects.values("pk", "email", "user", "archived_at")), list(_spans()))
        merged(keep, double)
        assert list(_spans()) == [(held.pk, keep.pk, None)]
        change_set = Change.objects.filter(reason="Dobbelt").values_list("change_set", flat=True)[0]
        history.undo(change_set, actor=factories.user(), reason="Det var to")
        assert (list(Person.objects.values("pk", "email", "user", "archived_at")), list(_spans())) == before
        assert theirs.person == double

    def test_two_users_must_be_made_one_first(self, pair: tuple[Person, Person]):
        keep, double = pair
        Person.objects.filter(pk=keep.pk).update(user=factories.user())
        keep = Person.objects.get(pk=keep.pk)
        with pytest.raises(people.CannotMerge, match="Begge har en bruger"):
            merged(keep, double)

    def test_what_has_changed_since_the_preview_is_told(self, pair: tuple[Person, Person]):
        keep, double = pair
        client = factories.client(FOI)
        url = reverse("person-merge", args=[keep.pk])
        page = client.get(url, {"dobbelt": double.pk})
        state = page.context["plan"].state
        factories.assignment(person=double)
        answer = client.post(url, {"dobbelt": double.pk, "state": state})
        assert answer.status_code == 409
        assert "Nogen har rettet en af de to imens" in answer.content.decode()
        assert not Person.objects.archived().exists()
        answer = client.post(url, {"dobbelt": double.pk, "state": answer.context["plan"].state})
        assert answer.status_code == 302
        assert keep.assignments.count() == 1
        # the double's page leads to whom it is now
        shown = client.get(reverse("person-detail", args=[double.pk]), follow=True)
        assert shown.redirect_chain == [(keep.get_absolute_url(), 302)]
        assert client.get(reverse("person-update", args=[double.pk])).status_code == 404

    @pytest.mark.parametrize("text", ["", "Ukendt", "self"])
    def test_asks_for_another(self, pair: tuple[Person, Person], text: str):
        keep, _ = pair
        client = factories.client(FOI)
        named = str(keep.pk) if text == "self" else text
        assert client.get(reverse("person-merge", args=[keep.pk]), {"dobbelt": named}).status_code == 422
        assert client.post(reverse("person-merge", args=[keep.pk]), {"dobbelt": named}).status_code == 422


class TestAbsence:
    def test_one_writes_ones_own_and_nobody_elses(self):
        client = factories.client(RESPONSIBLE)
        own = factories.person(user=client.user)  # type: ignore[attr-defined]
        other = factories.person()
        url = reverse("absence-create", args=[own.pk])
        sent: dict[str, Any] = {"since": "01-12-2026", "until": "05-12-2026", "stand_in": other.email}
        assert client.post(url, sent).status_code == 302
        absence = own.absences.get()
        assert (absence.since, absence.until, absence.stand_in) == (D(2026, 12, 1), D(2026, 12, 5), other)
        edit = reverse("absence-update", args=[absence.pk])
        assert client.post(edit, {**sent, "until": "", "version": absence.version}).status_code == 302
        assert (
            client.post(edit, {**sent, "since": "02-12-2026", "version": absence.version}).status_code == 409
        )
        theirs = Absence.objects.create(person=other, since=D(2026, 1, 1))
        for address in (
            reverse("absence-create", args=[other.pk]),
            reverse("absence-update", args=[theirs.pk]),
            reverse("absence-archive", args=[theirs.pk]),
        ):
            assert client.get(address).status_code == 403
            assert client.post(address, {**sent, "version": 1, "reason": "x"}).status_code == 403
        # and the key in a form opens nobody else's either
        answer = client.post(edit, {**sent, "key": theirs.pk, "version": theirs.version})
        assert answer.status_code == 403
        assert other.absences.get() == theirs
        assert b"Skriv frav" in client.get(own.get_absolute_url()).content
        assert b"Skriv frav" not in client.get(other.get_absolute_url()).content

    @pytest.mark.parametrize(
        ("sent", "message"),
        [
            ({"since": "05-12-2026", "until": "05-12-2026"}, "skal ligge efter den første fraværsdag"),
            ({"since": "03-12-2026"}, "allerede skrevet som fraværende"),
            ({"since": "01-01-2027", "stand_in": "self"}, "ikke henvise til den, der er fraværende"),
            ({"since": "01-01-2027", "stand_in": "Væk"}, "ikke ansat den dag"),
            ({"since": "", "until": "x"}, "Skriv datoen som dag, måned og år"),
        ],
    )
    def test_bad_input_is_told(self, sent: dict[str, str], message: str):
        person = factories.person()
        factories.person(name="Væk", active_to=D(2026, 12, 31))
        Absence.objects.create(person=person, since=D(2026, 12, 1), until=D(2026, 12, 10))
        if sent.get("stand_in") == "self":
            sent = {**sent, "stand_in": person.email}
        answer = factories.client(FOI).post(reverse("absence-create", args=[person.pk]), sent)
        assert answer.status_code == 422
        assert message in answer.content.decode()
        assert person.absences.count() == 1

    def test_who_is_asked_instead_is_shown_with_each_role(self):
        away, deputy, named = (
            factories.person(),
            factories.person(name="Dorte"),
            factories.person(name="Niels"),
        )
        held = factories.assignment(person=away)
        factories.assignment(person=deputy, role=held.role, part="deputy")
        factories.assignment(person=away)
        Absence.objects.create(person=away, since=day(-1), until=day(5), stand_in=named)
        roles = people.roles_of(away, timezone.localdate())
        asked = {
            one.assignment.role_id: one.away.instead.name
            for one in roles.present
            if one.away and one.away.instead
        }
        assert sorted(asked.values()) == ["Dorte", "Niels"]
        assert asked[held.role_id] == "Dorte"
        Absence.objects.create(person=deputy, since=day(0))
        roles = people.roles_of(away, timezone.localdate())
        assert [one.away and one.away.instead and one.away.instead.name for one in roles.present] == [
            "Niels",
            "Niels",
        ]
        page = factories.client(READER).get(away.get_absolute_url()).content.decode()
        assert "p.t." in page
        Absence.objects.create(person=named, since=day(0))
        assert [one.away and one.away.instead for one in people.roles_of(away, day(0)).present] == [
            None,
            None,
        ]
        assert "fraværende, tilbage" in page
        assert [one.away for one in people.roles_of(away, day(5)).present] == [None, None]


class TestAwayEverywhere:
    """Wherever somebody who is away is shown, so is that they are, and who is asked."""

    @pytest.fixture
    def world(self) -> dict[str, Any]:
        """Bo is deputy to Anna for KY, alone in another role, and away; Eva is asked."""
        ky = factories.system(code="KY", name="Ydelsessystemet")
        role = factories.role(code="SYSTEMANSV", name="Systemansvarlig")
        other = factories.role(code="SUPERBRUGER", name="Superbruger")
        factories.requirement(role, ky, deputy_needed=True)
        factories.requirement(other, ky)
        anna, bo, eva = (factories.person(name=name) for name in ("Anna Asp", "Bo Bang", "Eva Egg"))
        held = factories.assignment(person=anna, role=role, asset=ky)
        deputy = factories.assignment(person=bo, role=role, asset=ky, part="deputy")
        factories.assignment(person=bo, role=other, asset=ky)
        Absence.objects.create(person=bo, since=day(-1), until=day(5), stand_in=eva)
        return {"anna": anna.pk, "bo": bo.pk, "held": held.pk, "deputy": deputy.pk}

    @pytest.mark.parametrize(
        "address",
        [
            "/personer/{anna}/",
            "/roller/tildelinger/{held}/",
            "/roller/tildelinger/{deputy}/",
            "/roller/tildelinger/{deputy}/afslut/",
            "/roller/tildelinger/{deputy}/overdrag/",
            "/roller/tildelinger/",
            "/roller/daekning/",
            "/roller/daekning/?vis=pladser",
            "/roller/daekning/?vis=personer",
            "/roller/SYSTEMANSV/",
            "/roller/personafhaengighed/",
            "/roller/personafhaengighed/?vis=systemer",
            "/roller/personafhaengighed/?vis=roller",
            "/personer/{anna}/overdragelse/",
            "/roller/SYSTEMANSV/overdragelse/",
            "/fagsystemer/KY/",
            "/fagsystemer/KY/bekraeft/",
        ],
    )
    def test_with_who_is_asked(self, world: dict[str, Any], address: str):
        told = words(factories.client().get(address.format(**world)))
        back = formats.date(day(5))
        assert f"Bo Bang, p.t. Eva Egg (fraværende, tilbage {back})" in re.sub(r" ([,)])", r"\1", told)

    @pytest.mark.parametrize("address", ["/personer/", "/soeg/?q=bo+bang"])
    def test_in_lists_of_people(self, world: dict[str, Any], address: str):
        told = words(factories.client().get(address))
        assert f"tilbage {formats.date(day(5))}" in told

    def test_until_further_notice_and_nobody_to_ask(self, world: dict[str, Any]):
        Absence.objects.update(until=None, stand_in=None)
        told = words(factories.client().get("/roller/daekning/?vis=personer"))
        assert "Bo Bang (fraværende indtil videre)" in told
        Absence.objects.update(stand_in=world["anna"])
        Person.objects.filter(pk=world["anna"]).update(active_to=day(0))
        told = words(factories.client().get("/roller/daekning/?vis=personer"))
        assert "Bo Bang (fraværende indtil videre)" in told, "whom it names has left"


class TestPages:
    def test_leaving_with_roles_is_asked_about_and_loses_nothing(self):
        client = factories.client(FOI)
        held = factories.assignment()
        person = held.person
        url = reverse("person-update", args=[person.pk])
        sent = {
            "name": person.name,
            "email": person.email,
            "active_to": "01-12-2026",
            "version": person.version,
        }
        answer = client.post(url, sent)
        assert answer.status_code == 422
        assert "1 rolle løber videre efter den dag" in answer.content.decode()
        assert str(held.role) in answer.content.decode()
        assert client.post(url, {**sent, "left_anyway": "True"}).status_code == 302
        held.refresh_from_db()
        person.refresh_from_db()
        assert (held.until, held.is_archived, person.active_to) == (None, False, D(2026, 12, 1))
        assert "1 rolle løber videre" in client.get(person.get_absolute_url()).content.decode()

    @pytest.mark.parametrize(
        ("sent", "message"),
        [
            ({"name": "B", "email": " ANNE@x.dk "}, "En anden person har allerede den e-mailadresse"),
            ({"name": "B", "email": "anne"}, "gyldig e-mail"),
            ({"name": "B", "user": "findesikke"}, "Brugernavnet «findesikke» findes ikke"),
            ({"name": "B", "user": "taget"}, "Brugeren hører allerede til en anden person"),
            (
                {"name": "B", "active_from": "02-01-2026", "active_to": "02-01-2026"},
                "efter datoen for ansættelse",
            ),
            ({"name": " ", "unit": "UKENDT"}, "«UKENDT» findes ikke"),
        ],
    )
    def test_bad_input_is_told(self, sent: dict[str, str], message: str):
        factories.person(email="anne@x.dk", user=factories.user(username="taget"))
        answer = factories.client(FOI).post(reverse("person-create"), sent)
        assert answer.status_code == 422
        assert message in answer.content.decode()
        assert Person.objects.count() == 1

    def test_a_conflict_is_shown_field_by_field(self):
        person = factories.person(user=factories.user(username="anne"))
        Person.objects.filter(pk=person.pk).update(title="Chef")
        sent = {
            "name": "Ny",
            "title": "Leder",
            "email": person.email,
            "user": "anne",
            "version": person.version,
        }
        answer = factories.client(FOI).post(reverse("person-update", args=[person.pk]), sent)
        assert answer.status_code == 409
        assert "Gem med disse valg" in answer.content.decode()
        assert ("user", "anne") in answer.context["conflict"].hidden

    def test_the_list_tells_and_filters(self):
        unit = factories.organisation(code="DOA")
        busy = factories.assignment(person=factories.person(name="Bo", unit=unit)).person
        Absence.objects.create(person=busy, since=day(-1))
        gone = factories.person(name="Lars", active_to=day(0))
        coming = factories.person(name="Ny", active_from=day(1))
        client = factories.client(READER)

        def found(**query: str) -> set[int]:
            rows = client.get(reverse("person-list"), query).context["page"].object_list
            return set(rows)

        assert found() == {busy.pk, gone.pk, coming.pk}
        assert (
            found(state="here")
            == found(unit="doa")
            == found(absent="yes")
            == found(roles="with")
            == {busy.pk}
        )
        assert found(state="left") == found(q="LARS") == {gone.pk}
        assert found(state="coming") == {coming.pk}
        assert found(roles="without") == found(absent="no") == {gone.pk, coming.pk}
        export = client.get(reverse("person-list"), {"_export": "csv", "q": "Bo"}).getvalue().decode()
        assert export.lstrip("\ufeff").splitlines()[0].startswith("name")
        assert "Bo" in export

    def test_two_hundred_roles_are_shown_and_the_rest_is_a_link(self):
        busy, role = factories.person(name="Travl"), factories.role()
        factories.assignment(person=busy, role=role)
        one = Assignment(person=busy, role=role, since=day(0))
        systems = [factories.system() for _ in range(200)]
        Assignment.objects.bulk_create(
            Assignment(person=busy, role=role, asset=it, since=one.since) for it in systems
        )
        page = factories.client(READER).get(busy.get_absolute_url())
        told = words(page)
        assert "Roller nu: 201" in told
        assert "De første 200 af 201" in told
        url = f"/roller/tildelinger/?person={busy.pk}&amp;when=all"
        assert url in page.content.decode()
        listed = factories.client(READER).get(url.replace("&amp;", "&"))
        assert "af 201" in words(listed)

    def test_a_reader_is_offered_nothing_to_change(self):
        person = factories.assignment().person
        client = factories.client(READER)
        for url in (person.get_absolute_url(), reverse("person-list")):
            page = client.get(url).content.decode()
            for word in ("/ret/", "/ny/", "laeg-sammen", "fravaer", "overdrag/"):
                assert word not in page, (url, word)

    def test_the_lookup_ranks_and_leaves_out_who_has_left(self):
        factories.person(name="Johanne Berg", email="jb@x.dk")
        factories.person(name="Anne Dahl", email="ad@x.dk")
        factories.person(name="Anne Væk", email="av@x.dk", active_to=day(0))
        client, url = factories.client(READER), reverse("person-lookup")
        assert [row["label"] for row in client.get(url, {"q": "anne"}).json()["results"]] == [
            "Anne Dahl · ad@x.dk",
            "Johanne Berg · jb@x.dk",
        ]
        assert len(client.get(url, {"q": "anne", "alle": "1"}).json()["results"]) == 3
        assert [row["name"] for row in client.get(url, {"q": "Anne Dahl · ad@x.dk"}).json()["results"]] == [
            "Anne Dahl"
        ]
        assert client.get(url, {"q": ""}).json() == {"results": []}

    def test_the_search_finds_people_and_roles(self):
        person = factories.person(name="Sanne Åkjær", email="saak@x.dk", title="Jurist")
        role = factories.role(code="FOIMED", name="FOI-medarbejder")
        client = factories.client(READER)
        for text, url in (
            ("åkjær", person.get_absolute_url()),
            ("saak@x.dk", person.get_absolute_url()),
            ("jurist sanne", person.get_absolute_url()),
            ("Sanne Åkjer", person.get_absolute_url()),
            ("foimed", role.get_absolute_url()),
        ):
            page = client.get(reverse("search"), {"q": text})
            assert [result.url for result in page.context["results"]] == [url], text
        nobody = factories.client(None)
        assert nobody.get(reverse("search"), {"q": "sanne"}).status_code == 403

    def test_who_may_not_see_people_does_not_find_them(self):
        factories.person(name="Sanne Åkjær")
        user = factories.user()
        user.user_permissions.set([_permission("view_system")])
        client = Client()
        client.force_login(User.objects.get(pk=user.pk))
        assert client.get(reverse("search"), {"q": "sanne"}).context["results"] == []


def _spans() -> Any:
    return Assignment.objects.current().order_by("pk").values_list("pk", "person_id", "until")


def _asked(held: people.Held) -> str:
    return held.away.instead.name if held.away and held.away.instead else ""


def _permission(codename: str) -> Any:
    return Permission.objects.get(codename=codename)
