"""The pages of agreements: from request to end, bad input, two people at once, what is covered, and finding them."""

from __future__ import annotations

import csv
import datetime
import io
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from foi_portal.core.models import Change
from registry.agreements.tables import AGREEMENT_COLUMNS
from registry.models import Agreement, Asset, Dependency
from tests import factories
from tests.core.test_two_connections import together
from tests.registry.pages import Page, opened, words

TODAY = timezone.localdate()
MARKUP = "<script>alert(1)</script> & <b>fed</b>"


def days(count: int) -> datetime.date:
    return TODAY + datetime.timedelta(days=count)


def typed(day: datetime.date) -> str:
    return f"{day:%d-%m-%Y}"


def where(row: Agreement, page: str = "update") -> str:
    return reverse(f"agreement-{page}", args=[row.pk])


def last_change(row: Agreement) -> Change:
    found = Change.objects.filter(table="registry_agreement", row_id=row.pk).first()
    assert found is not None
    return found


@pytest.fixture
def foi() -> Client:
    return factories.client("FOI", first_name="Mette", last_name="Lund")


@pytest.fixture
def other() -> Client:
    return factories.client("FOI", first_name="Jens", last_name="Holm")


@pytest.mark.django_db
class TestSteps:
    def take(self, client: Client, row: Agreement, step: str, status: int = 302, **values: str) -> Any:
        response = client.post(where(row, step), opened(client, where(row, step)) | values)
        assert response.status_code == status, words(response)
        row.refresh_from_db()
        return response

    def test_all_the_way_and_back(self, foi: Client):
        row = factories.agreement(status="requested", valid_from=None, requested_on=days(-9))
        self.take(foi, row, "approve")
        assert (row.status, row.decided_on, last_change(row).reason) == ("approved", TODAY, "Godkend")
        key = uuid.uuid4()
        self.take(foi, row, "activate", valid_from=typed(TODAY), valid_to=typed(days(400)), uuid=str(key))
        assert (row.status, row.valid_from, row.uuid) == ("active", TODAY, key)
        self.take(foi, row, "terminate", valid_to=typed(days(90)), reason="Systemet lukker")
        assert (row.status, row.valid_to) == ("terminated", days(90))
        assert last_change(row).reason == "Opsig: Systemet lukker"
        assert last_change(row).actor == foi.user  # type: ignore[attr-defined]
        form = opened(foi, where(row, "take-back"))
        assert form["valid_to"] == typed(days(400)), "the end that it had before"
        self.take(foi, row, "take-back", reason="Systemet bliver")
        assert (row.status, row.valid_to) == ("active", days(400))
        response = self.take(foi, row, "extend", valid_to=typed(days(800)))
        assert row.valid_to == days(800)
        assert f"{row} gælder nu til" in words(foi.get(response["Location"]))

    def test_rejected_and_asked_for_again(self, foi: Client):
        row = factories.agreement(status="requested", valid_from=None, requested_on=days(-9))
        page = self.take(foi, row, "reject", status=422)
        assert "Skriv en begrundelse" in words(page)
        self.take(foi, row, "reject", reason="Formålet mangler")
        assert row.status == "rejected"
        self.take(foi, row, "request", reason="Nu står det der")
        assert (row.status, row.requested_on, row.decided_on) == ("requested", TODAY, None)

    def test_looked_at_and_told_when_again(self, foi: Client):
        row = factories.agreement(valid_from=days(-500))
        response = self.take(foi, row, "review", reason="Bruges stadig")
        assert row.reviewed_on == TODAY
        again = row.next_review()
        assert again is not None
        assert f"Næste gang er {again.day}. " in words(foi.get(response["Location"]))

    @pytest.mark.parametrize(
        ("step", "values", "message"),
        [
            ("terminate", {"valid_to": "", "reason": "x"}, "Gælder til"),
            (
                "terminate",
                {"valid_to": "01-01-2020", "reason": "x"},
                "Slutdatoen skal ligge efter startdatoen",
            ),
            ("terminate", {"valid_to": "01-01-1899", "reason": "x"}, "mellem 1990 og 2099"),
            ("terminate", {"reason": " "}, "Skriv en begrundelse"),
            ("extend", {"valid_to": typed(days(30))}, "gælder allerede til"),
            ("extend", {"valid_to": typed(TODAY)}, "efter i dag"),
            ("extend", {"valid_to": "i morgen"}, "Skriv datoen som dag, måned og år"),
            ("review", {"reviewed_on": typed(days(1))}, "ikke kommet endnu"),
            ("review", {"reviewed_on": "01-01-2020"}, "gjaldt ikke endnu"),
        ],
    )
    def test_what_cannot_be(self, foi: Client, step: str, values: dict[str, str], message: str):
        row = factories.agreement(valid_to=days(60))
        response = self.take(foi, row, step, status=422, **values)
        assert message in words(response)
        assert row.version == 1

    @pytest.mark.parametrize(
        ("status", "step", "message"),
        [
            ("requested", "terminate", "Næste skridt er «Godkendt» eller «Afvist»"),
            ("requested", "activate", "kan ikke blive «Aktiv»"),
            ("active", "approve", "kan ikke blive «Godkendt»"),
            ("active", "take-back", "ikke opsagt"),
            ("terminated", "extend", "Tag opsigelsen tilbage først"),
            ("terminated", "activate", "Tag opsigelsen tilbage i stedet"),
            ("approved", "review", "Kun en aktiv aftale"),
        ],
    )
    def test_a_step_that_is_not_the_next_is_refused(self, foi: Client, status: str, step: str, message: str):
        row = factories.agreement(status=status, valid_to=days(60))
        assert message in words(foi.get(where(row, step)))
        response = foi.post(where(row, step), {"version": "1", "valid_to": typed(days(90)), "reason": "x"})
        assert response.status_code == 409
        assert message in words(response)
        row.refresh_from_db()
        assert (row.status, row.version) == (status, 1)
        assert f'"{where(row, step)}"' not in foi.get(where(row, "detail")).content.decode()

    def test_the_second_is_told_and_keeps_what_was_typed(self, foi: Client, other: Client):
        row = factories.agreement(valid_to=days(60))
        mine = opened(foi, where(row, "extend")) | {"valid_to": typed(days(300))}
        self.take(other, row, "extend", valid_to=typed(days(200)))
        response = foi.post(where(row, "extend"), mine)
        assert response.status_code == 409
        assert "Jens Holm har rettet aftalen imens" in words(response)
        row.refresh_from_db()
        assert row.valid_to == days(200)
        form = Page(response).edit["fields"]
        assert form["valid_to"] == typed(days(300))
        assert foi.post(where(row, "extend"), form).status_code == 302

    def test_the_last_day_that_notice_can_give_is_suggested(self, foi: Client):
        row = factories.agreement(notice_months=6)
        page = foi.get(where(row, "terminate"))
        assert "Varslet er 6 måneder" in words(page)

    def test_notice_of_what_has_run_out_keeps_its_end(self, foi: Client):
        row = factories.agreement(valid_from=days(-400), valid_to=days(-12), notice_months=6)
        page = foi.get(where(row, "terminate"))
        assert "Varslet" not in words(page)
        assert Page(page).edit["fields"]["valid_to"] == typed(days(-12))

    def test_the_edit_form_follows_the_same_steps(self, foi: Client):
        row = factories.agreement(status="requested", valid_from=None)
        form = opened(foi, where(row))
        page = foi.get(where(row)).content.decode()
        assert 'value="approved"' in page
        assert 'value="terminated"' not in page
        wrong = form | {"status": "terminated", "valid_from": "01-01-2024", "valid_to": "01-01-2025"}
        response = foi.post(where(row), wrong)
        assert response.status_code == 422
        assert "Næste skridt er «Godkendt» eller «Afvist»" in words(response)
        assert foi.post(where(row), form | {"status": "approved"}).status_code == 302
        row.refresh_from_db()
        assert row.status == "approved"


