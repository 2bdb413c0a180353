"""The page of an asset's alternatives: shown, made, edited, dissolved; rights, errors, two people at once, history."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foi_portal.core import history
from foi_portal.core.models import Change
from foi_portal.core.permissions import FOI, READER
from foi_portal.ui import formats
from registry import landscape
from registry.models import AlternativeGroup, Asset, Dependency
from tests import factories
from tests.registry.pages import Page, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def ky() -> Any:
    """KY uses three components, and a fourth by an ended dependency."""
    ky = factories.system(code="KY", name="KY")
    for code in ("SF1520", "CPR", "DAR", "GAMMEL"):
        factories.dependency(
            source=ky,
            target=factories.component(code=code, name=code),
            importance="critical",
            status="ended" if code == "GAMMEL" else "active",
        )
    return ky


def to(code: str) -> Dependency:
    return Dependency.objects.filter(source__code="KY", target__code=code).earliest("pk")


def group(*codes: str, name: str = "CPR-opslag", needed: int = 1) -> AlternativeGroup:
    made = AlternativeGroup.objects.create(source=Asset.objects.get(code="KY"), name=name, needed=needed)
    Dependency.objects.filter(source__code="KY", target__code__in=codes).update(alternatives=made)
    return AlternativeGroup.objects.get(pk=made.pk)


def person(client: Client) -> Any:
    """Who the browser is signed in as."""
    return client.user  # type: ignore[attr-defined]


def members(made: AlternativeGroup) -> set[str]:
    return set(Dependency.objects.filter(alternatives=made).values_list("target__code", flat=True))


URL = "/fagsystemer/KY/alternativer/"


def form(made: AlternativeGroup | None, *codes: str, **values: Any) -> dict[str, Any]:
    """What the page's form sends, with the boxes of ``codes`` ticked."""
    data: dict[str, Any] = {
        "name": "CPR-opslag",
        "needed": "1",
        "members": [to(code).pk for code in codes],
        "reason": "",
    }
    if made is not None:
        keys = Dependency.objects.filter(alternatives=made).order_by("pk").values_list("pk", flat=True)
        data |= {
            "group": made.pk,
            "version": made.version,
            "seen": ",".join(map(str, keys)),
            "name": made.name,
        }
    return data | values


def rows() -> tuple[Any, ...]:
    return (
        list(AlternativeGroup.objects.order_by("pk").values()),
        list(Dependency.objects.order_by("pk").values()),
        Change.objects.count(),
    )


def refused(client: Client, data: dict[str, Any], *texts: str, status: int = 422) -> Any:
    before = rows()
    response = client.post(URL, data)
    page = words(response)
    assert response.status_code == status, page
    for text in texts:
        assert text in page
    assert rows() == before
    return response


def stops(code: str) -> bool:
    """Whether KY stops when the asset alone fails."""
    found = landscape.at(timezone.localdate())
    return found.by_code["KY"] in found.graph.stopped_by(found.by_code[code])


class TestThePage:
    def test_tells_how_many_must_work_and_what_that_means(self, ky: Any):
        group("SF1520", "CPR")
        for kind in (FOI, READER):
            page = words(factories.client(kind).get(URL))
            assert "CPR-opslag: 1 af 2 skal virke" in page
            assert "KY klarer sig, selv om én svigter." in page

    def test_tells_what_an_ended_and_an_archived_member_mean(self, ky: Any):
        group("SF1520", "CPR")
        Dependency.objects.filter(pk=to("CPR").pk).update(until=timezone.localdate())
        page = words(factories.client(READER).get(URL))
        assert "CPR-opslag: 1 af 1 skal virke" in page
        assert "Kun én er i drift i dag, så der er intet alternativ: svigter den, rammes KY." in page
        assert "tæller ikke med" in page
        Dependency.objects.filter(pk=to("CPR").pk).update(until=None, archived_at=timezone.now())
        assert "Arkiveret, tæller ikke med" in words(factories.client(READER).get(URL))

    def test_a_planned_member_is_no_reserve_yet(self, ky: Any):
        group("SF1520", "CPR")
        Dependency.objects.filter(pk=to("CPR").pk).update(status="planned")
        page = words(factories.client(READER).get(URL))
        assert "1 af 2 skal virke" in page
        assert "Kun én er i drift i dag" in page
        assert stops("SF1520")

    def test_says_what_to_do_when_there_is_nothing(self, ky: Any):
        assert "Saml dem, der kan træde i stedet for hinanden" in words(factories.client().get(URL))
        alone = factories.system(code="ALENE")
        factories.dependency(source=alone)
        page = words(factories.client().get("/fagsystemer/ALENE/alternativer/"))
        assert "har ikke to afhængigheder" in page
        assert "Ny gruppe" not in page

    def test_is_there_for_components(self):
        factories.component(code="SP")
        assert factories.client(READER).get("/komponenter/SP/alternativer/").status_code == 200

    def test_the_asset_s_page_marks_the_members(self, ky: Any):
        group("SF1520", "CPR")
        page = words(factories.client(READER).get("/fagsystemer/KY/"))
        assert page.count("alternativ: CPR-opslag , 1 af 2 skal virke") == 2

    def test_a_reader_gets_no_form(self, ky: Any):
        made = group("SF1520", "CPR")
        page = factories.client(READER).get(f"{URL}?gruppe={made.pk}").content.decode()
        assert 'method="post"' not in page.split("<main")[1]

    @pytest.mark.parametrize("query", ["?gruppe=999", "?gruppe=x", "?gruppe=", "?gruppe=%00"])
    def test_an_unknown_group_in_the_address_shows_the_page(self, ky: Any, query: str):
        assert factories.client().get(URL + query).status_code == 200


