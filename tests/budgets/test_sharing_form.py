"""The form that says who pays: what it refuses, what it keeps, two people at once, and who may use it when."""

from __future__ import annotations

import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from budgets.forms.sharing import WeightField
from budgets.models import BudgetYear, SharePart, Sharing
from foi_portal.core.models import Change
from foi_portal.core.permissions import ADMINISTRATOR, FOI, MANAGER, READER
from registry.models import Organisation
from tests import factories
from tests.budgets import sharing_world
from tests.budgets.sharing_world import line, sharing
from tests.registry.pages import words

pytestmark = pytest.mark.django_db

URL = "/budget/2026/POST/fordeling/ret/"


@pytest.fixture
def w() -> SimpleNamespace:
    made = sharing_world.world()
    line(made.year, made.post, "100.00")
    return made


@pytest.fixture
def foi() -> Client:
    return factories.client(FOI)


def typed(*parts: tuple[str, str], key: str = "percent", **values: Any) -> dict[str, Any]:
    """A form as a browser sends it, made when there was no key."""
    rows: dict[str, str] = {}
    for n, (who, weight) in enumerate(parts):
        rows |= {f"n{n}-organisation": who, f"n{n}-weight": weight}
    return {"s-key": key, "s-departments_only": "False", "s-note": "", "seen": ""} | rows | values


def opened(client: Client, *parts: tuple[str, str], **values: Any) -> dict[str, Any]:
    """The same, made from the page as it is now."""
    context = client.get(URL).context
    return typed(*parts, seen=context["seen"], version=context["sharing"].version, **values)


def kept() -> dict[str, Decimal]:
    return dict(SharePart.objects.filter(weight__gt=0).values_list("organisation__code", "weight"))


class TestWeights:
    @pytest.mark.parametrize(
        ("text", "number"),
        [
            ("12,5", "12.5"), ("12.5 %", "12.5"), ("1.200", "1200"), ("1.200,25", "1200.25"), (" 7 ", "7"),
            ("33,3333%", "33.3333"), ("0", "0"),
        ],
    )  # fmt: skip
    def test_are_read_as_people_write_them(self, text, number):
        assert WeightField(required=False).clean(text) == Decimal(number)

    @pytest.mark.parametrize("text", ["x", "1,2,3", "-1", "1e3", "٣", "1,00001", "999999999", "1.2.3", "NaN"])
    def test_refuse_what_is_no_number(self, text):
        with pytest.raises(Exception, match=r"Skriv|for stort"):
            WeightField(required=False).clean(text)


class TestSaving:
    def test_a_key_and_its_parts(self, w, foi):
        answer = foi.post(URL, typed(("bsf", "60"), ("Navn DA", "40"), ("BMF", ""), reason="Aftalt"))
        assert answer.status_code == 302
        assert answer.headers["Location"] == "/budget/2026/POST/#fordeling"
        assert kept() == {"BSF": Decimal(60), "DA": Decimal(40)}
        assert Sharing.objects.get().key == "percent"
        assert set(Change.objects.filter(reason="Aftalt").values_list("actor", flat=True)) == {foi.user.pk}

    def test_equal_parts_weigh_one_each(self, w, foi):
        foi.post(URL, typed(("BSF", "1"), ("BMF", "17"), key="equal"))
        assert kept() == {"BSF": Decimal(1), "BMF": Decimal(1)}

    def test_by_systems_the_portal_counts_itself(self, w, foi):
        sharing(w.year, w.post, "percent", parts={w.bsf: "100"})
        foi.post(URL, opened(foi, ("BSF", "100"), key="systems"))
        assert (Sharing.objects.get().key, kept()) == ("systems", {})

    def test_a_part_that_is_gone_stays_in_the_history(self, w, foi):
        made = sharing(w.year, w.post, "percent", parts={w.bsf: "60", w.bmf: "40"})
        foi.post(URL, opened(foi, ("BSF", "100"), reason="BMF er ude"))
        assert kept() == {"BSF": Decimal(100)}
        assert made.parts.count() == 2
        assert "Navn BMF" not in words(foi.get("/budget/2026/POST/"))
        page = words(foi.get("/budget/2026/POST/fordeling/historik/"))
        assert "BMF er ude" in page
        assert "Navn BMF" in page

    def test_nothing_changed_is_said_and_not_written(self, w, foi):
        sharing(w.year, w.post, "percent", parts={w.bsf: "60.5", w.bmf: "39.5"})
        before = Change.objects.count()
        answer = foi.post(URL, opened(foi, ("BSF", "60,5"), ("BMF", "39,50")), follow=True)
        assert "Ingen ændringer at gemme" in words(answer)
        assert Change.objects.count() == before

    def test_the_form_offers_the_years_forvaltninger(self, w, foi):
        Organisation.objects.filter(code="BMF").update(valid_to=datetime.date(2026, 1, 1))
        sharing_world.organisation("NY", "forvaltning", valid_from=datetime.date(2026, 12, 31))
        sharing_world.organisation("SENERE", "forvaltning", valid_from=datetime.date(2027, 1, 1))
        page = words(foi.get(URL))
        assert "række 1 BSF · Navn BSF" in page
        assert "NY · Navn NY" in page
        assert "BMF ·" not in page
        assert "SENERE" not in page

    def test_a_year_can_begin_with_the_one_before(self, w, foi):
        sharing(BudgetYear.objects.create(year=2025), w.post, "users", note="Talt", parts={w.centre: "1200"})
        assert "Begynd med fordelingen fra 2025" in words(foi.get(URL))
        page = foi.get(URL, {"fra": "2025"}).content.decode()
        assert 'value="1.200"' in page
        assert 'value="Talt"' in page
        assert '<option value="users" selected>' in page
        assert not Sharing.objects.filter(year=w.year).exists(), "looking writes nothing"