@pytest.mark.django_db(transaction=True)
def test_ended_and_extended_in_the_same_instant():
    """One of them is done; the other is told."""
    clients = [factories.client(), factories.client()]
    for _ in range(3):
        row = factories.agreement(valid_to=days(60))
        forms = [
            opened(client, where(row, step)) | {"valid_to": typed(days(200)), "reason": "x"}
            for client, step in zip(clients, ("terminate", "extend"), strict=True)
        ]
        answers = together(
            lambda: clients[0].post(where(row, "terminate"), forms[0]).status_code,  # noqa: B023 - used at once
            lambda: clients[1].post(where(row, "extend"), forms[1]).status_code,  # noqa: B023 - used at once
        )
        assert sorted(answers) == [302, 409]
        row.refresh_from_db()
        assert row.version == 2


FILLED = {
    "name": "Aftale",
    "kind": "service",
    "status": "requested",
    "environment": "production",
    "review_months": "12",
}


@pytest.mark.django_db
class TestForm:
    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"name": ""}, "Navn"),
            ({"kind": ""}, "Type"),
            ({"requested_on": "31-12-1899"}, "mellem 1990 og 2099"),
            ({"valid_to": "01-01-2206"}, "mellem 1990 og 2099"),
            (
                {"valid_from": "01-02-2026", "valid_to": "01-02-2026"},
                "Slutdatoen skal ligge efter startdatoen",
            ),
            ({"requested_on": "02-02-2026", "decided_on": "01-02-2026"}, "før der blev anmodet om den"),
            ({"status": "active"}, "Skriv, hvornår aftalen gælder fra"),
            (
                {"status": "terminated", "valid_from": "01-01-2026"},
                "Skriv, hvornår den opsagte aftale gælder til",
            ),
            ({"notice_months": "0"}, "1 til 60 måneder"),
            ({"notice_months": "99"}, "1 til 60 måneder"),
            ({"review_months": "0"}, "1. til 60. måned"),
            ({"uuid": "4f3d"}, "Kopiér UUID'et"),
            ({"url": "javascript:alert(1)"}, "Adressen skal begynde med"),
            ({"system": "FINDESIKKE"}, "findes ikke"),
            ({"covers": "KY"}, "findes ikke"),
            ({"purpose": "x" * 2001}, "2000"),
        ],
    )
    def test_what_is_refused(self, foi: Client, values: dict[str, str], message: str):
        response = foi.post(reverse("agreement-create"), FILLED | values)
        assert response.status_code == 422
        assert message in words(response)
        assert not Agreement.objects.exists()

    def test_a_uuid_is_used_once(self, foi: Client):
        key = uuid.uuid4()
        factories.agreement(uuid=key)
        response = foi.post(reverse("agreement-create"), FILLED | {"uuid": str(key)})
        assert response.status_code == 422
        assert "En anden aftale har allerede dette UUID" in words(response)

    def test_a_component_is_not_a_system(self, foi: Client):
        factories.component(code="SP")
        response = foi.post(reverse("agreement-create"), FILLED | {"system": "SP"})
        assert response.status_code == 422

    def test_markup_is_text_everywhere(self, foi: Client):
        row = factories.agreement(name=MARKUP, purpose=MARKUP, legal_basis=MARKUP, note=MARKUP, number=MARKUP)
        for url in (
            where(row, "detail"),
            where(row),
            where(row, "coverage"),
            where(row, "terminate"),
            where(row, "history"),
            f"{reverse('agreement-list')}?col=purpose&col=legal_basis&col=number&col=note",
            f"{reverse('search')}?q=fed",
        ):
            page = foi.get(url)
            assert page.status_code == 200
            assert "<script>alert" not in page.content.decode()
            assert "<b>fed" not in page.content.decode()
            assert "fed" in words(page), url

    def test_the_second_sees_theirs_and_mine(self, foi: Client, other: Client):
        row = factories.agreement(purpose="Først")
        mine = opened(foi, where(row)) | {"purpose": "Mit", "legal_basis": "§ 1"}
        assert other.post(where(row), opened(other, where(row)) | {"purpose": "Deres"}).status_code == 302
        response = foi.post(where(row), mine)
        assert response.status_code == 409
        page = Page(response)
        assert page.edit["radios"] == {"purpose": ["Deres", "Mit"]}
        assert page.edit["fields"]["legal_basis"] == "§ 1"

    def test_an_untouched_form_changes_nothing(self, foi: Client):
        row = factories.agreement(
            purpose="En\nto", uuid=uuid.uuid4(), valid_to=days(30), system=factories.system(), notice_months=2
        )
        before = Change.objects.count()
        response = foi.post(where(row), opened(foi, where(row)), follow=True)
        assert "Ingen ændringer at gemme." in words(response)
        assert Change.objects.count() == before

    def test_for_a_dependency_the_fields_are_filled_in(self, foi: Client):
        kombit = factories.organisation(code="KOMBIT", name="KOMBIT")
        row = factories.dependency(
            source=factories.system(code="KY", name="KY", department=factories.organisation(code="BSF")),
            target=factories.component(code="SF1520", name="CPR", provider=kombit),
            purpose="Opslag på borgere",
        )
        form = opened(foi, f"{reverse('agreement-create')}?covers={row.pk}")
        assert (form["system"], form["covers"]) == ("KY · KY", "KY → SF1520 (læser)")
        assert (form["counterpart"], form["purpose"]) == ("KOMBIT · KOMBIT", "Opslag på borgere")
        assert form["name"] == "Serviceaftale: KY og CPR"
        response = foi.post(reverse("agreement-create"), form)
        made = Agreement.objects.get()
        assert response["Location"] == where(made, "detail")
        assert list(made.dependencies.all()) == [row]
        assert (made.unit.code, made.requested_on) == ("BSF", TODAY)

    @pytest.mark.parametrize(
        "query", ["covers=0", "covers=x", "covers=99999999999999999999", "about=NUL%00", "system=X"]
    )
    def test_an_address_that_names_nothing_gives_an_empty_form(self, foi: Client, query: str):
        assert opened(foi, f"{reverse('agreement-create')}?{query}")["covers"] == ""

    def test_from_a_system_the_next_page_is_what_it_covers(self, foi: Client):
        row = factories.dependency(source=factories.system(code="KY"))
        form = opened(foi, f"{reverse('agreement-create')}?system=KY") | {"name": "Ny", "kind": "service"}
        response = foi.post(reverse("agreement-create"), form)
        assert response["Location"] == where(Agreement.objects.get(), "coverage")
        assert str(row.target) in words(foi.get(response["Location"]))

    def test_from_a_component_it_is_about_it(self, foi: Client):
        factories.component(code="DAF", name="Datafordeleren")
        form = opened(foi, f"{reverse('agreement-create')}?about=DAF")
        assert form["kind"] == "connection"
        foi.post(reverse("agreement-create"), form)
        assert [asset.code for asset in Agreement.objects.get().assets.all()] == ["DAF"]

    def test_archived_with_a_reason_and_back(self, foi: Client):
        row = factories.agreement()
        assert foi.post(where(row, "archive"), {"version": "1", "reason": "Slåfejl"}).status_code == 302
        row.refresh_from_db()
        assert row.is_archived
        assert "Gendan den først" in words(foi.get(where(row, "terminate")))
        assert foi.post(where(row, "restore"), {"version": "2"}).status_code == 302