class TestArchived:
    @pytest.fixture
    def foi(self, ky: Any) -> Client:
        group("SF1520", "CPR")
        Asset.objects.filter(code="KY").update(archived_at=timezone.now(), archive_reason="Udfaset")
        return factories.client(FOI)

    @pytest.mark.parametrize("query", ["", "?ny=ja", "?gruppe={}"])
    def test_says_so_and_has_no_form(self, foi: Client, query: str):
        response = foi.get(URL + query.format(AlternativeGroup.objects.get().pk))
        assert f"Arkiveret {formats.plain(timezone.localdate())}" in words(response)
        assert "Udfaset" in words(response)
        assert 'href="/fagsystemer/KY/gendan/"' in response.content.decode()
        assert "CPR-opslag: 1 af 2 skal virke" in words(response)
        assert "Ret eller opløs" not in words(response)
        assert "Ny gruppe" not in words(response)
        assert 'name="needed"' not in response.content.decode()

    def test_a_reader_is_not_offered_to_restore_it(self, foi: Client):
        assert "/gendan/" not in factories.client(READER).get(URL).content.decode()

    def test_nothing_is_made_edited_or_dissolved(self, foi: Client):
        made = AlternativeGroup.objects.get()
        told = "KY er arkiveret. Gendan det først."
        refused(foi, form(None, "SF1520", "DAR", name="Ny"), told, status=409)
        refused(foi, form(made, "SF1520", "CPR", needed="2"), told, status=409)
        refused(foi, form(made, reason="Slut", dissolve="ja"), told, status=409)


