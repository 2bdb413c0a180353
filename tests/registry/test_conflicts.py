"""Two people at once: the conflict page on every edit form, nothing overwritten silently, nothing lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import close_old_connections, connection, connections
from django.test import Client
from django.urls import reverse

from foi_portal.core.history import triggers
from foi_portal.core.models import Change
from registry.models import Asset, Component, Dependency, Organisation, System
from tests import factories
from tests.registry.pages import Page, opened


def row(noun: str) -> Any:
    """One saved row of the noun, with every kind of value in it."""
    org = factories.organisation(code="OK", name="Odense Kommune", kind="municipality")
    if noun == "organisation":
        return factories.organisation(code="KMD", name="KMD", parent=org, valid_from="2020-01-01")
    if noun == "system":
        return factories.system(
            code="CURA", name="Cura", department=org, provider=org, criticality=4, description="En\nto"
        )
    if noun == "component":
        return factories.component(
            code="SP", name="Serviceplatformen", provider=org, active_from="2014-01-01"
        )
    return factories.dependency(purpose="Opslag", since="2020-01-01")


# noun → field both change: (mine, theirs), a field only I change, a field only the other changes
EDITS: dict[str, tuple[tuple[str, str, str], tuple[str, str], tuple[str, str]]] = {
    "organisation": (("name", "Mit", "Deres"), ("kind", "partner"), ("valid_to", "31-12-2030")),
    "system": (("name", "Mit", "Deres"), ("criticality", "2"), ("aliases", "Gammelt")),
    "component": (("level", "own", "user-club"), ("active_from", "2015"), ("description", "Tekst")),
    "dependency": (("purpose", "Mit", "Deres"), ("importance", "minor"), ("until", "2031")),
}
BASES: dict[str, Any] = {
    "organisation": Organisation,
    "system": System,
    "component": Component,
    "dependency": Dependency,
}


@pytest.fixture
def mette() -> Client:
    return factories.client("FOI", first_name="Mette", last_name="Lund")


@pytest.fixture
def jens() -> Client:
    return factories.client("FOI", first_name="Jens", last_name="Holm")


def where(noun: str, obj: Any, verb: str = "update") -> str:
    return reverse(f"{noun}-{verb}", args=[obj.pk if noun == "dependency" else obj.code])


@pytest.mark.django_db
class TestEditForms:
    @pytest.mark.parametrize("noun", EDITS)
    def test_saving_an_untouched_form_changes_nothing(self, mette: Client, noun: str):
        obj = row(noun)
        before = Change.objects.count()
        response = mette.post(where(noun, obj), opened(mette, where(noun, obj)), follow=True)
        assert "Ingen ændringer at gemme." in response.content.decode()
        assert Change.objects.count() == before

    @pytest.mark.parametrize("noun", EDITS)
    def test_the_second_sees_before_theirs_and_mine_and_decides(self, mette: Client, jens: Client, noun: str):
        obj = row(noun)
        url = where(noun, obj)
        (field, mine, theirs), (only_i, my_value), (only_they, their_value) = EDITS[noun]
        my_form, their_form = opened(mette, url), opened(jens, url)
        their_form |= {field: theirs, only_they: their_value}
        assert jens.post(url, their_form).status_code == 302
        saved = BASES[noun].objects.values().get(pk=obj.pk)

        my_form |= {field: mine, only_i: my_value, "reason": "Fordi"}
        response = mette.post(url, my_form)
        assert response.status_code == 409
        assert BASES[noun].objects.values().get(pk=obj.pk) == saved
        page, text = Page(response), response.content.decode()
        assert "I har begge rettet" in text
        assert "Jens Holm gemte" in text
        assert page.edit["radios"] == {field: [theirs, mine]}
        assert page.edit["fields"][only_i] == my_value
        assert page.edit["fields"][only_they] == their_value
        assert page.edit["fields"]["reason"] == "Fordi"

        assert mette.post(url, page.edit["fields"] | {field: mine}).status_code == 302
        after = opened(mette, url)
        assert {k: after[k] for k in (field, only_i, only_they)} == {
            field: mine,
            only_i: my_value,
            only_they: their_value,
        }
        last = Change.objects.filter(row_id=obj.pk).first()
        assert last is not None
        assert (last.actor, last.reason, last.row_version) == (mette.user, "Fordi", 3)  # type: ignore[attr-defined]

    @pytest.mark.parametrize("noun", EDITS)
    def test_theirs_is_kept_when_nothing_is_chosen(self, mette: Client, jens: Client, noun: str):
        obj = row(noun)
        url = where(noun, obj)
        field, mine, theirs = EDITS[noun][0]
        my_form = opened(mette, url) | {field: mine}
        jens.post(url, opened(jens, url) | {field: theirs})
        fields = Page(mette.post(url, my_form)).edit["fields"]
        mette.post(url, fields)
        assert opened(mette, url)[field] == theirs

    @pytest.mark.parametrize("noun", EDITS)
    def test_a_third_editor_in_between_gives_a_new_conflict(self, mette: Client, jens: Client, noun: str):
        obj = row(noun)
        url = where(noun, obj)
        field, mine, theirs = EDITS[noun][0]
        third = factories.client("Administrator", first_name="Tredje", last_name="Mand")
        my_form = opened(mette, url) | {field: mine}
        jens.post(url, opened(jens, url) | {field: theirs})
        resolution = Page(mette.post(url, my_form)).edit["fields"] | {field: mine}
        only_they, their_value = EDITS[noun][2]
        third.post(url, opened(third, url) | {field: my_form[field], only_they: their_value, "reason": "3"})
        third.post(url, opened(third, url) | {field: theirs})
        response = mette.post(url, resolution)
        assert response.status_code == 409
        assert "Tredje Mand gemte" in response.content.decode()
        fields = Page(response).edit["fields"]
        assert mette.post(url, fields | {field: mine}).status_code == 302
        assert (opened(mette, url)[field], opened(mette, url)[only_they]) == (mine, their_value)

    @pytest.mark.parametrize("noun", EDITS)
    def test_both_wrote_the_same(self, mette: Client, jens: Client, noun: str):
        """No choice to make; the page still asks before it saves the rest."""
        obj = row(noun)
        url = where(noun, obj)
        field, mine, _ = EDITS[noun][0]
        only_i, my_value = EDITS[noun][1]
        my_form = opened(mette, url) | {field: mine, only_i: my_value}
        jens.post(url, opened(jens, url) | {field: mine})
        page = Page(mette.post(url, my_form))
        assert page.edit["radios"] == {}
        mette.post(url, page.edit["fields"])
        assert (opened(mette, url)[field], opened(mette, url)[only_i]) == (mine, my_value)

    @pytest.mark.parametrize("noun", EDITS)
    def test_without_a_version_every_difference_is_shown(self, mette: Client, noun: str):
        obj = row(noun)
        url = where(noun, obj)
        field, mine, _ = EDITS[noun][0]
        fields = opened(mette, url) | {field: mine}
        del fields["version"]
        response = mette.post(url, fields)
        assert response.status_code == 409
        assert "Siden ved ikke, hvilken udgave du så" in response.content.decode()
        assert field in Page(response).edit["radios"]

    @pytest.mark.parametrize("noun", ["organisation", "system", "component"])
    def test_the_code_was_changed_meanwhile(self, mette: Client, jens: Client, noun: str):
        """The form's address is gone, but not what was typed; and a new row with the old code is left alone."""
        obj = row(noun)
        url = where(noun, obj)
        my_form = opened(mette, url) | {"name": "Mit"}
        jens.post(url, opened(jens, url) | {"code": "NYKODE"})
        getattr(factories, noun)(code=obj.code, name="En anden")
        response = mette.post(url, my_form)
        assert response.status_code == 409
        response = mette.post(url, Page(response).edit["fields"])
        assert response.status_code == 302
        assert "NYKODE" in response["Location"]
        assert set(BASES[noun].objects.values_list("code", "name")) >= {
            ("NYKODE", "Mit"),
            (obj.code, "En anden"),
        }

    @pytest.mark.parametrize("noun", EDITS)
    def test_my_value_does_not_validate(self, mette: Client, jens: Client, noun: str):
        """It stands as I typed it, and is judged when I save it."""
        obj = row(noun)
        url = where(noun, obj)
        field, _, theirs = EDITS[noun][0]
        my_form = opened(mette, url) | {field: "<x>" * 200}
        jens.post(url, opened(jens, url) | {field: theirs})
        response = mette.post(url, my_form)
        assert response.status_code == 409
        assert b"<x>" not in response.content
        fields = Page(response).edit["fields"]
        assert mette.post(url, fields | {field: "<x>" * 200}).status_code == 422
        assert mette.post(url, fields | {field: theirs}).status_code == 302

    def test_long_text_with_lines_survives_the_conflict_page(self, mette: Client, jens: Client):
        system = row("system")
        url = where("system", system)
        text = 'Første linje\n\n  "Anden" <b> & linje'
        my_form = opened(mette, url) | {"description": text.replace("\n", "\r\n")}
        jens.post(url, opened(jens, url) | {"name": "Deres"})
        mette.post(url, Page(mette.post(url, my_form)).edit["fields"])
        system.refresh_from_db()
        assert (system.name, system.description) == ("Deres", text)

    @pytest.mark.parametrize("noun", EDITS)
    def test_a_row_changed_a_thousand_times_can_still_be_saved(self, mette: Client, noun: str):
        """The version in the form is a number for machines: 1000, not 1.000."""
        obj = row(noun)
        connection.check_constraints()
        with triggers.suspended(connection):
            BASES[noun].objects.filter(pk=obj.pk).update(version=12345)
            connection.check_constraints()
        field, mine, _ = EDITS[noun][0]
        url = where(noun, obj)
        assert mette.post(url, opened(mette, url) | {field: mine}).status_code == 302
        url = where(noun, obj, "archive")
        assert mette.post(url, opened(mette, url) | {"reason": "Væk"}).status_code == 302

    @pytest.mark.parametrize("noun", EDITS)
    def test_archiving_what_was_changed_meanwhile(self, mette: Client, jens: Client, noun: str):
        obj = row(noun)
        form = opened(mette, where(noun, obj, "archive")) | {"reason": "Væk"}
        field, _, theirs = EDITS[noun][0]
        jens.post(where(noun, obj), opened(jens, where(noun, obj)) | {field: theirs})
        response = mette.post(where(noun, obj, "archive"), form)
        assert response.status_code == 409
        assert "Nogen har rettet den imens" in response.content.decode()
        obj.refresh_from_db()
        assert obj.archived_at is None
        assert (
            mette.post(
                where(noun, obj, "archive"), Page(response).edit["fields"] | {"reason": "Væk"}
            ).status_code
            == 302
        )
        obj.refresh_from_db()
        assert (obj.is_archived, obj.archive_reason) == (True, "Væk")
        url = where(noun, obj, "restore")
        assert mette.post(url, opened(mette, url)).status_code == 302
        obj.refresh_from_db()
        assert not obj.is_archived