@pytest.mark.django_db
class TestCoverage:
    def form(self, client: Client, row: Agreement) -> dict[str, Any]:
        """The page's form with every tick in it."""
        fields: dict[str, Any] = dict(opened(client, where(row, "coverage")))
        fields["dependencies"] = [key for key in fields["seen"].split(",") if key]
        fields["assets"] = [key for key in fields["seen_assets"].split(",") if key]
        return fields

    def covered(self, row: Agreement) -> set[int]:
        return set(row.dependencies.values_list("pk", flat=True))

    def test_ticks_and_typed_codes(self, foi: Client):
        system = factories.system(code="KY")
        kept, dropped, added = (factories.dependency(source=system) for _ in range(3))
        elsewhere = factories.dependency(
            source=factories.system(code="KSD"), target=factories.component(code="SF1520")
        )
        factories.component(code="DAF")
        row = factories.agreement(system=system, dependencies=[kept, dropped])
        fields = self.form(foi, row) | {
            "dependencies": [str(kept.pk), str(added.pk)],
            "more_0": "ksd -> sf1520",
            "asset_1": "DAF",
            "reason": "Flere",
        }
        assert foi.post(where(row, "coverage"), fields).status_code == 302
        assert self.covered(row) == {kept.pk, added.pk, elsewhere.pk}
        assert [asset.code for asset in row.assets.all()] == ["DAF"]
        page = words(foi.get(where(row, "history")))
        assert "Flere" in page
        assert str(elsewhere.source) in words(foi.get(where(row, "coverage")))

    def test_nothing_changed_writes_nothing(self, foi: Client):
        used = factories.dependency()
        row = factories.agreement(system_id=used.source_id, dependencies=[used], assets=[used.target])
        before = Change.objects.count()
        response = foi.post(where(row, "coverage"), self.form(foi, row), follow=True)
        assert "Ingen ændringer" in words(response)
        assert Change.objects.count() == before

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("KY → X", "findes ikke"),
            ("noget", "findes ikke"),
            ("KY → SP", "Skriv (læser) eller (skriver) efter koderne"),
            ("KY → SP (login)", "findes ikke"),
            ("KY → GL", "er arkiveret"),
        ],
    )
    def test_what_cannot_be_chosen(self, foi: Client, text: str, message: str):
        system, target = factories.system(code="KY"), factories.component(code="SP")
        for direction in ("reads", "writes"):
            factories.dependency(source=system, target=target, direction=direction)
        factories.dependency(
            source=system,
            target=factories.component(code="GL"),
            archived_at=timezone.now(),
            archive_reason="x",
        )
        row = factories.agreement()
        response = foi.post(where(row, "coverage"), self.form(foi, row) | {"more_0": text})
        assert response.status_code == 422
        assert message in words(response)
        assert not row.dependencies.exists()

    def test_one_direction_of_two(self, foi: Client):
        system, target = factories.system(code="KY"), factories.component(code="SP")
        factories.dependency(source=system, target=target, direction="reads")
        wanted = factories.dependency(source=system, target=target, direction="writes")
        row = factories.agreement()
        found = foi.get(reverse("dependency-lookup"), {"q": "KY → SP (skriver)"}).json()["results"]
        assert {one["label"] for one in found} == {"KY → SP (læser)", "KY → SP (skriver)"}
        assert (
            foi.post(
                where(row, "coverage"), self.form(foi, row) | {"more_0": "KY → SP (skriver)"}
            ).status_code
            == 302
        )
        assert self.covered(row) == {wanted.pk}

    def test_two_at_once_lose_nothing(self, foi: Client, other: Client):
        system = factories.system()
        first, mine, theirs = (factories.dependency(source=system) for _ in range(3))
        row = factories.agreement(system=system, dependencies=[first])
        my_form = self.form(foi, row) | {"dependencies": [str(mine.pk)]}  # first is unticked
        theirs_form = self.form(other, row) | {"dependencies": [str(first.pk), str(theirs.pk)]}
        assert other.post(where(row, "coverage"), theirs_form).status_code == 302
        response = foi.post(where(row, "coverage"), my_form)
        assert response.status_code == 409
        assert "Jens Holm har rettet imens" in words(response)
        assert self.covered(row) == {first.pk, theirs.pk}
        page = response.content.decode()
        ticked = {key for key in (first.pk, mine.pk, theirs.pk) if f'value="{key}" checked' in page}
        assert ticked == {mine.pk, theirs.pk}, "mine and theirs; not what I took away"

    def test_two_hundred_dependencies(self, foi: Client):
        system = factories.system()
        rows = [factories.dependency(source=system) for _ in range(200)]
        row = factories.agreement(system=system)
        fields = self.form(foi, row) | {"dependencies": [str(one.pk) for one in rows]}
        assert foi.post(where(row, "coverage"), fields).status_code == 302
        page = words(foi.get(where(row, "detail")))
        assert "Dækker 200 afhængigheder" in page
        assert "De første 100 vises" in page

    def test_an_archived_agreement_is_left_alone(self, foi: Client):
        used = factories.dependency()
        row = factories.agreement(system_id=used.source_id, archived_at=timezone.now(), archive_reason="x")
        fields = {"version": str(row.version), "seen": "", "seen_assets": "", "dependencies": [str(used.pk)]}
        assert foi.post(where(row, "coverage"), fields).status_code == 409
        assert not row.dependencies.exists()