class TestMake:
    def test_a_group_from_the_form_as_it_comes(self, ky: Any):
        client = factories.client()
        sent = Page(client.get(f"{URL}?ny=ja")).edit["fields"]
        sent |= {"name": "  CPR-opslag ", "members": [to("SF1520").pk, to("CPR").pk], "reason": "Aftalt"}
        assert stops("SF1520")
        response = client.post(URL, sent, follow=True)
        assert "«CPR-opslag» er gemt: 1 af 2 skal virke." in words(response)
        made = AlternativeGroup.objects.get()
        assert (made.source.code, made.name, made.needed) == ("KY", "CPR-opslag", 1)
        assert members(made) == {"SF1520", "CPR"}
        assert not stops("SF1520")

    def test_is_one_act_with_its_reason(self, ky: Any):
        client = factories.client()
        before = Change.objects.count()
        client.post(URL, form(None, "SF1520", "CPR", reason="Aftalt"))
        new = Change.objects.order_by("id")[before:]
        assert len(new) == 3
        assert {c.change_set for c in new} == {new[0].change_set}
        assert {(c.actor, c.reason) for c in new} == {(person(client), "Aftalt")}

    @pytest.mark.parametrize(
        ("values", "text"),
        [
            ({"needed": "3"}, "Der er kun valgt 2, så højst 2 kan skulle virke."),
            ({"needed": "0"}, "Mindst én skal virke."),
            ({"needed": "-1"}, "Mindst én skal virke."),
            ({"needed": "9" * 30}, "Der er kun valgt 2"),
            ({"needed": "to"}, "Skriv et helt tal"),
            ({"needed": ""}, "Så mange skal virke: "),
            ({"name": ""}, "Navn: "),
            ({"name": "x" * 101}, "Navn: "),
            ({"members": []}, "Vælg mindst to forskellige."),
            ({"members": ["abc", "\x00"]}, "Se dem igennem"),
            ({"members": ["999999999999999999999"]}, "Se dem igennem"),
        ],
    )
    def test_what_is_wrong_is_said(self, ky: Any, values: dict[str, Any], text: str):
        refused(factories.client(), form(None, "SF1520", "CPR") | values, text, "Intet er gemt")

    def test_one_is_no_group_and_two_ways_to_the_same_are_one(self, ky: Any):
        Dependency.objects.create(source=ky, target=to("CPR").target, direction="writes")
        both = Dependency.objects.filter(target__code="CPR").values_list("pk", flat=True)
        refused(factories.client(), form(None, "CPR"), "Vælg mindst to forskellige")
        refused(factories.client(), form(None, members=list(both)), "Vælg mindst to forskellige")

    def test_a_member_of_another_group_an_ended_and_an_archived_one_are_refused(self, ky: Any):
        group("SF1520", "CPR")
        client = factories.client()
        answer = refused(
            client,
            form(None, "CPR", "DAR", name="Adresser"),
            "CPR hører allerede til «CPR-opslag». Tag den ud dér først.",
        )
        assert Page(answer).edit["fields"]["name"] == "Adresser"
        refused(client, form(None, "GAMMEL", "DAR", name="Adresser"), "GAMMEL er ophørt.")
        Dependency.objects.filter(pk=to("GAMMEL").pk).update(archived_at=timezone.now(), status="active")
        refused(client, form(None, "GAMMEL", "DAR", name="Adresser"), "GAMMEL er arkiveret.")

    def test_another_asset_s_dependency_is_refused(self, ky: Any):
        other = factories.dependency()
        data = form(None, "CPR") | {"members": [to("CPR").pk, other.pk]}
        refused(factories.client(), data, "Se dem igennem")

    def test_a_name_is_used_once(self, ky: Any):
        group("SF1520", "CPR")
        Dependency.objects.create(source=ky, target=factories.component())
        refused(
            factories.client(),
            form(None, "DAR", name="cpr-OPSLAG"),
            "Der er allerede en gruppe med det navn.",
        )

    def test_somebody_who_may_only_read_is_refused(self, ky: Any):
        refused(factories.client(READER), form(None, "SF1520", "CPR"), status=403)


class TestEdit:
    def test_name_number_and_members(self, ky: Any):
        made = group("SF1520", "CPR")
        client = factories.client()
        sent = Page(client.get(f"{URL}?gruppe={made.pk}")).forms
        edit = next(f["fields"] for f in sent if "needed" in f["fields"])
        assert edit["name"] == "CPR-opslag"
        members_now = [to("CPR").pk, to("DAR").pk]
        edit |= {"name": "Opslag", "needed": "2", "members": members_now}
        client.post(URL, edit)
        made.refresh_from_db()
        assert (made.name, made.needed, members(made)) == ("Opslag", 2, {"CPR", "DAR"})
        assert to("SF1520").alternatives is None

    def test_nothing_changed_writes_nothing(self, ky: Any):
        made, client = group("SF1520", "CPR"), factories.client()
        before = rows()
        answer = client.post(URL, form(made, "SF1520", "CPR"), follow=True)
        assert "Ingen ændringer at gemme." in words(answer)
        assert rows() == before

    def test_an_ended_member_may_stay_but_does_not_count(self, ky: Any):
        made = group("SF1520", "CPR", "DAR")
        Dependency.objects.filter(pk=to("DAR").pk).update(status="ended")
        client = factories.client()
        client.post(URL, form(made, "SF1520", "CPR", "DAR", name="Opslag"))
        made.refresh_from_db()
        assert made.name == "Opslag"
        assert members(made) == {"SF1520", "CPR", "DAR"}
        refused(client, form(made, "CPR", "DAR"), "Vælg mindst to forskellige, der ikke er ophørt.")

    def test_another_asset_s_group_is_not_found(self, ky: Any):
        other = AlternativeGroup.objects.create(source=factories.system(), name="Andet")
        data = form(None, "SF1520", "CPR") | {"group": other.pk, "version": 1}
        assert factories.client().post(URL, data).status_code == 404

    def test_undone_and_read_in_the_history(self, ky: Any):
        made = group("SF1520", "CPR")
        client = factories.client()
        client.post(URL, form(made, "SF1520", "DAR", needed="2", reason="Ny vej"))
        page = words(client.get("/fagsystemer/KY/historik/"))
        assert "gruppe af alternativer CPR-opslag ændret" in page
        assert "Så mange skal virke 1 2" in page
        assert "afhængighed KY → DAR ændret" in page
        assert "Alternativ i gruppen tom CPR-opslag" in page
        change_set = Change.objects.latest("id").change_set
        url = reverse("changeset", args=[change_set])
        assert "Fortryd" in words(client.get(url))
        client.post(url, {"reason": "Fejl"})
        made.refresh_from_db()
        assert (made.needed, members(made)) == (1, {"SF1520", "CPR"})


