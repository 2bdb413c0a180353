"""Saved answers: kept as they were, compared with today's, whatever has happened since."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from foi_portal.core.models import Change
from foi_portal.core.permissions import ADMINISTRATOR, FOI, MANAGER, READER, RESPONSIBLE
from registry import snapshots
from registry.models import Asset, Dependency, ImpactSnapshot
from tests import factories

pytestmark = pytest.mark.django_db

NEW = "/konsekvens/gemte/ny/?asset=SP"
WRITTEN = {"title": "Før skiftet", "note": ""}


@pytest.fixture
def world() -> dict[str, Any]:
    """Three systems lean on SP: one stops, one works worse, one hardly notices."""
    department = factories.organisation(code="BMF", name="Borgmesterforvaltningen", kind="forvaltning")
    sp = factories.component(code="SP", name="Serviceplatformen")
    made: dict[str, Any] = {"SP": sp}
    for code, importance in (("KY", "critical"), ("KSD", "degraded"), ("AULA", "minor")):
        made[code] = factories.system(code=code, name=f"Navn {code}", department=department)
        made[f"{code} bruger SP"] = factories.dependency(source=made[code], target=sp, importance=importance)
    return made


@pytest.fixture
def client() -> Client:
    return factories.client(FOI)


@pytest.fixture
def kept(client: Client, world: dict[str, Any]) -> ImpactSnapshot:
    assert client.post(NEW, WRITTEN).status_code == 302
    return ImpactSnapshot.objects.get()


def page(client: Client, address: Any) -> str:
    response = client.get(address if isinstance(address, str) else address.get_absolute_url())
    assert response.status_code == 200
    return response.content.decode()


class TestSaving:
    def test_the_page_shows_the_answer_and_saving_keeps_it(self, client: Client, world: dict[str, Any]):
        shown = page(client, NEW)
        assert "Hvad rammes, hvis Serviceplatformen svigter?" in shown
        response = client.post(NEW, {"title": "Før skiftet", "note": "Til\r\nmødet"})
        made = ImpactSnapshot.objects.get()
        assert response["Location"] == made.get_absolute_url()
        assert (made.title, made.note, made.question) == ("Før skiftet", "Til\nmødet", "asset=SP&retning=ned")
        assert made.asked_on == timezone.localdate()
        assert made.asked_by == client.user  # type: ignore[attr-defined]
        assert made.answer[0] == {
            "code": "KY",
            "name": "Navn KY",
            "kind": "system",
            "department": "BMF",
            "severity": "critical",
            "distance": 1,
            "path": "SP > KY",
            "key": world["KY"].pk,
        }
        assert [row["severity"] for row in made.answer] == ["critical", "degraded", "minor"]

    def test_the_whole_question_is_kept(self, client: Client, world: dict[str, Any]):
        client.post(f"{NEW}&nede=AULA&dato=2020-01-02&dybde=3&betydning=degraded", WRITTEN)
        made = ImpactSnapshot.objects.get()
        asked = snapshots.asked(made)
        assert (asked.assets, asked.down, asked.depth) == (("SP",), ("AULA",), 3)
        assert asked.on == made.asked_on == datetime.date(2020, 1, 2)
        assert "højst 3 skridt væk og mindst «virker dårligere»" in page(client, made)

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"title": ""}, "Dette felt er påkrævet"),
            ({"title": "   "}, "Dette felt er påkrævet"),
            ({"title": "x" * 300}, "200"),
            ({"title": "x", "note": "y" * 5001}, "5000"),
            ({"title": "nul\x00"}, "Nul"),
            ({}, "Dette felt er påkrævet"),
        ],
    )
    def test_bad_input_is_explained_and_nothing_saved(
        self, client: Client, world: dict[str, Any], fields: dict[str, str], message: str
    ):
        response = client.post(NEW, fields)
        assert response.status_code in (400, 422)
        assert response.status_code == 400 or message in response.content.decode()
        assert not ImpactSnapshot.objects.exists()

    @pytest.mark.parametrize("query", ["", "asset=", "asset=FINDES-IKKE", "dato=i+morgen", "asset=SP&dato=x"])
    def test_without_an_answer_there_is_nothing_to_save(
        self, client: Client, world: dict[str, Any], query: str
    ):
        address = f"/konsekvens/gemte/ny/?{query}"
        assert client.get(address).status_code == 200
        saved = client.post(address, WRITTEN).status_code
        assert saved == (302 if "SP" in query else 422)

    def test_one_too_large_is_refused_with_what_to_do(
        self, client: Client, world: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(snapshots, "MOST_ROWS", 2)
        assert "højst have 2 rækker, og dette har 3" in page(client, NEW)
        assert client.post(NEW, WRITTEN).status_code == 422
        assert not ImpactSnapshot.objects.exists()
        assert client.post(f"{NEW}&betydning=degraded", WRITTEN).status_code == 302

    def test_markup_is_shown_as_text(self, client: Client, world: dict[str, Any]):
        evil = "<script>alert(1)</script>"
        client.post(NEW, {"title": evil, "note": evil})
        made = ImpactSnapshot.objects.get()
        for address in (made, "/konsekvens/gemte/", f"{made.get_absolute_url()}ret/"):
            assert evil not in page(client, address)
            assert "&lt;script&gt;" in page(client, address)

    def test_the_answer_is_not_in_the_history(self, client: Client, kept: ImpactSnapshot):
        client.post(f"{kept.get_absolute_url()}ret/", {**WRITTEN, "title": "Nyt", "version": kept.version})
        changes = Change.objects.filter(table=ImpactSnapshot._meta.db_table)
        assert changes.count() == 2
        assert not any("answer" in (change.after or {}) for change in changes)
        assert "Nyt" in page(client, f"{kept.get_absolute_url()}historik/")


class TestComparing:
    def test_nothing_has_changed(self, client: Client, kept: ImpactSnapshot):
        assert "Svaret er det samme nu" in page(client, kept)

    def test_new_gone_harder_and_milder(self, client: Client, world: dict[str, Any], kept: ImpactSnapshot):
        factories.dependency(source=factories.system(name="Ny"), target=world["SP"])
        Dependency.objects.filter(source__code="KY").update(importance="minor")
        Dependency.objects.filter(source__code="KSD").update(importance="critical")
        Dependency.objects.filter(source__code="AULA").update(status="ended")
        shown = page(client, kept)
        assert "1 er kommet til, 1 er væk, 1 er hårdere ramt, 1 er mildere ramt." in shown
        assert ">Ny</a>" in shown
        assert "0 er ramt lige så hårdt som før" in shown

    def test_a_new_code_is_followed_in_question_and_answer(
        self, client: Client, world: dict[str, Any], kept: ImpactSnapshot
    ):
        Asset.objects.filter(code="KY").update(code="KY2")
        Asset.objects.filter(code="SP").update(code="SP1")
        Asset.objects.filter(code="SP1").update(code="SP2")
        shown = page(client, kept)
        assert "Svaret er det samme nu" in shown
        assert "SP har skiftet kode til SP2" in shown
        assert "har nu koden KY2" in shown
        assert 'href="/fagsystemer/KY2/"' in shown

    def test_answers_without_keys_are_compared_by_code(self, client: Client, kept: ImpactSnapshot):
        for row in kept.answer:
            del row["key"]
        ImpactSnapshot.objects.filter(pk=kept.pk).update(answer=kept.answer)
        assert "Svaret er det samme nu" in page(client, kept)

    def test_an_archived_system_is_gone_and_said_to_be(self, client: Client, kept: ImpactSnapshot):
        Asset.objects.filter(code="KY").update(archived_at=timezone.now(), archive_reason="Lukket")
        shown = page(client, kept)
        assert "1 er væk" in shown
        assert "(arkiveret)" in shown

    def test_the_question_can_no_longer_be_asked(self, client: Client, kept: ImpactSnapshot):
        Asset.objects.filter(code="SP").update(archived_at=timezone.now(), archive_reason="Lukket")
        shown = page(client, kept)
        assert "Spørgsmålet kan ikke længere stilles" in shown
        assert "arkiveret" in shown
        assert "Navn KY" in shown, "the answer is there all the same"

    def test_an_answer_for_a_day_to_come_is_asked_for_that_day_again(
        self, client: Client, world: dict[str, Any]
    ):
        later = timezone.localdate() + datetime.timedelta(days=400)
        Dependency.objects.filter(source__code="AULA").update(until=later)
        client.post(f"{NEW}&dato={later.isoformat()}", WRITTEN)
        made = ImpactSnapshot.objects.get()
        assert len(made.answer) == 2
        assert "Svaret er det samme nu" in page(client, made)

    @pytest.mark.parametrize(
        "answer",
        [
            {},
            [],
            7,
            "tekst",
            None,
            [None, 1, "x", [], {}],
            [{"code": "KY"}, {"code": "KY", "severity": "ukendt"}, {"code": 3, "severity": "minor"}],
            [{"code": "KY", "severity": ["critical"]}, {"code": "KY", "severity": "critical", "key": 2**70}],
            [
                {
                    "code": "<b>",
                    "severity": "critical",
                    "name": {"a": 1},
                    "distance": "x",
                    "path": ["a"],
                    "key": -1,
                }
            ],
            [
                {
                    "code": "x" * 10_000,
                    "severity": "minor",
                    "kind": "ukendt",
                    "department": "INGEN",
                    "distance": 0,
                }
            ],
        ],
    )
    def test_odd_saved_values_never_break_a_page(self, client: Client, kept: ImpactSnapshot, answer: Any):
        if answer is not None:
            ImpactSnapshot.objects.filter(pk=kept.pk).update(answer=answer)
        else:
            ImpactSnapshot.objects.filter(pk=kept.pk).update(answer={"a": None})
        assert "<b> " not in page(client, kept)
        page(client, "/konsekvens/gemte/?sort=-hits")
        for way in ("csv", "xlsx"):
            assert client.get(f"{kept.get_absolute_url()}?_export={way}").status_code == 200

    @pytest.mark.parametrize(
        "question", ["", "%%%", "asset=" + "A," * 3000, "dato=x&dybde=-1&asset=SP", "\n"]
    )
    def test_odd_saved_questions_never_break_a_page(
        self, client: Client, kept: ImpactSnapshot, question: str
    ):
        ImpactSnapshot.objects.filter(pk=kept.pk).update(question=question)
        page(client, kept)
        page(client, "/konsekvens/gemte/")


class TestPages:
    def test_the_list_filters_counts_and_exports(self, client: Client, kept: ImpactSnapshot):
        factories.snapshot(title="Andet", question="asset=KY&retning=op")
        shown = page(client, "/konsekvens/gemte/?q=SP")
        assert "Før skiftet" in shown
        assert "Andet" not in shown
        assert "Andet" in page(
            client, f"/konsekvens/gemte/?q=andet&who={ImpactSnapshot.objects.all()[0].asked_by}"
        )
        lines = b"".join(client.get("/konsekvens/gemte/?_export=csv&sort=title").streaming_content)  # type: ignore[attr-defined]
        assert lines.decode().splitlines()[2].startswith("Før skiftet,asset=SP&retning=ned,")
        assert ",3," in lines.decode().splitlines()[2]

    def test_the_saved_answer_is_exported_as_it_was(self, client: Client, kept: ImpactSnapshot):
        Asset.objects.filter(code="KY").update(name="=Nyt navn")
        answer = client.get(f"{kept.get_absolute_url()}?_export=csv")
        lines = answer.getvalue().decode("utf-8-sig").splitlines()
        assert lines[:2] == [
            "code,name,kind,department,severity,distance,path",
            "KY,Navn KY,system,BMF,critical,1,SP > KY",
        ]

    def test_two_who_correct_the_same_title_get_the_conflict_page(self, client: Client, kept: ImpactSnapshot):
        address = f"{kept.get_absolute_url()}ret/"
        assert client.post(address, {**WRITTEN, "title": "Først", "version": 1}).status_code == 302
        other = factories.client(ADMINISTRATOR).post(address, {**WRITTEN, "title": "Sidst", "version": 1})
        assert other.status_code == 409
        assert "Først" in other.content.decode()
        assert ImpactSnapshot.objects.get().title == "Først"

    def test_the_answer_cannot_be_changed_by_the_form(self, client: Client, kept: ImpactSnapshot):
        sent = {**WRITTEN, "version": 1, "answer": "[]", "question": "asset=KY", "asked_on": "2000-01-01"}
        client.post(f"{kept.get_absolute_url()}ret/", sent)
        now = ImpactSnapshot.objects.get()
        assert (now.question, now.asked_on, len(now.answer)) == (kept.question, kept.asked_on, 3)

    def test_archived_with_a_reason_and_back(self, client: Client, kept: ImpactSnapshot):
        address = kept.get_absolute_url()
        assert client.post(f"{address}arkiver/", {"version": 1}).status_code == 422
        assert client.post(f"{address}arkiver/", {"version": 1, "reason": "Forældet"}).status_code == 302
        assert "Forældet" in page(client, address)
        assert "Før skiftet" not in page(client, "/konsekvens/gemte/")
        assert "Før skiftet" in page(client, "/konsekvens/gemte/?archived=ja")
        assert client.post(f"{address}gendan/", {"version": 2}).status_code == 302
        assert ImpactSnapshot.objects.current().count() == 1

    def test_large_answers_show_the_first_and_count_the_rest(self, client: Client, kept: ImpactSnapshot):
        rows = [{**kept.answer[0], "code": f"X{n}", "key": None} for n in range(snapshots.MOST_ROWS)]
        ImpactSnapshot.objects.filter(pk=kept.pk).update(answer=rows)
        shown = page(client, kept)
        assert "Og 4.900 til, som er med i CSV og Excel." in shown
        assert "5.000 er væk" in shown or "5000 er væk" in shown

    @pytest.mark.parametrize("rows", [1, 300])
    def test_the_same_few_queries_at_two_sizes(self, client: Client, kept: ImpactSnapshot, rows: int):
        answer = [{**kept.answer[0], "code": f"X{n}", "key": None} for n in range(rows)]
        ImpactSnapshot.objects.filter(pk=kept.pk).update(answer=answer)
        Asset.objects.filter(code="SP").update(code="SP2")
        page(client, kept)
        with CaptureQueriesContext(connection) as captured:
            page(client, kept)
        assert len(captured) <= 20, "\n".join(q["sql"][:100] for q in captured)

    @pytest.mark.parametrize("kind", [RESPONSIBLE, MANAGER])
    def test_who_asked_may_correct_archive_and_restore_it(self, world: dict[str, Any], kind: str):
        own = factories.client(kind)
        own.post(NEW, WRITTEN)
        made = ImpactSnapshot.objects.get()
        address = made.get_absolute_url()
        assert f'"{address}ret/"' in page(own, made)
        assert own.get(f"{address}ret/").status_code == 200
        assert own.post(f"{address}ret/", {**WRITTEN, "title": "Nu", "version": 1}).status_code == 302
        assert own.post(f"{address}arkiver/", {"version": 2, "reason": "Slut"}).status_code == 302
        assert f'"{address}gendan/"' in page(own, made)
        assert own.post(f"{address}gendan/", {"version": 3}).status_code == 302
        assert ImpactSnapshot.objects.current().get().title == "Nu"

    @pytest.mark.parametrize("kind", [RESPONSIBLE, MANAGER])
    def test_others_only_read_it(self, kept: ImpactSnapshot, kind: str):
        other = factories.client(kind)
        for verb in ("ret/", "arkiver/", "gendan/"):
            address = f"{kept.get_absolute_url()}{verb}"
            assert f'"{address}"' not in page(other, kept)
            assert other.get(address).status_code == 403
            sent = {**WRITTEN, "title": "Nu", "version": 1, "reason": "Slut"}
            assert other.post(address, sent).status_code == 403
        # a form names its row by key too: the own one in the address opens no other's
        other.post(NEW, WRITTEN)
        own = ImpactSnapshot.objects.exclude(pk=kept.pk).get()
        sent = {**WRITTEN, "title": "Nu", "version": 1, "key": kept.pk}
        assert other.post(f"{own.get_absolute_url()}ret/", sent).status_code == 403
        assert ImpactSnapshot.objects.get(pk=kept.pk).version == 1

    def test_who_asked_and_may_only_read_now_corrects_nothing(self, world: dict[str, Any]):
        reader = factories.client(READER)
        made = factories.snapshot(asked_by=reader.user)  # type: ignore[attr-defined]
        assert f"{made.get_absolute_url()}ret/" not in page(reader, made)
        assert reader.get(f"{made.get_absolute_url()}ret/").status_code == 403

    def test_readers_see_and_cannot_save(self, world: dict[str, Any], kept: ImpactSnapshot):
        reader = factories.client("Læser")
        assert f"{reverse('snapshot-detail', args=[kept.pk])}ret/" not in page(reader, kept)
        assert reader.post(NEW, WRITTEN).status_code == 403
        assert ImpactSnapshot.objects.count() == 1