class TestRefusing:
    @pytest.mark.parametrize(
        ("parts", "key", "said"),
        [
            ((("BSF", "55"), ("BMF", "44")), "percent", "giver 99 % i alt, så der mangler 1 %"),
            ((("BSF", "101"),), "percent", "101 er mere end 100 %."),
            ((("BSF", "33.333"),), "percent", "33.333 er mere end 100 %."),
            ((("BSF", "12,5"),), "users", "Antal brugere er et helt tal."),
            ((("BSF", "en del"),), "percent", "Skriv et tal"),
            ((("", "100"),), "percent", "Skriv, hvem der betaler andelen."),
            ((("FINDESIKKE", "100"),), "percent", "«FINDESIKKE» findes ikke."),
            ((("BSF", "50"), ("bsf · Navn BSF", "50")), "percent", "Navn BSF står der to gange."),
            ((("BSF", "0"), ("BMF", "")), "equal", "Der er ingen at dele med."),
            ((), "users", "Der er ingen at dele med."),
            ((("BSF", "100"),), "", "Vælg en fordelingsnøgle."),
            ((("BSF", "100"),), "efter behov", "Fordelingsnøgle"),
            ((("KMD", "100"),), "percent", "er registreret som leverandør og kan ikke betale en andel."),
            ((("GAMMEL", "100"),), "percent", "findes ikke i 2026. Vælg den, der har opgaven det år."),
            ((("VÆK", "100"),), "percent", "er arkiveret. Gendan den først"),
        ],
    )  # fmt: skip
    def test_says_what_to_do_and_keeps_what_was_typed(self, w, foi, parts, key, said):
        factories.organisation(code="KMD")
        sharing_world.organisation("GAMMEL", "forvaltning", valid_to=datetime.date(2026, 1, 1))
        sharing_world.organisation("VÆK", "forvaltning", archived_at=timezone.now())
        before = Change.objects.count()
        answer = foi.post(URL, typed(*parts, key=key))
        assert answer.status_code == 422
        assert said in words(answer)
        assert Change.objects.count() == before
        for who, weight in parts:
            assert f'value="{weight}"' in answer.content.decode()
            assert f'value="{who}"' in answer.content.decode()

    def test_all_rows_are_judged_at_once(self, w, foi):
        page = words(foi.post(URL, typed(("NIX", "50"), ("BSF", "x"))))
        assert "Række 1, hvem betaler" in page
        assert "Række 2, andel" in page

    def test_odd_fields_are_no_errors_of_ours(self, w, foi):
        for data in (
            {},
            {"s-key": "percent", "n9999999-organisation": "BSF"},
            {"parts": "=;;==;BSF", "s-key": "percent"},
            {"s-key": "percent", "n0-organisation": "\x00", "n0-weight": "1"},
            typed(("BSF", "100"), version="x", **{"s-note": "x" * 501}),
        ):
            assert foi.post(URL, data).status_code == 422, data
        assert not Sharing.objects.exists()