class TestDissolve:
    def test_frees_the_members_in_one_act_and_can_be_undone(self, ky: Any):
        made = group("SF1520", "CPR")
        client = factories.client()
        answer = client.post(URL, {**form(made), "dissolve": "1", "reason": "Der er kun én vej"}, follow=True)
        assert "«CPR-opslag» er opløst." in words(answer)
        made.refresh_from_db()
        assert made.archived_at is not None
        assert made.archive_reason == "Der er kun én vej"
        assert members(made) == set()
        assert stops("SF1520")
        latest = Change.objects.latest("id")
        assert Change.objects.filter(change_set=latest.change_set).count() == 3
        assert "gruppe af alternativer CPR-opslag arkiveret" in words(client.get("/fagsystemer/KY/historik/"))
        client.post(reverse("changeset", args=[latest.change_set]))
        back = AlternativeGroup.objects.current().get()
        assert members(back) == {"SF1520", "CPR"}

    def test_wants_a_reason(self, ky: Any):
        made = group("SF1520", "CPR")
        refused(factories.client(), {**form(made), "dissolve": "1", "reason": " "}, "Skriv, hvorfor")

    def test_a_dissolved_name_is_taken_up_again(self, ky: Any):
        made = group("SF1520", "CPR")
        client = factories.client()
        client.post(URL, {**form(made), "dissolve": "1", "reason": "Prøve"})
        client.post(URL, form(None, "CPR", "DAR", name="cpr-opslag"))
        again = AlternativeGroup.objects.get()
        assert (again.pk, again.name, again.archived_at, again.archive_reason) == (
            made.pk,
            "cpr-opslag",
            None,
            "",
        )
        assert members(again) == {"CPR", "DAR"}
        assert "gruppe af alternativer cpr-opslag gendannet" in words(client.get("/fagsystemer/KY/historik/"))

    def test_another_group_cannot_take_a_dissolved_name(self, ky: Any):
        AlternativeGroup.objects.create(source=ky, name="Gammelt", archived_at=timezone.now())
        made = group("SF1520", "CPR")
        refused(
            factories.client(), form(made, "SF1520", "CPR", name="Gammelt"), "En opløst gruppe hed det samme."
        )


class TestTwoPeople:
    def test_each_field_that_only_one_changed_is_kept(self, ky: Any):
        made = group("SF1520", "CPR")
        mine = form(made, "SF1520", "CPR", "DAR")  # I add one
        factories.client().post(URL, form(made, "SF1520", "CPR", name="Opslag"))  # they rename
        client = factories.client()
        answer = refused(client, mine, "I har begge rettet", "Opslag", "CPR, DAR, SF1520", status=409)
        client.post(URL, Page(answer).edit["fields"])
        made.refresh_from_db()
        assert (made.name, members(made)) == ("Opslag", {"SF1520", "CPR", "DAR"})

    def test_members_changed_by_both_are_a_choice(self, ky: Any):
        extra = factories.dependency(source=ky, target=factories.component(code="EKSTRA", name="EKSTRA"))
        made = group("SF1520", "CPR")
        mine = form(made, "SF1520", "CPR", "DAR", needed="2")
        them = factories.client()
        # The group's own row is untouched: only its members say that somebody was here.
        them.post(URL, form(made, "SF1520", "CPR") | {"members": [to("SF1520").pk, to("CPR").pk, extra.pk]})
        made.refresh_from_db()
        assert str(made.version) == str(mine["version"])
        client = factories.client()
        answer = refused(
            client,
            mine,
            "I har begge ændret 1 felt",
            "CPR, EKSTRA, SF1520",
            str(person(them)),
            status=409,
        )
        sent = Page(answer).edit
        assert len(sent["radios"]["members"]) == 2
        client.post(URL, sent["fields"] | {"members": sent["radios"]["members"][1]})
        made.refresh_from_db()
        assert (made.needed, members(made)) == (2, {"SF1520", "CPR", "DAR"})

    def test_a_group_dissolved_meanwhile_can_be_made_again(self, ky: Any):
        made = group("SF1520", "CPR")
        mine = form(made, "SF1520", "DAR", needed="2")
        them = factories.client()
        them.post(URL, {**form(made), "dissolve": "1", "reason": "Der er kun én vej"})
        client = factories.client()
        answer = refused(
            client, mine, f"{person(them)} opløste «CPR-opslag»", "Der er kun én vej", status=409
        )
        sent = Page(answer).edit["fields"] | {"members": [to("SF1520").pk, to("DAR").pk]}
        assert sent["needed"] == "2"
        assert "group" not in sent
        client.post(URL, sent)
        made.refresh_from_db()
        assert (made.archived_at, made.needed, members(made)) == (None, 2, {"SF1520", "DAR"})

    def test_a_group_edited_meanwhile_is_not_dissolved(self, ky: Any):
        made = group("SF1520", "CPR")
        mine = {**form(made), "dissolve": "1", "reason": "Væk"}
        them = factories.client()
        them.post(URL, form(made, "SF1520", "CPR", "DAR"))
        refused(factories.client(), mine, f"{person(them)} har rettet «CPR-opslag» imens.", status=409)

    @pytest.mark.parametrize("lost", ["version", "seen"])
    def test_a_form_that_does_not_say_what_it_saw_overwrites_nothing(self, ky: Any, lost: str):
        made = group("SF1520", "CPR")
        data = form(made, "SF1520", "DAR")
        del data[lost]
        refused(factories.client(), data, "I har begge rettet", status=409)


