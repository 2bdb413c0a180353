"""Search: what is found, in which order, and what the page makes of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from foi_portal.core.models import User
from registry import search
from registry.models import Asset, Component, Dependency, Organisation, System
from registry.ranking import Hit, Outdated, Query, Rank, highlight, in_order, parse, snippet
from tests import factories

pytestmark = pytest.mark.django_db


def component(code: str, name: str, **values: Any) -> Component:
    return factories.component(code=code, name=name, **values)


def system(code: str, name: str, **values: Any) -> System:
    return factories.system(code=code, name=name, **values)


def vendor(code: str, name: str) -> Organisation:
    return factories.organisation(code=code, name=name)


def use(source: Any, target: Any, purpose: str, **values: Any) -> Dependency:
    return Dependency.objects.create(source_id=source.pk, target_id=target.pk, purpose=purpose, **values)


def found(raw: str, kinds: Any = search.KINDS) -> list[str]:
    """The codes that a search gives, in order."""
    query = parse(raw)
    return [str(result.code).replace("<mark>", "").replace("</mark>", "")
            for result in search.results(search.find(query, kinds).hits, query)]  # fmt: skip


@pytest.fixture
def nemid() -> None:
    mitid = component("MITID", "MitID")
    component("NEMID", "NemID", lifecycle="retired", successor=mitid)
    component("NEMLOGIN", "NemLog-in")


@pytest.fixture
def reader(client: Client) -> Client:
    user = User.objects.create_user("reader", password="x")
    codenames = ["view_component", "view_system", "view_organisation", "view_dependency"]
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(user)
    return client


def page(client: Client, **params: Any) -> str:
    response = client.get(reverse("search"), params)
    assert response.status_code == 200
    return response.content.decode()


# What is found


def test_each_place_is_searched_and_the_best_hit_comes_first() -> None:
    company = vendor("KORT", "Kortdata A/S")
    system("KORT", "Alfa")
    system("A2", "Kort")
    system("A3", "Beta", aliases="Andet, kort")
    system("KORTX", "Gamma")
    system("A5", "Kortviser")
    system("A6", "Delta", aliases="Kortskuffe")
    system("A7", "Vis kort")
    system("A8", "Byggekortet")
    system("A9", "Epsilon", provider=company)
    system("A10", "Zeta", description="Viser kort over byen")
    user = system("A11", "Eta")
    use(user, component("GEO", "Geodata"), "Opslag i kort")
    assert found("kort", ["system"]) == [
        "KORT", "A3", "A2", "KORTX", "A6", "A5", "A7", "A8", "A9", "A10", "A11"
    ]  # fmt: skip
    assert found("kort", ["organisation"]) == ["KORT"]


def test_all_words_must_match_in_whichever_field() -> None:
    company = vendor("KMD", "KMD A/S")
    system("KSD", "Kommunernes Sygedagpengesystem", provider=company)
    system("LOEN", "Løn", provider=company)
    assert found("kmd sygedag", ["system"]) == ["KSD"]
    assert found("kmd sygedag noget-helt-andet", ["system"]) == []


def test_retired_thing_leads_to_what_took_over(nemid: None) -> None:
    query = parse("NemID")
    hits = search.find(query).hits
    results = search.results(hits, query)
    assert [(result.url, result.replaces, result.badge) for result in results[:2]] == [
        ("/komponenter/MITID/", "NemID", ""),
        ("/komponenter/NEMID/", "", "Udfaset"),
    ]


def test_misspelt_retired_thing_leads_to_what_took_over_too(nemid: None) -> None:
    assert found("nemidd")[:2] == ["MITID", "NEMID"]


def test_old_name_among_the_aliases_is_found() -> None:
    component("MITID", "MitID", aliases="NemID, Digital Signatur")
    component("POST", "Digital Post", description="Ikke en digital signatur")
    assert found("digital signatur") == ["MITID", "POST"]


def test_archived_things_come_last() -> None:
    component("STS", "Støttesystemerne", archived_at=timezone.now(), archive_reason="Prøve")
    component("X", "Andet", description="Taler med STS")
    query = parse("sts")
    results = search.results(search.find(query).hits, query)
    assert [(result.kind, result.badge) for result in results] == [
        ("component", ""),
        ("component", "Arkiveret"),
    ]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("Datafordleren", "DAF"),
        ("serviceplatfromen", "SP"),
        ("stottesystemer", "STS"),
        ("nem-id", "NEMID"),
        ("sygdagpenge", "KSD"),
        ("kombit servceplatformen", "SP"),
    ],
)
def test_typing_errors_are_forgiven(typed: str, code: str) -> None:
    component("DAF", "Datafordeleren")
    component("SP", "Serviceplatformen (SP)", aliases="KOMBITs platform")
    component("STS", "Støttesystemerne (STS)")
    component("NEMID", "NemID")
    system("KSD", "Kommunernes Sygedagpengesystem (KSD)")
    assert found(typed)[0] == code


def test_look_alikes_are_left_out_when_something_has_the_name() -> None:
    system("LOGIN", "Login")
    system("LOGIK", "Logik")
    assert found("login") == ["LOGIN"]


@pytest.mark.parametrize("typed", ["ærø", "ÆRØ", "Ærø", "ÅBEN ØKONOMI", "åben økonomi"])
def test_danish_letters_match_in_either_case(typed: str) -> None:
    system("X1", "Ærø Åben Økonomi")
    assert found(typed) == ["X1"]


@pytest.mark.parametrize("typed", ["100%", "a_b", "50\\%", "%%%", "___", "(.*)", "[a-z", "c++ (x"])
def test_signs_with_a_meaning_in_sql_or_patterns_are_plain_text(typed: str) -> None:
    system("X1", "Helt almindelig axb 1000")
    system("X2", f"Navn {typed} slut")
    assert found(typed, ["system"]) == ["X2"]


@pytest.mark.parametrize("typed", ["", "   ", "\t\n", "\x00", "\u200b"])
def test_nothing_asked_gives_nothing_and_costs_nothing(typed: str) -> None:
    system("X1", "Noget")
    with CaptureQueriesContext(connection) as queries:
        assert search.find(parse(typed)).hits == []
    assert len(queries) == 0


def test_only_the_best_of_very_many_are_given_but_all_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "LIMIT", 3)
    System.objects.bulk_create(System(code=f"S{n}", name=f"Sag {n}") for n in range(7))
    system("SAG", "Andet")
    hits = search.find(parse("sag"))
    assert hits.totals["system"] == 8
    assert len(hits.hits) == 3
    assert hits.hits[0].rank == Rank.CODE


def test_ended_and_archived_dependencies_do_not_give_hits() -> None:
    target = component("CPR", "CPR")
    use(system("X1", "Et"), target, "Personopslag", status="ended")
    use(system("X2", "To"), target, "Personopslag", archived_at=timezone.now())
    use(system("X3", "Tre"), target, "Personopslag")
    assert found("personopslag") == ["X3"]
    hits = search.find(parse("personopslag"), with_purpose=False).hits
    assert hits == []


def test_code_is_found_with_a_blank_in_it() -> None:
    component("SF1520", "CPR-opslag")
    component("SF15201", "SF 1520 bis")
    assert found("sf 1520")[0] == "SF1520"


@pytest.mark.parametrize("raw", ["sag", "noget qqqq", "sagg"])
def test_number_of_queries_does_not_grow_with_the_rows(raw: str) -> None:
    counts = []
    for start in (0, 60):
        System.objects.bulk_create(System(code=f"S{n}", name=f"Sag {n}") for n in range(start, start + 60))
        query = parse(raw)
        with CaptureQueriesContext(connection) as queries:
            search.results(search.find(query).hits[:25], query)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 7


def test_suggestions_are_names_that_somewhat_look_alike() -> None:
    component("DAF", "Datafordeleren")
    assert search.suggestions(parse("fordelingen af data")) == ["Datafordeleren"]
    assert search.suggestions(parse("zzzzzz")) == []


# The pure half


def test_query_is_cut_and_cleaned() -> None:
    assert parse("  a\x00 b\n\tc ").words == ("a", "b", "c")
    long = parse("x" * 10_000)
    assert (len(long.text), long.was_cut) == (200, True)
    many = parse("a " * 50)
    assert (len(many.words), many.was_cut) == (8, True)
    assert not parse("NemID").was_cut


def test_markup_is_escaped_and_words_are_marked() -> None:
    assert highlight("<b>ØRE & Øre</b>", parse("øre b")) == (
        "&lt;<mark>b</mark>&gt;<mark>ØRE</mark> &amp; <mark>Øre</mark>&lt;/<mark>b</mark>&gt;"
    )
    assert highlight("amp & amp", parse("amp")) == "<mark>amp</mark> &amp; <mark>amp</mark>"
    assert highlight("<i>", Query()) == "&lt;i&gt;"


def test_snippet_stands_round_the_first_hit() -> None:
    text = "ord " * 200 + "guldkorn " + "ord " * 200
    cut = snippet(text, parse("guldkorn"))
    assert "<mark>guldkorn</mark>" in cut
    assert cut.startswith("… ")
    assert cut.endswith(" …")
    assert len(cut) < 260
    assert snippet("x" * 900, parse("y")).endswith(" …")


def test_successor_already_found_better_keeps_its_place() -> None:
    mitid = Hit("component", 1, Rank.NAME)
    nemid = Hit("component", 2, Rank.WORD_START)
    assert [hit.id for hit in in_order([nemid, mitid], [Outdated(nemid, "NemID", "component", 1)])] == [1, 2]
    nemid, mitid = Hit("component", 2, Rank.CODE, place=1), Hit("component", 1, Rank.DESCRIPTION, place=2)
    assert [hit.id for hit in in_order([nemid, mitid], [Outdated(nemid, "NemID", "component", 1)])] == [1, 2]
    near = Hit("component", 4, Rank.CODE, place=0)
    assert [hit.id for hit in in_order([nemid, near, mitid], [Outdated(nemid, "NemID", "component", 1)])] == [
        4,
        1,
        2,
    ]
    archived = Hit("component", 2, Rank.CODE, archived=True)
    other = Hit("component", 3, Rank.NAME)
    assert [hit.id for hit in in_order([archived, other], [Outdated(archived, "NemID", "component", 1)])] == [
        1,
        3,
        2,
    ]


# The page


def test_page_shows_markup_in_names_as_text(reader: Client) -> None:
    system("X1", "<script>alert(1)</script>", description="<img src=x onerror=alert(1)>")
    html = page(reader, q="alert")
    assert "<script>alert" not in html
    assert "&lt;script&gt;<mark>alert</mark>(1)&lt;/script&gt;" in html
    assert "<img" not in html
    assert "<script>" not in page(reader, q="<script>alert(1)</script>").split("<main")[1]


def test_page_survives_what_people_put_in_the_address(reader: Client) -> None:
    System.objects.bulk_create(System(code=f"S{n}", name=f"Sag {n}") for n in range(60))
    for number in ("-1", "0", "99999", "x", "", "1e9", "٣"):
        assert "<mark>Sag</mark>" in page(reader, q="sag", page=number)
    assert "<mark>Sag</mark>" in page(reader, q="sag", slags="noget-andet")
    assert "Der er søgt på begyndelsen" in page(reader, q="x" * 10_000)
    page(reader, q="\x00")


def test_page_counts_and_filters_by_kind(reader: Client) -> None:
    component("SAG", "Sag og dokument")
    System.objects.bulk_create(System(code=f"S{n}", name=f"Sag {n}") for n in range(30))
    html = page(reader, q="sag", slags="component")
    assert "Alle (31)" in html
    assert "Fagsystemer (30)" in html
    assert "/komponenter/SAG/" in html
    assert "/fagsystemer/S1/" not in html


def test_page_helps_when_nothing_is_asked_or_found(reader: Client) -> None:
    component("DAF", "Datafordeleren")
    assert "Skriv et eller flere ord" in page(reader)
    assert "Mente du" in page(reader, q="fordelingen af data")
    assert "forekommer" in page(reader, q="zzzzzz")
    assert "Det ligner mest" in page(reader, q="datafordleren")


def test_reader_searching_nemid_sees_mitid_first(reader: Client, nemid: None) -> None:
    html = page(reader, q="NemID")
    assert "afløser NemID" in html
    assert html.index("/komponenter/MITID/") < html.index("/komponenter/NEMID/")


def test_purpose_says_what_is_used(reader: Client) -> None:
    use(system("AULA", "Aula"), component("NEMLOGIN", "NemLog-in"), "Forældres indgang")
    assert "Forældres <mark>indgang</mark> (bruger NemLog-in)" in page(reader, q="indgang")


def test_page_shows_only_what_the_user_may_see(client: Client) -> None:
    system("SAG", "Sag")
    component("SAGDOK", "Sag og dokument")
    vendor("SAGFIRMA", "Sagfirmaet")
    user = User.objects.create_user("half", password="x")
    client.force_login(user)
    assert client.get(reverse("search"), {"q": "sag"}).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_component"))
    html = page(client, q="sag")
    assert "/komponenter/SAGDOK/" in html
    assert "/fagsystemer/SAG/" not in html
    assert "/organisationer/SAGFIRMA/" not in html


def test_stranger_is_sent_to_sign_in(client: Client) -> None:
    for name in ("search", "asset-lookup", "organisation-lookup"):
        assert client.get(reverse(name)).status_code == 302


# Type-ahead


def lookup_codes(client: Client, name: str, **params: Any) -> list[str]:
    response = client.get(reverse(name), params)
    assert response.status_code == 200
    return [row["code"] for row in response.json()["results"]]


def test_lookup_ranks_like_the_search(reader: Client) -> None:
    component("CPR", "CPR-registeret")
    component("SF1520", "CPR replika opslag")
    system("X1", "Opslag", aliases="Gammel CPR")
    system("X2", "Gammelt CPR", archived_at=timezone.now())
    vendor("CPRK", "CPR-kontoret")
    assert lookup_codes(reader, "asset-lookup", q="cpr") == ["CPR", "SF1520", "X1"]
    assert lookup_codes(reader, "asset-lookup", q="cpr", slags="system") == ["X1"]
    assert lookup_codes(reader, "asset-lookup", q="registret") == ["CPR"]
    assert lookup_codes(reader, "asset-lookup", q="") == []
    assert lookup_codes(reader, "organisation-lookup", q="cpr") == ["CPRK"]


def test_lookup_gives_at_most_twelve_in_one_query() -> None:
    System.objects.bulk_create(System(code=f"S{n}", name=f"Sag {n}") for n in range(30))
    with CaptureQueriesContext(connection) as queries:
        rows = search.lookup("sag", ["system"])
    assert (len(rows), len(queries)) == (12, 1)
    assert rows[0] == {"code": "S0", "name": "Sag 0", "kind": "system", "label": "S0 · Sag 0"}


def test_lookup_says_what_is_retired(nemid: None) -> None:
    assert [row["label"] for row in search.lookup("nemid", ["component"])] == ["NEMID · NemID · udfaset"]


def test_lookup_is_refused_to_those_who_may_see_nothing(client: Client) -> None:
    client.force_login(User.objects.create_user("nobody", password="x"))
    for name in ("asset-lookup", "organisation-lookup"):
        assert client.get(reverse(name), {"q": "x"}).status_code == 403


# The indexes


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (Asset.objects.filter(code__icontains="løn"), "asset_code_trigram"),
        (Asset.objects.filter(name__icontains="løn"), "asset_name_trigram"),
        (Asset.objects.filter(aliases__icontains="løn"), "asset_aliases_trigram"),
        (Asset.objects.filter(description__icontains="løn"), "asset_description_trigram"),
        (Organisation.objects.filter(code__icontains="løn"), "organisation_code_trigram"),
        (Organisation.objects.filter(name__icontains="løn"), "organisation_name_trigram"),
        (Dependency.objects.filter(purpose__icontains="løn"), "dependency_purpose_trigram"),
    ],
)
def test_the_trigram_indexes_fit_what_django_asks(rows: Any, index: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")  # leaves bitmap scans, which are all GIN can do
    assert index in rows.order_by().explain()