@pytest.mark.django_db
class TestDependencyTable:
    @pytest.fixture
    def rows(self) -> list[Dependency]:
        source = factories.system(code="CURA", name="Cura")
        return [
            factories.dependency(
                source=source, target=factories.component(name=f"Mål {i}"), purpose=f"Formål {i}"
            )
            for i in range(3)
        ]

    @pytest.fixture
    def url(self, rows: list[Dependency]) -> str:
        return reverse("system-dependencies", args=["CURA"])

    def test_different_rows_do_not_clash(self, mette: Client, jens: Client, rows: list[Dependency], url: str):
        mine, theirs = opened(mette, url), opened(jens, url)
        jens.post(url, theirs | {f"d{rows[0].pk}-purpose": "Deres"})
        assert mette.post(url, mine | {f"d{rows[1].pk}-purpose": "Mit"}).status_code == 302
        assert [d.purpose for d in Dependency.objects.order_by("pk")] == ["Deres", "Mit", "Formål 2"]

    def test_the_same_row_clashes_and_the_rest_travels_along(
        self, mette: Client, jens: Client, rows: list[Dependency], url: str
    ):
        new = factories.component(code="NY1")
        mine, theirs = opened(mette, url), opened(jens, url)
        jens.post(url, theirs | {f"d{rows[0].pk}-purpose": "Deres", f"d{rows[0].pk}-importance": "minor"})
        sent = {
            f"d{rows[0].pk}-purpose": "Mit",
            f"d{rows[0].pk}-status": "planned",
            f"d{rows[1].pk}-purpose": "Også mit",
            "n0-target": "NY1",
            "n0-purpose": "Nyt",
            "reason": "Fordi",
        }
        response = mette.post(url, mine | sent)
        assert response.status_code == 409
        assert Dependency.objects.count() == 3
        assert "Formål 0" in response.content.decode()
        page = Page(response)
        field = f"d{rows[0].pk}-purpose"
        assert page.edit["radios"] == {field: ["Deres", "Mit"]}
        assert mette.post(url, page.edit["fields"] | {field: "Mit"}).status_code == 302
        now = {d.target_id: d for d in Dependency.objects.all()}
        first = now[rows[0].target_id]
        assert (first.purpose, first.importance, first.status) == ("Mit", "minor", "planned")
        assert now[rows[1].target_id].purpose == "Også mit"
        assert now[new.pk].purpose == "Nyt"
        last = Change.objects.filter(table="registry_dependency").order_by("-id")[:3]
        assert {c.reason for c in last} == {"Fordi"}
        assert len({c.change_set for c in last}) == 1

    def test_a_third_editor_gives_a_new_conflict(
        self, mette: Client, jens: Client, rows: list[Dependency], url: str
    ):
        field = f"d{rows[0].pk}-purpose"
        mine = opened(mette, url) | {field: "Mit"}
        jens.post(url, opened(jens, url) | {field: "Deres"})
        resolution = Page(mette.post(url, mine)).edit["fields"] | {field: "Mit"}
        jens.post(url, opened(jens, url) | {field: "Deres igen"})
        response = mette.post(url, resolution)
        assert response.status_code == 409
        assert Page(response).edit["radios"] == {field: ["Deres igen", "Mit"]}

    def test_a_row_archived_meanwhile_is_not_written(
        self, mette: Client, jens: Client, rows: list[Dependency], url: str
    ):
        mine = opened(mette, url) | {f"d{rows[0].pk}-purpose": "Mit", f"d{rows[1].pk}-purpose": "Også mit"}
        archive = where("dependency", rows[0], "archive")
        jens.post(archive, opened(jens, archive) | {"reason": "Væk"})
        response = mette.post(url, mine, follow=True)
        rows[0].refresh_from_db()
        assert (rows[0].purpose, rows[0].is_archived) == ("Formål 0", True)
        assert "arkiveret imens" in response.content.decode()

    def test_a_table_edited_a_thousand_times_can_still_be_saved(
        self, mette: Client, rows: list[Dependency], url: str
    ):
        connection.check_constraints()
        with triggers.suspended(connection):
            Dependency.objects.update(version=54321)
            connection.check_constraints()
        assert mette.post(url, opened(mette, url) | {f"d{rows[0].pk}-purpose": "Mit"}).status_code == 302