class TestTheRule:
    def test_a_member_belongs_to_the_group_s_source(self, ky: Any):
        made = group("SF1520", "CPR")
        stranger = factories.dependency()
        stranger.alternatives = made
        with pytest.raises(ValidationError, match="hører til en anden bruger"):
            stranger.full_clean()

    def test_a_dissolved_group_takes_nobody(self, ky: Any):
        made = group("SF1520", "CPR")
        AlternativeGroup.objects.filter(pk=made.pk).update(archived_at=timezone.now())
        with pytest.raises(ValidationError, match="er opløst"):
            to("SF1520").full_clean()

    def test_a_member_is_not_given_to_another_source_by_its_form(self, ky: Any):
        group("SF1520", "CPR")
        client, row = factories.client(), to("CPR")
        factories.system(code="ANDEN")
        url = reverse("dependency-update", args=[row.pk])
        sent = Page(client.get(url)).edit["fields"] | {"source": "ANDEN"}
        answer = client.post(url, sent)
        assert answer.status_code == 422
        assert "Tag den ud af gruppen først" in words(answer)

    def test_the_list_and_its_export_can_show_the_group(self, ky: Any):
        group("SF1520", "CPR")
        client = factories.client(READER)
        assert (
            "Alternativ i gruppen" not in words(client.get("/afhaengigheder/")).split("Ret filteret")[0][:400]
        )
        query = "?col=source_code&col=target_code&col=alternatives"
        assert words(client.get(f"/afhaengigheder/{query}")).count("CPR-opslag") == 2
        export: Any = client.get(f"/afhaengigheder/{query}&_export=csv")
        text = b"".join(export.streaming_content).decode()
        assert "alternatives" in text.splitlines()[0]
        assert text.count("CPR-opslag") == 2


@pytest.mark.parametrize("size", [3, 60])
def test_the_queries_are_as_many_for_few_as_for_many(django_assert_max_num_queries: Any, ky: Any, size: int):
    for number in range(size):
        made = AlternativeGroup.objects.create(source=ky, name=f"Gruppe {number}")
        for _ in range(2):
            factories.dependency(source=ky, alternatives=made, since=datetime.date(2020, 1, 1))
    client = factories.client()
    made = AlternativeGroup.objects.latest("pk")
    keys = list(Dependency.objects.filter(alternatives=made).order_by("pk").values_list("pk", flat=True))
    for url in (URL, f"{URL}?gruppe={made.pk}"):
        with django_assert_max_num_queries(12):
            client.get(url)
    data = {
        "group": made.pk,
        "version": made.version,
        "seen": ",".join(map(str, keys)),
        "name": "Nyt navn",
        "needed": "2",
        "members": keys,
    }
    # PostgreSQL is told who is writing, and asked to lock, in statements of their own
    with django_assert_max_num_queries(28), history.recording():
        assert client.post(URL, data).status_code == 302
