"""Editions of the role catalogue: compared by hand, taken into use once, and read from what people upload."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from foi_portal.core.models import Change
from registry.importing.reading import SourceFile
from roles import catalogue, edition_file
from roles.catalogue import CatalogueChangedError, EntryValues
from roles.catalogue_changes import How
from roles.models import Assignment, EditionState, Role, RoleEdition, RoleRequirement
from roles.views import catalogue as catalogue_views
from tests import factories

pytestmark = pytest.mark.django_db

ON = datetime.date(2026, 11, 23)
HEAD = "code;name_da;level;scope;min_holders;deputy_required"


def entry(code: str, *scope: str, **values: Any) -> EntryValues:
    return EntryValues(**{"code": code, "name": code.title(), "level": "tactical", "scope": scope} | values)


def use(edition: RoleEdition, *, end: bool = True, seen: str = "") -> catalogue.Comparison:
    return catalogue.take_into_use(
        edition=edition,
        actor=factories.user(),
        on=ON,
        version=edition.version,
        end_assignments=end,
        seen=seen or catalogue.compare(edition, ON).digest,
        reason="Ny udgave",
    )


def prepared(name: str, *entries: EntryValues) -> RoleEdition:
    return catalogue.prepare(actor=factories.user(), name=name, entries=entries)


@pytest.fixture
def first() -> RoleEdition:
    """A catalogue in use: A for SP and STS, B for every fagsystem, C for SP, D for SP."""
    for code in ("SP", "STS"):
        factories.component(code=code)
    edition = prepared(
        "Første", entry("A", "SP", "STS"), entry("B", holders=2), entry("C", "SP"), entry("D", "SP")
    )
    use(edition)
    return edition


def requirements(code: str) -> dict[str, tuple[int, bool]]:
    rows = RoleRequirement.objects.current().filter(role__code=code).select_related("asset")
    return {row.asset.code if row.asset else row.scope_kind: (row.holders, row.deputy_needed) for row in rows}


def by_code(comparison: catalogue.Comparison) -> dict[str, Any]:
    return {role.code: role for role in comparison.roles}


class TestComparison:
    def test_an_empty_catalogue_gets_everything(self, first: RoleEdition):
        assert requirements("A") == {"SP": (1, False), "STS": (1, False)}
        assert requirements("B") == {"every_system": (2, False)}
        assert catalogue.compare(first, ON).counts == {How.UNCHANGED: 4}
        first.refresh_from_db()
        assert (first.state, first.in_use_from) == (EditionState.IN_USE, ON)

    def test_new_changed_gone_and_returned(self, first: RoleEdition):
        second = prepared(
            "Anden",
            entry("A", "SP", name="Andet navn", deputy_needed=True),
            entry("B", holders=2),
            entry("D", "SP"),
            entry("E", "STS"),
        )
        found = by_code(catalogue.compare(second, ON))
        assert {code: role.how for code, role in found.items()} == {
            "A": How.CHANGED,
            "B": How.UNCHANGED,
            "C": How.GONE,
            "D": How.UNCHANGED,
            "E": How.NEW,
        }
        assert [tuple(field) for field in found["A"].fields] == [("name", "A", "Andet navn")]
        assert [(need.before, need.after) for need in found["A"].needs] == [
            ((1, False), (1, True)),
            ((1, False), None),
        ]
        assert Role.objects.get(code="A").name == "A"  # comparing writes nothing
        use(second)
        assert requirements("A") == {"SP": (1, True)}
        assert requirements("C") == {}
        assert requirements("E") == {"STS": (1, False)}
        assert Role.objects.get(code="C").archive_reason == "Ikke i kataloget fra «Anden»."
        first.refresh_from_db()
        assert first.state == EditionState.REPLACED

        was = RoleRequirement.objects.get(role__code="C")
        third = prepared("Tredje", entry("C", "SP"))
        found = by_code(catalogue.compare(third, ON))
        assert found["C"].how is How.RETURNED
        assert found["B"].how is How.GONE
        use(third)
        assert not Role.objects.get(code="C").is_archived
        assert RoleRequirement.objects.current().get(role__code="C").pk == was.pk

    def test_what_is_foi_s_own_is_kept(self, first: RoleEdition):
        own = factories.role(code="EGEN")
        RoleRequirement.objects.filter(role__code="A", asset__code="SP").update(origin="own", holders=3)
        RoleRequirement.objects.filter(role__code="A", asset__code="STS").update(
            origin="own", archived_at="2026-11-01T00:00Z"
        )
        edition = prepared("Anden", entry("A", "SP", "STS"), entry("B", holders=2))
        found = by_code(catalogue.compare(edition, ON))
        assert found["A"].how is How.UNCHANGED
        assert [(kept.need, kept.wanted) for kept in found["A"].kept] == [
            ((3, False), (1, False)),
            (None, (1, False)),
        ]
        assert found["EGEN"].how is How.OWN
        use(edition)
        assert requirements("A") == {"SP": (3, False)}
        own.refresh_from_db()
        assert not own.is_archived

    def test_the_assignments_it_touches(self, first: RoleEdition):
        sp, sts = (Role._meta.apps.get_model("registry", "Asset").objects.get(code=c) for c in ("SP", "STS"))
        a, c = Role.objects.get(code="A"), Role.objects.get(code="C")
        stays = factories.assignment(role=a, asset=sp)
        loses = factories.assignment(role=a, asset=sts)
        ends = factories.assignment(role=c, asset=sp)
        ahead = factories.assignment(role=c, asset=sp, since=ON)
        over = factories.assignment(role=c, asset=sp, until=ON)
        edition = prepared("Anden", entry("A", "SP"), entry("B", holders=2), entry("D", "SP"))
        found = by_code(catalogue.compare(edition, ON))
        assert {held.key: held.loses for held in found["A"].held} == {stays.pk: False, loses.pk: True}
        assert {held.key for held in found["C"].held} == {ends.pk, ahead.pk}
        use(edition)
        until = dict(Assignment.objects.current().values_list("pk", "until"))
        assert until == {stays.pk: None, loses.pk: None, ends.pk: ON, over.pk: ON}

    def test_assignments_may_run_on(self, first: RoleEdition):
        held = factories.assignment(role=Role.objects.get(code="C"))
        use(prepared("Anden", entry("A", "SP")), end=False)
        held.refresh_from_db()
        assert held.until is None

    def test_a_scope_that_is_archived_meanwhile_gets_no_requirement(self, first: RoleEdition):
        gone = factories.component(code="NY")
        edition = prepared("Anden", entry("A", "SP", "STS", "NY"))
        type(gone).objects.filter(pk=gone.pk).update(archived_at="2026-11-01T00:00Z")
        assert by_code(catalogue.compare(edition, ON))["A"].lost == ("NY",)
        use(edition)
        assert set(requirements("A")) == {"SP", "STS"}

    def test_more_holders_are_missing_from_the_day_they_are_asked_for(self, first: RoleEdition):
        RoleRequirement.objects.filter(role__code="D").update(since=datetime.date(2020, 1, 1))
        use(prepared("Anden", entry("D", "SP", holders=2)))
        assert RoleRequirement.objects.get(role__code="D").since == ON


class TestTakingIntoUse:
    def test_not_twice(self, first: RoleEdition):
        with pytest.raises(CatalogueChangedError, match="allerede taget i brug"):
            use(first)

    @pytest.mark.parametrize("model", [Role, RoleRequirement])
    def test_not_when_the_catalogue_changed_since_it_was_shown(self, first: RoleEdition, model: Any):
        edition = prepared("Anden", entry("A", "SP"))
        seen = catalogue.compare(edition, ON).digest
        row = model.objects.exclude(**{"code" if model is Role else "role__code": "A"}).first()
        field = "name" if model is Role else "holders"
        model.objects.filter(pk=row.pk).update(**{field: 7})
        written = Change.objects.filter(table__startswith="roles_")
        before = written.count()
        with pytest.raises(CatalogueChangedError, match="ændret, siden du så"):
            use(edition, seen=seen)
        assert written.count() == before

    def test_two_people_at_once_on_the_page(self, first: RoleEdition):
        edition = prepared("Anden", entry("A", "SP", name="Nyt navn"))
        one, two = factories.client(), factories.client()
        url = reverse("edition-use", args=[edition.pk])
        form = {"version": edition.version, "seen": one.get(url).context["comparison"].digest, "reason": "Ny"}
        assert one.post(url, {**form, "reason": ""}).status_code == 422
        assert one.post(url, form).status_code == 302
        answer = two.post(url, form)
        assert answer.status_code == 409
        assert "Udgaven er allerede taget i brug" in answer.content.decode()
        assert Change.objects.filter(reason="Ny", actor=one.user).exists()  # type: ignore[attr-defined]

    def test_one_in_use_is_not_archived(self, first: RoleEdition):
        first.refresh_from_db()
        url = reverse("edition-archive", args=[first.pk])
        answer = factories.client().post(url, {"version": first.version, "reason": "Væk"})
        assert answer.status_code == 409


class TestFiles:
    def read(self, *lines: str, name: str = "roles.csv") -> edition_file.EditionFile:
        return edition_file.read(SourceFile(name, "\n".join(lines).encode("cp1252")))

    def test_what_people_s_spreadsheets_hold(self):
        factories.component(code="SP")
        read = self.read(HEAD, "a ; Ansvarlig for ære;Taktisk; sp;2;ja", "B;To;strategic;;1;")
        assert read.problems == []
        assert read.entries == [
            EntryValues(
                code="A",
                name="Ansvarlig for ære",
                level="tactical",
                scope=("SP",),
                holders=2,
                deputy_needed=True,
            ),
            EntryValues(code="B", name="To", level="strategic"),
        ]

    def test_headings_in_danish_and_scopes_in_any_order(self):
        for code in ("SP", "STS"):
            factories.component(code=code)
        heads = "Kode;Navn;Niveau;Beskrivelse;Kræves for;Antal indehavere;Stedfortræder;Kilde;Udgave;Fase;Bekræftet"
        read = self.read(heads, "A;En;taktisk;Det;STS, sp;2;ja;kombit.dk;1.4;drift;kun navnet")
        names = ";".join(column.name for column in edition_file.COLUMNS)
        assert read == self.read(names, "A;En;tactical;Det;SP,STS;2;yes;kombit.dk;1.4;operations;name")
        assert read.problems == []
        assert (read.entries[0].scope, read.entries[0].source_version) == (("SP", "STS"), "1.4")

    def test_every_fault_by_row_and_column(self):
        factories.component(code="SP")
        factories.component(code="STS", archived_at="2026-01-01T00:00Z")
        read = self.read(
            HEAD,
            "A;En;taktisk;SQ;1;ja",
            "A;To;høj;SP;0;måske",
            "C;;tactical;STS;=1+1;nej",
        )
        assert [(p.row, p.column) for p in read.problems] == [
            (2, "scope"),
            (3, "code"),
            (3, "deputy_required"),
            (3, "level"),
            (3, "min_holders"),
            (4, "min_holders"),
            (4, "name_da"),
            (4, "scope"),
        ]
        assert read.entries == []

    @pytest.mark.parametrize(
        ("lines", "message"),
        [
            ([], "Filen er tom"),
            ([HEAD], "ingen rækker under"),
            (["code;name_da;level", "A;En;tactical"], "«scope» mangler"),
            ([HEAD + ";leveel", "A;En;tactical;;1;;x"], "Mente du «level»"),
            ([HEAD + ";code", "A;En;tactical;;1;;A"], "står to gange"),
            ([HEAD, "A;En;tactical;;1;;;"], ""),
            ([HEAD, "A;En;tactical;;1;;x"], "flere felter"),
        ],
    )
    def test_headings(self, lines: list[str], message: str):
        problems = self.read(*lines).problems
        assert any(message in problem.message for problem in problems) or (not message and not problems)

    def test_an_export_is_read_back(self, first: RoleEdition):
        answer: Any = factories.client().get(first.get_absolute_url(), {"_export": "xlsx"})
        read = edition_file.read(SourceFile("udgave.xlsx", b"".join(answer.streaming_content)))
        assert read.problems == []
        again = prepared("Igen", *read.entries)
        assert catalogue.compare(again, ON).counts == {How.UNCHANGED: 4}

    def test_nothing_is_written_of_a_faulty_upload(self):
        upload = SimpleUploadedFile("roles.csv", f"{HEAD}\nA;En;høj;;1;".encode())
        answer = factories.client().post(reverse("edition-create"), {"name": "1.4", "file": upload})
        assert answer.status_code == 422
        page = answer.content.decode()
        assert 'value="1.4"' in page
        assert "level" in page
        assert RoleEdition.objects.count() == 0

    def test_a_name_is_used_once_and_an_edition_refused_as_a_whole(self, first: RoleEdition):
        with pytest.raises(ValidationError) as refused:
            prepared("Første", entry("A", "FINDES-IKKE"), entry("A", level="høj", holders=0))
        assert len(refused.value.messages) >= 5
        assert RoleEdition.objects.count() == 1


class TestRequirements:
    def form(self, **values: Any) -> dict[str, Any]:
        return {
            "holders": 1,
            "deputy_needed": "True",
            "deputy_may_hold": "True",
            "since": "01-01-2020",
        } | values

    def test_a_change_says_why_and_is_foi_s_own(self, first: RoleEdition):
        row = RoleRequirement.objects.get(role__code="B")
        client, url = factories.client(), reverse("requirement-update", args=[row.pk])
        form = self.form(version=row.version)
        assert client.post(url, form).status_code == 422
        assert client.post(url, {**form, "reason": "Aftalt"}).status_code == 302
        row.refresh_from_db()
        assert (row.origin, row.holders, row.deputy_needed) == ("own", 1, True)
        archive = reverse("requirement-archive", args=[row.pk])
        assert client.post(archive, {"version": row.version}).status_code == 422
        assert client.post(archive, {"version": row.version, "reason": "Bruges ikke"}).status_code == 302
        assert requirements("B") == {}

    def test_saved_as_it_is_it_stays_the_catalogue_s(self, first: RoleEdition):
        row = RoleRequirement.objects.get(role__code="B")
        before = row.origin
        kept = self.form(
            holders=row.holders,
            deputy_needed=str(row.deputy_needed),
            deputy_may_hold=str(row.deputy_may_hold),
            since=f"{row.since:%d-%m-%Y}",
            version=row.version,
            reason="Set efter",
        )
        client = factories.client()
        assert client.post(reverse("requirement-update", args=[row.pk]), kept).status_code == 302
        row.refresh_from_db()
        assert (row.origin, before) == (before, "catalogue")

    def test_once_for_a_scope_and_restored_only_where_there_is_room(self, first: RoleEdition):
        client, url = factories.client(), reverse("requirement-create", args=["B"])
        new = self.form(scope_kind="every_system")
        answer = client.post(url, new)
        assert answer.status_code == 422
        assert "Rollen kræves allerede for det omfang" in answer.content.decode()
        row = RoleRequirement.objects.get(role__code="B")
        archive = reverse("requirement-archive", args=[row.pk])
        client.post(archive, {"version": row.version, "reason": "Om"})
        assert client.post(url, new).status_code == 302
        row.refresh_from_db()
        answer = client.post(reverse("requirement-restore", args=[row.pk]), {"version": row.version})
        assert answer.status_code == 409
        assert "Rollen kræves allerede" in answer.content.decode()

    def test_an_archived_role_is_required_nowhere_new(self, first: RoleEdition):
        Role.objects.filter(code="D").update(archived_at="2026-11-01T00:00Z")
        new = self.form(scope_kind="municipality")
        answer = factories.client().post(reverse("requirement-create", args=["D"]), new)
        assert answer.status_code == 422
        assert "Rollen er arkiveret" in answer.content.decode()

    def test_the_page_says_what_the_source_stands_behind(self, first: RoleEdition):
        factories.system()
        Role.objects.filter(code="B").update(verified="name")
        page = factories.client("Læser").get(reverse("role-detail", args=["B"])).content.decode()
        assert "Kilden bekræfter kun navnet" in page
        assert "gælder for 1 fagsystem)" in page
        assert "krav/ny/" not in page

    def test_many_requirements_are_shown_in_part(self, first: RoleEdition, monkeypatch: pytest.MonkeyPatch):
        role, client = factories.role(code="MANGE"), factories.client("Læser")
        for _ in range(3):
            factories.requirement(role, factories.system())
        page = client.get(reverse("role-detail", args=["MANGE"])).content.decode()
        assert page.count('id="krav-') == 3
        monkeypatch.setattr(catalogue_views, "SHOWN", 2)
        page = client.get(reverse("role-detail", args=["MANGE"])).content.decode()
        assert page.count('id="krav-') == 2
        assert "Der er flere krav" in page

    def test_what_the_role_is_held_for_though_out_of_use_is_named(self):
        role = factories.role(code="B", name="Systemansvarlig")
        old = factories.system(code="GAMMEL", name="Gammel", lifecycle="retired")
        vendor = factories.organisation(code="KMD", name="KMD A/S")
        factories.assignment(role=role, asset=old)
        factories.assignment(role=role, organisation=vendor)
        page = factories.client("Læser").get(reverse("role-detail", args=["B"])).content.decode()
        assert f'<a href="{old.get_absolute_url()}">Gammel (ude af brug)</a>' in page
        assert f'<a href="{vendor.get_absolute_url()}">KMD A/S</a>' in page