@pytest.mark.django_db(transaction=True)
class TestAtTheSameMoment:
    """Real connections at a barrier, on both databases."""

    def together(self, *tasks: Any) -> list[Any]:
        start = Barrier(len(tasks))

        def run(task: Any) -> Any:
            try:
                start.wait(10)
                return task()
            finally:
                close_old_connections()
                connections.close_all()

        with ThreadPoolExecutor(len(tasks)) as pool:
            return list(pool.map(run, tasks))

    def people(self, count: int) -> list[Client]:
        return [factories.client("FOI") for _ in range(count)]

    def test_one_winner_per_round(self):
        people = self.people(4)
        system = factories.system(code="CURA", name="Cura")
        url = where("system", system)
        for number in range(1, 6):
            forms = [opened(p, url) | {"name": f"Runde {number} {i}"} for i, p in enumerate(people)]
            answers = self.together(
                *(lambda p=p, f=f: p.post(url, f) for p, f in zip(people, forms, strict=True))
            )
            statuses = [a.status_code for a in answers]
            assert sorted(statuses) == [302, 409, 409, 409]
            winner = statuses.index(302)
            system.refresh_from_db()
            assert (system.name, system.version) == (f"Runde {number} {winner}", number + 1)
            losers = [a for a in answers if a.status_code == 409]
            assert all(Page(a).edit["radios"]["name"][0] == system.name for a in losers)
        assert Change.objects.filter(table="registry_asset", operation="update").count() == 5

    def test_the_same_code_created_twice(self):
        people = self.people(4)
        data = {"name": "Cura", "code": "CURA", "lifecycle": "active"}
        answers = self.together(*(lambda p=p: p.post(reverse("system-create"), data) for p in people))
        statuses = sorted(a.status_code for a in answers)
        assert statuses[0] == 302
        assert set(statuses[1:]) <= {409, 422}
        assert System.objects.count() == 1
        assert all("Cura" in a.content.decode() for a in answers if a.status_code != 302)

    def test_the_same_dependency_added_twice_in_the_table(self):
        people = self.people(3)
        system = factories.system(code="CURA")
        factories.component(code="SP")
        url = reverse("system-dependencies", args=[system.code])
        forms = [opened(p, url) | {"n0-target": "SP"} for p in people]
        answers = self.together(
            *(lambda p=p, f=f: p.post(url, f) for p, f in zip(people, forms, strict=True))
        )
        assert sorted(a.status_code for a in answers) == [302, 422, 422]
        assert Dependency.objects.count() == 1

    def test_the_table_and_the_form_add_the_same(self):
        people = self.people(2)
        system = factories.system(code="CURA")
        factories.component(code="SP")
        url = reverse("system-dependencies", args=[system.code])
        form = opened(people[0], url) | {"n0-target": "SP"}
        single = {
            "source": "CURA",
            "target": "SP",
            "direction": "reads",
            "importance": "minor",
            "status": "active",
        }
        answers = self.together(
            lambda: people[0].post(url, form), lambda: people[1].post(reverse("dependency-create"), single)
        )
        statuses = sorted(a.status_code for a in answers)
        assert statuses[0] == 302
        assert statuses[1] in (409, 422)
        assert Dependency.objects.count() == 1

    def test_renamed_while_another_saves(self):
        people = self.people(2)
        system = factories.system(code="CURA", name="Cura")
        url = where("system", system)
        forms = [opened(people[0], url) | {"code": "NYKODE"}, opened(people[1], url) | {"name": "Nyt"}]
        answers = self.together(
            *(lambda p=p, f=f: p.post(url, f) for p, f in zip(people, forms, strict=True))
        )
        assert sorted(a.status_code for a in answers) == [302, 409]

    def test_archived_while_another_archives(self):
        people = self.people(3)
        system = factories.system(code="CURA")
        url = where("system", system, "archive")
        forms = [opened(p, url) | {"reason": f"Grund {i}"} for i, p in enumerate(people)]
        answers = self.together(
            *(lambda p=p, f=f: p.post(url, f) for p, f in zip(people, forms, strict=True))
        )
        assert sorted(a.status_code for a in answers) == [302, 409, 409]
        assert Asset.objects.get().version == 2