def listed(client: Client, query: str = "") -> list[str]:
    response = client.get(f"{reverse('agreement-list')}?_export=csv&{query}")
    rows = csv.DictReader(io.StringIO(response.getvalue().decode("utf-8-sig")))
    return [row["name"] for row in rows]


@pytest.mark.django_db
class TestList:
    @pytest.fixture
    def rows(self) -> None:
        kombit, bsf = factories.organisation(code="KOMBIT"), factories.organisation(code="BSF")
        platform = factories.component(code="SP")
        module = factories.component(code="SF1520", parent=platform)
        ky = factories.system(code="KY")
        used = factories.dependency(source=ky, target=module)
        factories.agreement(
            name="A", system=ky, dependencies=[used], counterpart=kombit, unit=bsf, case_number="85.11-A00-1",
            purpose="Opslag på borgere", legal_basis="§ 1", uuid=uuid.UUID(int=0xABC),
            valid_to=days(60), notice_months=1,
        )  # fmt: skip
        factories.agreement(name="B", kind="contract", number="KO-7", assets=[platform], purpose="Køb")
        factories.agreement(
            name="C", environment="external_test", valid_to=days(-1), service_uuid=uuid.UUID(int=0xDEF)
        )
        factories.agreement(name="D", status="rejected", valid_to=days(-1), legal_basis="§ 2")

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("", "ABCD"),
            ("q=opslag+85.11", "A"),
            ("q=ko-7", "B"),
            (f"q={uuid.UUID(int=0xABC)}", "A"),
            (f"q={uuid.UUID(int=0xDEF)}", "C"),
            ("q=00000def", "C"),
            ("kind=contract", "B"),
            ("status=active", "AB"),
            ("status=expired", "C"),
            ("status=rejected", "D"),
            ("environment=external_test", "C"),
            ("counterpart=kombit", "A"),
            ("unit=BSF", "A"),
            ("system=KY", "A"),
            ("component=SF1520", "A"),
            ("component=SP", "AB"),
            (f"ends_before={typed(days(61))}", "ACD"),
            (f"ends_before={typed(days(60))}", "CD"),
            (f"notice_before={typed(days(40))}", "A"),
            ("missing=legal_basis", "BC"),
            ("missing=purpose", "CD"),
            ("missing=coverage", "BCD"),
            ("sort=-name", "DCBA"),
            ("sort=valid_to", "CDAB"),
            ("status=mystisk&ends_before=i+g%C3%A5r", "ABCD"),
        ],
    )
    @pytest.mark.usefixtures("rows")
    def test_filters_and_order(self, foi: Client, query: str, names: str):
        found = listed(foi, query)
        assert found == list(names)
        count = f"{len(names)} passer til filteret"
        page = words(foi.get(f"{reverse('agreement-list')}?{query}"))
        assert not query or query.startswith("sort") or count in page

    @pytest.mark.usefixtures("rows")
    def test_what_it_covers_is_a_list_of_as_many(self, foi: Client):
        row = Agreement.objects.get(name="A")
        url = f"{reverse('dependency-list')}?agreement={row.pk}"
        assert f'href="{url}"' in foi.get(reverse("agreement-list")).content.decode()
        assert "1 passer til filteret" in words(foi.get(url))
        for wrong in ("0", "x", "9" * 25):
            assert "0 passer" in words(foi.get(f"{reverse('dependency-list')}?agreement={wrong}"))

    def test_the_export_comes_back_as_it_was(self, foi: Client):
        row = factories.agreement(
            name="=1+1", number="SA-1", uuid=uuid.uuid4(), valid_from=days(-9), valid_to=days(100), notice_months=2,
            system=factories.system(code="KY"), counterpart=factories.organisation(code="KOMBIT"),
        )  # fmt: skip
        columns = "&".join(f"col={column.name}" for column in AGREEMENT_COLUMNS)
        response = foi.get(f"{reverse('agreement-list')}?_export=csv&{columns}")
        (found,) = csv.DictReader(io.StringIO(response.getvalue().decode("utf-8-sig")))
        notice = row.last_notice_day()
        assert notice is not None
        wanted = {
            "name": "'=1+1", "number": "SA-1", "kind": "service", "status": "active", "standing": "active",
            "system_code": "KY",
            "counterpart_code": "KOMBIT", "covers": "0", "valid_from": days(-9).isoformat(),
            "valid_to": days(100).isoformat(), "last_notice_day": notice.isoformat(), "next_review": "",
            "uuid": str(row.uuid), "notice_months": "2", "environment": "production",
        }  # fmt: skip
        assert {name: found[name] for name in wanted} == wanted
        book = load_workbook(
            io.BytesIO(foi.get(f"{reverse('agreement-list')}?_export=xlsx&{columns}").getvalue())
        )
        head, values = (list(cells) for cells in book.active.iter_rows(values_only=True))
        sheet = dict(zip(head, values, strict=True))
        assert (sheet["uuid"], sheet["notice_months"]) == (str(row.uuid), 2)

    def test_found_by_the_search(self, foi: Client):
        key = uuid.uuid4()
        row = factories.agreement(
            name="KY på SP", number="SA-77", case_number="85.11.00", purpose="Beregning af ydelser", uuid=key
        )
        for text in ("KY på SP", "sa-77", "85.11.00", "beregning", str(key), str(key)[:13]):
            page = foi.get(reverse("search"), {"q": text})
            assert f'href="{where(row, "detail")}"' in page.content.decode(), text
        assert "85.11.00" in words(foi.get(reverse("search"), {"q": "sa-77"}))

    def test_an_empty_portal_says_what_to_do(self, foi: Client):
        assert "Opret den første aftale" in words(foi.get(reverse("agreement-list")))
        reader = factories.client("Læser")
        assert "FOI-enheden skriver dem ind" in words(reader.get(reverse("agreement-list")))
        assert opened(foi, reverse("agreement-create"))["review_months"] == "12"