class TestTwoPeople:
    def test_parts_changed_meanwhile_are_not_overwritten(self, w, foi):
        """The key's own row is the same: only a part moved, which its version does not tell."""
        made = sharing(w.year, w.post, "percent", parts={w.bsf: "60", w.bmf: "40"})
        mine = opened(foi, ("BSF", "70"), ("BMF", "30"))
        other = factories.client(MANAGER, first_name="Karen", last_name="Chef")
        assert other.post(URL, opened(other, ("BSF", "50"), ("BMF", "50"))).status_code == 302
        made.refresh_from_db()
        answer = foi.post(URL, mine)
        assert answer.status_code == 409
        page = words(answer)
        for said in (
            "I har begge rettet",
            "BMF 40, BSF 60",
            "BMF 50, BSF 50",
            "BMF 30, BSF 70",
            "Karen Chef",
        ):
            assert said in page, said
        assert kept() == {"BSF": Decimal(50), "BMF": Decimal(50)}

    def test_the_choice_of_mine_is_saved(self, w, foi):
        sharing(w.year, w.post, "percent", parts={w.bsf: "60.5", w.bmf: "39.5"})
        mine = opened(foi, ("BSF", "70"), ("BMF", "30"), **{"s-note": "Min note"})
        other = factories.client(MANAGER)
        other.post(URL, opened(other, ("BSF", "50"), ("BMF", "50")))
        conflict = foi.post(URL, mine).context["conflict"]
        chosen = dict(conflict.hidden) | {"version": conflict.version, "parts": conflict.both[0].mine_raw}
        assert foi.post(URL, chosen).status_code == 302
        assert kept() == {"BSF": Decimal(70), "BMF": Decimal(30)}
        assert Sharing.objects.get().note == "Min note"

    def test_what_only_one_changed_is_merged(self, w, foi):
        sharing(w.year, w.post, "percent", parts={w.bsf: "60.5", w.bmf: "39.5"})
        mine = opened(foi, ("BSF", "60,5"), ("BMF", "39,50 %"), **{"s-note": "Min note"})
        other = factories.client(MANAGER)
        other.post(URL, opened(other, ("BSF", "33,333"), ("BMF", "66,667")))
        conflict = foi.post(URL, mine).context["conflict"]
        assert conflict.both == []
        assert foi.post(URL, dict(conflict.hidden) | {"version": conflict.version}).status_code == 302
        assert kept() == {"BSF": Decimal("33.333"), "BMF": Decimal("66.667")}
        assert Sharing.objects.get().note == "Min note"

    def test_the_first_key_is_written_once(self, w, foi):
        """Both opened the page when there was none."""
        other = factories.client(MANAGER)
        assert other.post(URL, typed(("BSF", "100"))).status_code == 302
        answer = foi.post(URL, typed(("BMF", "100")))
        assert answer.status_code == 409
        assert "BMF 100" in words(answer)
        assert kept() == {"BSF": Decimal(100)}

    def test_a_key_archived_meanwhile_keeps_what_was_typed(self, w, foi):
        made = sharing(w.year, w.post, "percent", parts={w.bsf: "100"})
        mine = opened(foi, ("BMF", "100"))
        other = factories.client(MANAGER, first_name="Karen", last_name="Chef")
        archive = "/budget/2026/POST/fordeling/arkiver/"
        assert "Skriv, hvorfor" in words(other.post(archive, {"version": made.version}))
        assert other.post(archive, {"version": made.version, "reason": "Betales centralt"}).status_code == 302
        answer = foi.post(URL, mine)
        assert answer.status_code == 409
        assert "Karen Chef arkiverede fordelingen" in words(answer)
        assert "Betales centralt" in words(answer)
        assert 'value="BMF"' in answer.content.decode()
        again = typed(("BMF", "100"), version=answer.context["sharing"].version, seen=answer.context["seen"])
        assert foi.post(URL, again).status_code == 302
        made.refresh_from_db()
        assert (made.is_archived, made.archive_reason, kept()) == (False, "", {"BMF": Decimal(100)})

    def test_an_archived_key_is_offered_again(self, w, foi):
        sharing(
            w.year, w.post, "percent", parts={w.bsf: "100"}, archived_at=timezone.now(), archive_reason="Ud"
        )
        page = words(foi.get(URL))
        assert "Gem for at tage den i brug igen" in page
        assert foi.post(URL, opened(foi, ("BSF", "100"))).status_code == 302
        assert Sharing.objects.current().count() == 1


class TestWho:
    @pytest.mark.parametrize(
        ("state", "allowed"),
        [
            ("draft", {FOI, MANAGER}),
            ("submitted", {MANAGER}),
            ("approved", {MANAGER}),
            ("closed", set()),
        ],
    )
    def test_may_edit_when(self, w, state, allowed):
        sharing(w.year, w.post, "equal", parts={w.bsf: "1"})
        BudgetYear.objects.update(state=state)
        for kind in (FOI, MANAGER, ADMINISTRATOR, READER):
            client = factories.client(kind)
            for address in (URL, "/budget/2026/POST/fordeling/arkiver/"):
                may = kind in allowed
                assert client.get(address).status_code == (200 if may else 403), (kind, address)
                assert (client.post(address, {}).status_code == 403) is not may, (kind, address)
            if kind != READER:
                page = client.get(reverse("budget-component", args=[2026, "POST"])).content.decode()
                assert (URL in page) is (kind in allowed), kind

    def test_the_year_is_closed_while_the_form_is_open(self, w, foi):
        mine = typed(("BSF", "100"))
        BudgetYear.objects.update(state="closed")
        assert foi.post(URL, mine).status_code == 403
        assert not Sharing.objects.exists()