@pytest.mark.django_db
class TestElsewhere:
    @pytest.fixture
    def used(self) -> Dependency:
        return factories.dependency(
            source=factories.system(code="KY", name="KY"),
            target=factories.component(code="SF1520", name="CPR-opslag", needs_agreement=True),
        )

    def pages(self, used: Dependency) -> list[str]:
        return [used.source.get_absolute_url(), used.target.get_absolute_url(), used.get_absolute_url()]

    def test_who_lacks_one_and_the_way_to_it(self, foi: Client, used: Dependency):
        create = f"{reverse('agreement-create')}?covers={used.pk}"
        for url in self.pages(used):
            assert f'"{create}"' in foi.get(url).content.decode()
            assert "agreement-create" not in factories.client("Læser").get(url).content.decode()
            assert f'"{create}"' not in factories.client("Læser").get(url).content.decode()
        system, component, _ = (words(foi.get(url)) for url in self.pages(used))
        assert "KY bruger 1 komponent uden den aftale, der kræves" in system
        assert "1 fagsystem bruger CPR-opslag uden en aktiv aftale" in component
        listing = foi.get(f"{reverse('dependency-list')}?lacking=ja")
        assert "1 passer til filteret" in words(listing)

    def test_what_covers_it_with_its_dates(self, foi: Client, used: Dependency):
        row = factories.agreement(name="KY på SP", dependencies=[used], valid_to=days(12), notice_months=1)
        for url in self.pages(used):
            page = foi.get(url)
            assert f'href="{where(row, "detail")}"' in page.content.decode()
            assert "om 12 dage" in words(page)
            assert "uden" not in words(page).split("Aftaler")[1][:60]

    def test_whether_a_component_needs_one(self, foi: Client, used: Dependency):
        url = reverse("component-update", args=["SF1520"])
        form = opened(foi, url)
        assert form["needs_agreement"] in ("on", "")
        del form["needs_agreement"]
        assert foi.post(url, form).status_code == 302
        assert not Asset.objects.get(code="SF1520").needs_agreement
        Asset.objects.filter(code="SF1520").update(needs_agreement=True)
        for value, count in (("1", 1), ("0", 0)):
            page = foi.get(f"{reverse('component-list')}?needs_agreement={value}&col=needs_agreement")
            assert f"{count} passer til filteret" in words(page)

    def test_the_agreements_of_an_impact_answer(self, foi: Client, used: Dependency):
        beside = factories.dependency(source=used.source)
        row = factories.agreement(name="KY på SP", system=used.source, dependencies=[used, beside])
        named = factories.agreement(name="Om CPR", assets=[used.target])
        for values in ({"status": "requested"}, {"valid_to": TODAY}):
            factories.agreement(name="Uden for", dependencies=[used], **values)
        factories.agreement(name="Noget andet", dependencies=[beside])
        page = words(foi.get(f"{reverse('impact')}?asset=SF1520"))
        assert "Berørte aftaler: 2" in page
        assert "1 af 2 forbindelser" in page
        response = foi.get(f"{reverse('impact-agreements')}?asset=SF1520")
        found = list(csv.DictReader(io.StringIO(response.getvalue().decode("utf-8-sig"))))
        assert [(one["name"], one["touched"], one["covers"]) for one in found] == [
            (str(row), "1", "2"),
            (str(named), "0", "0"),
        ]
        upwards = (
            foi.get(f"{reverse('impact-agreements')}?asset=KY&retning=op").getvalue().decode("utf-8-sig")
        )
        assert upwards.count("KY på SP") == 1
        assert "Berørte aftaler: 0" in words(foi.get(f"{reverse('impact')}?asset=KY"))
