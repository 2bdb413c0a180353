"""``people.csv``, ``assignments.csv`` and ``roles.csv`` through the import: what goes in, and what is refused."""

from __future__ import annotations

import datetime
import io
import shutil

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from foi_portal.core.models import Change, User
from registry.importing import PlanHasProblems, apply_reading, read_files
from registry.models import Asset, System
from roles.models import Assignment, EditionState, Part, Person, Role, RoleEdition, RoleRequirement
from tests import factories
from tests.registry.importing import DEMO as LANDSCAPE
from tests.registry.importing import apply, counts, plan
from tests.roles.importing import ASSIGNMENTS, DEMO, PEOPLE, ROLES, files, only

pytestmark = pytest.mark.django_db


@pytest.fixture
def karin():
    return User.objects.create_user("karin")


@pytest.fixture
def loaded(karin):
    apply(files())


def faults(sources) -> list[str]:
    return [str(problem) for problem in plan(sources).problems]


def test_all_seven_files_at_once_and_the_second_time_there_is_nothing_to_do(karin):
    done = apply_reading(read_files(files()), actor=karin, reason="Første gang")
    assert counts(done.plan)["assignments"] == (5, 0, 0)
    assert set(Change.objects.filter(table__startswith="roles_").values_list("actor", "reason", "kind")) == {
        (karin.pk, "Første gang", "import")
    }
    person = Person.objects.get(email="karin@example.org")
    assert (person.unit.code, person.user, person.active_from) == ("OK", karin, datetime.date(2019, 3, 1))
    rows = Assignment.objects.order_by("pk").values_list(
        "role__code", "person__name", "asset__code", "organisation__code", "part", "until"
    )
    assert list(rows) == [
        ("INFRAANSV", "Karin Toft", "SP", None, "holder", None),
        ("INFRAANSV", "Jonas Birk", "SP", None, "deputy", datetime.date(2027, 1, 1)),
        ("SYSTEMANSV", "Karin Toft", "CURA", None, "holder", None),
        ("SYSTEMANSV", "Jonas Birk", None, None, "holder", None),
        ("SYSTEMANSV", "Jonas Birk", None, "OK", "holder", None),
    ]
    again = plan(files())
    assert not again.problems
    assert counts(again)["assignments"] == (0, 0, 5)
    assert counts(again)["people"] == (0, 0, 3)
    assert counts(again)["roles"] == (0, 0, 2)
    assert again.changes == 0


def test_a_row_is_corrected_and_what_is_left_out_is_left_alone(loaded):
    apply(
        only(
            people="email,phone,username\nkarin@example.org,1234,\njonas@example.org,,karin\n",
            assignments="role_code,person_email,scope_code,since,until\nSYSTEMANSV,Karin Toft,Cura,2024,2027\n",
        )
    )
    karin, jonas = Person.objects.get(name="Karin Toft"), Person.objects.get(name="Jonas Birk")
    assert (karin.phone, karin.title, karin.user) == ("1234", "Konsulent", None)
    assert jonas.user.username == "karin"
    changed = Assignment.objects.get(role__code="SYSTEMANSV", asset__code="CURA")
    assert (changed.until, changed.part, changed.version) == (datetime.date(2027, 1, 1), Part.HOLDER, 2)


def test_two_people_may_swap_users(loaded):
    User.objects.create_user("jonas")
    apply(only(people="email,username\njonas@example.org,jonas\n"))
    apply(only(people="email,username\njonas@example.org,karin\nkarin@example.org,jonas\n"))
    users = Person.objects.exclude(user=None).values_list("name", "user__username")
    assert set(users) == {("Karin Toft", "jonas"), ("Jonas Birk", "karin")}


def test_every_fault_of_people_is_named(loaded):
    User.objects.create_user("ukendt2")
    karin = Person.objects.get(name="Karin Toft")
    Person.objects.create(
        name="Dobbelt", email="dobbelt@example.org", archived_at=timezone.now(), merged_into=karin
    )
    assert faults(
        only(
            people=PEOPLE
            + "Karin To,karin@example.org,,,,,,\n"
            + "Ida,ida,,,BUFX,2026-02-01,2026-01-01,ukendt\n"
            + "Eva,eva@example.org,,,KOM,2026-02-01,2026-02-01,karin\n"
            + "Dobbelt,dobbelt@example.org,,,,,,\n"
            + ",tom@example.org,,,,,,\n"
        )
    ) == [
        "people.csv, række 5, kolonne email: Står også i række 2 med andre værdier. Slet den ene. "
        "(der står «karin@example.org»)",
        "people.csv, række 6, kolonne email: Skriv en e-mailadresse som navn@odense.dk. (der står «ida»)",
        "people.csv, række 6, kolonne unit_code: Koden kendes ikke. Ret den, eller tag den med i organisations. "
        "(der står «BUFX»)",
        "people.csv, række 6, kolonne username: Brugernavnet kendes ikke. Mente du «ukendt2»? (der står «ukendt»)",
        "people.csv, række 7, kolonne active_to: Fratrædelsen skal ligge efter ansættelsen (01-02-2026). "
        "(der står «2026-02-01»)",
        "people.csv, række 7, kolonne unit_code: Koden kendes ikke. Mente du «KMD»? (der står «KOM»)",
        "people.csv, række 7, kolonne username: Brugeren hører allerede til karin@example.org. (der står «karin»)",
        "people.csv, række 8, kolonne email: Personen er lagt sammen med Karin Toft. Ret den person i stedet, "
        "eller slet rækken. (der står «dobbelt@example.org»)",
        "people.csv, række 9, kolonne name: Skal udfyldes.",
    ]


def test_a_new_person_with_a_name_that_is_there_is_told(loaded):
    notes = [str(note) for note in plan(only(people="name,email\nKarin  toft,kt@example.org\n")).notes]
    assert notes == [
        "people.csv, række 2, kolonne name: Der er allerede en person med det navn (karin@example.org). "
        "Er det den samme, så ret e-mailadressen, før du gennemfører. (der står «Karin toft»)"
    ]


class TestPeopleWithoutEmail:
    HEAD = "name,email,unit_code,phone\n"

    def test_are_made_once_and_corrected_after_that(self, loaded):
        row = "Ole Lund,,OK,"
        done = apply(only(people=self.HEAD + row + "66130002\n"))
        assert counts(done)["people"] == (1, 0, 0)
        ole = Person.objects.get(name="Ole Lund")
        assert (ole.email, ole.unit.code, ole.phone) == ("", "OK", "66130002")
        assert counts(plan(only(people=self.HEAD + row + "66130002\n")))["people"] == (0, 0, 1)
        apply(only(people=self.HEAD + "ole  LUND,,ok,66130003\n"))
        assert list(Person.objects.filter(unit=ole.unit, email="").values_list("phone")) == [("66130003",)]

    def test_who_has_one_in_the_portal_keeps_it(self, loaded):
        apply(only(people=self.HEAD + "Karin Toft,,OK,1234\n"))
        karin = Person.objects.get(name="Karin Toft")
        assert (karin.email, karin.phone) == ("karin@example.org", "1234")

    def test_nobody_is_guessed(self, loaded):
        unit = Person.objects.get(name="Karin Toft").unit
        for _ in range(2):
            Person.objects.create(name="Bo Friis", unit=unit)
        told = faults(
            only(
                people=self.HEAD
                + "Bo Friis,,OK,\n"  # two in the portal
                + "Karin Toft,,,\n"  # one in the portal, in a unit
                + "Ida Krag,ida@example.org,OK,\n"
                + "Ida Krag,,OK,\n"  # perhaps the row above, which is new
                + "Ulla Dam,,OK,1\nUlla Dam,,OK,2\n"
                + ",,OK,\n"
            )
        )
        said = "kolonne email: "
        assert told == [
            f"people.csv, række 2, {said}2 har samme navn og enhed. Skriv e-mail på den, der menes.",
            f"people.csv, række 3, {said}Der er allerede en person med det navn. "
            "Skriv e-mail eller enhed på den, der menes.",
            f"people.csv, række 5, {said}Står også i række 4 med andre værdier. Slet den ene. "
            "(der står «ida@example.org»)",
            f"people.csv, række 7, {said}Står også i række 6 med andre værdier. Slet den ene. "
            "(der står «ulla dam → ok»)",
            f"people.csv, række 8, {said}Skriv e-mail på den, der menes.",
            "people.csv, række 8, kolonne name: Skal udfyldes.",
        ]

    def test_two_of_them_cannot_have_one_user(self, loaded):
        head = "name,email,unit_code,username\n"
        told = faults(only(people=head + "Ole Lund,,OK,karin\n"))
        assert told == [
            "people.csv, række 2, kolonne username: Brugeren hører allerede til karin@example.org. (der står «karin»)"
        ]
        User.objects.create_user("ole")
        told = faults(only(people=head + "Ole Lund,,OK,ole\nPer Lund,,OK,ole\n"))
        assert told == [
            "people.csv, række 3, kolonne username: Brugeren hører allerede til ole lund. (der står «ole»)"
        ]

    def test_one_who_was_merged_is_not_meant(self, loaded):
        karin = Person.objects.get(name="Karin Toft")
        Person.objects.create(name="Eva Dal", unit=karin.unit, archived_at=timezone.now(), merged_into=karin)
        assert counts(plan(only(people=self.HEAD + "Eva Dal,,OK,\n")))["people"] == (1, 0, 0)


def test_every_fault_of_assignments_is_named_and_nothing_goes_in(loaded):
    Role.objects.create(code="GAMMEL", name="Gammel", level="tactical", archived_at=timezone.now())
    head = ASSIGNMENTS.splitlines()[0] + "\n"
    bad = only(
        assignments=head
        + "INFRAANSW,karin@exmple.org,SPP,holder,2024,,,\n"  # 2
        + "GAMMEL,karin@example.org,SP,holder,2024,,,x\n"  # 3
        + "SYSTEMANSV,jonas@example.org,CURA,holder,2024-05-01,2024-05-01,,\n"  # 4
        + "SYSTEMANSV,karin@example.org,CURA,deputy,2025-01-01,,,\n"  # 5: holder since 2024 in the portal
        + "SYSTEMANSV,jonas@example.org,SP,holder,2025-01-01,,,Indtil videre\n"  # 6
        + "SYSTEMANSV,jonas@example.org,SP,holder,2026-01-01,2026-02-01,,Indtil videre\n"  # 7
        + "SYSTEMANSV,niels@example.org,CURA,holder,2025-01-01,,,\n"  # 8: left that day
        + "INFRAANSV,jonas@example.org,CURA,holder,2024,,,\n"  # 9
        + "INFRAANSV,niels@example.org,SP,chef,i går,,,\n"  # 10
    )
    assert faults(bad) == [
        "assignments.csv, række 2, kolonne person_email: E-mailadressen kendes ikke. Mente du «karin@example.org»? "
        "(der står «karin@exmple.org»)",
        "assignments.csv, række 2, kolonne role_code: Rollens kode kendes ikke. Mente du «INFRAANSV»? "
        "(der står «INFRAANSW»)",
        "assignments.csv, række 2, kolonne scope_code: Koden kendes ikke. Mente du «SP»? (der står «SPP»)",
        "assignments.csv, række 3, kolonne role_code: Rollen er arkiveret og kan ikke tildeles. "
        "Vælg en anden, eller gendan den. (der står «GAMMEL»)",
        "assignments.csv, række 4, kolonne until: Slutdatoen skal ligge efter startdatoen (01-05-2024). "
        "(der står «2024-05-01»)",
        "assignments.csv, række 5, kolonne person_email: Personen er indehaver her fra 01-01-2024 (portalen) og kan "
        "ikke også være stedfortræder. Vælg en anden. (der står «karin@example.org»)",
        "assignments.csv, række 7, kolonne since: Personen har allerede rollen her fra 01-01-2025 (række 6). "
        "Ret datoerne, eller slet den ene. (der står «01-01-2026»)",
        "assignments.csv, række 8, kolonne person_email: Personen er fratrådt 01-01-2025. Vælg en anden, "
        "eller ret startdatoen. (der står «niels@example.org»)",
        "assignments.csv, række 9, kolonne why_here: Rollen kræves ikke her. Skriv hvorfor i kolonnen «why_here», "
        "eller ret rollen eller koden.",
        "assignments.csv, række 10, kolonne part: Værdien kendes ikke. Brug en af: holder, deputy. (der står «chef»)",
        "assignments.csv, række 10, kolonne since: Skriv en dato som 31-12-2026 eller et årstal som 2026. "
        "(der står «i går»)",
    ]
    before = Change.objects.count()
    with pytest.raises(PlanHasProblems):
        apply_reading(
            read_files([*only(people=PEOPLE.replace("Karin Toft", "Karin T")), *bad]), actor=None, reason=""
        )
    assert Change.objects.count() == before


def test_people_of_the_same_import_decide_who_has_left(loaded):
    told = faults(
        only(
            people="email,active_to\njonas@example.org,2024-06-01\nniels@example.org,\n",
            assignments="role_code,person_email,scope_code,part,since\n"
            "SYSTEMANSV,jonas@example.org,CURA,holder,2024-06-01\n"
            "SYSTEMANSV,niels@example.org,CURA,deputy,2025-06-01\n",
        )
    )
    assert len(told) == 1
    assert "række 2, kolonne person_email: Personen er fratrådt 01-06-2024" in told[0]


def test_a_seat_may_change_hands_and_parts_on_one_day(loaded):
    apply(
        only(
            assignments="role_code,person_email,scope_code,part,since,until\n"
            "SYSTEMANSV,karin@example.org,CURA,holder,2024,2026-01-01\n"
            "SYSTEMANSV,karin@example.org,CURA,deputy,2026-01-01,\n"
        )
    )
    assert Assignment.objects.filter(person__email="karin@example.org", asset__code="CURA").count() == 2


class TestTheLastHolder:
    """That a required role loses its last holder by a file is told before the file goes in."""

    HEAD = "role_code,person_email,scope_code,part,since,until\n"
    ENDED = "SYSTEMANSV,karin@example.org,CURA,holder,2024,2026-01-01\n"

    def told(self, rows: str) -> list[str]:
        made = plan(only(assignments=self.HEAD + rows))
        assert not made.problems
        return [str(note) for note in made.notes]

    def test_is_told(self, loaded):
        (note,) = self.told(self.ENDED)
        assert note.startswith("assignments.csv, række 2, kolonne until: Systemansvarlig for ")
        assert "er ubesat fra" in note
        (note,) = self.told(self.ENDED.replace("holder", "deputy").replace(",2026-01-01", ","))
        assert "er ubesat fra" in note

    @pytest.mark.parametrize(
        "rows",
        [
            ENDED + "SYSTEMANSV,jonas@example.org,CURA,holder,2026-01-01,\n",  # somebody else comes
            "SYSTEMANSV,jonas@example.org,OK,holder,2024,2026-01-01\n",  # it is not required there
            "INFRAANSV,jonas@example.org,SP,deputy,2024,2025-01-01\n",  # not a holder
            "SYSTEMANSV,karin@example.org,CURA,holder,2024,\n",  # nothing changes
        ],
    )
    def test_is_not_told_where_there_is_one(self, loaded, rows: str):
        assert self.told(rows) == []

    def test_somebody_who_is_there_already_is_enough(self, loaded):
        role, cura = Role.objects.get(code="SYSTEMANSV"), System.objects.get(code="CURA")
        factories.assignment(role=role, asset=cura)
        assert self.told(self.ENDED) == []
        System.objects.filter(code="CURA").update(lifecycle="retired")
        Assignment.objects.exclude(person__email="karin@example.org").delete()
        assert self.told(self.ENDED) == [], "nobody needs one for what is out of use"


class TestCatalogue:
    def test_the_first_is_taken_into_use_with_its_requirements(self, loaded):
        edition = RoleEdition.objects.get()
        assert (edition.state, edition.in_use_from) == (EditionState.IN_USE, timezone.localdate())
        required = RoleRequirement.objects.values_list(
            "role__code", "scope_kind", "asset__code", "deputy_needed"
        )
        assert set(required) == {
            ("INFRAANSV", "asset", "SP", True),
            ("SYSTEMANSV", "every_system", None, False),
        }

    def test_another_is_prepared_beside_it_once_and_told_where(self, loaded):
        other = ROLES.replace(",1,yes,", ",2,yes,").replace("SYSTEMANSV,Systemansvarlig", "NY,Ny rolle")
        for expected in ((1, 2, 0), (0, 0, 2)):
            done = apply(only(roles=other))
            assert counts(done)["roles"] == expected
            assert any("/roller/udgaver/" in note.message for note in done.notes)
            assert "«Systemansvarlig» er ikke med i udgaven." in [note.message for note in done.notes]
        assert sorted(RoleEdition.objects.values_list("state", flat=True)) == ["in_use", "prepared"]
        entry = RoleEdition.objects.get(state=EditionState.PREPARED).entries.get(code="INFRAANSV")
        assert (entry.holders, entry.scope, entry.source_version) == (2, ["SP"], "1.4")
        assert set(Role.objects.values_list("code", flat=True)) == {"INFRAANSV", "SYSTEMANSV"}

    def test_faults_are_named(self, loaded):
        Asset.objects.filter(code="SF1520").update(archived_at=timezone.now())
        head = ROLES.splitlines()[0] + "\n"
        bad = "A,Rolle A,øverst,,SP;UKENDT;SF1520,0,måske,,,drift,\n,Uden kode,tactical,,,1,no,,,,\n"
        told = faults(only(roles=head + bad + "B,Rolle B,tactical,,SP;UKENDT;SF1520,1,no,,,,\n"))
        assert [line.split(": ")[0] for line in told] == [
            "roles.csv, række 2, kolonne deputy_required",
            "roles.csv, række 2, kolonne level",
            "roles.csv, række 2, kolonne min_holders",
            "roles.csv, række 3, kolonne code",
            "roles.csv, række 4, kolonne scope",
            "roles.csv, række 4, kolonne scope",
        ]
        assert not RoleEdition.objects.filter(state=EditionState.PREPARED).exists()

    def test_roles_of_an_edition_that_is_only_prepared_cannot_be_assigned(self, loaded):
        roles = ROLES + "NY,Ny rolle,tactical,,SP,1,no,,,both,name\n"
        assignments = "role_code,person_email,scope_code,part,since\nNY,karin@example.org,SP,holder,2026\n"
        told = faults(only(roles=roles, assignments=assignments))
        said = (
            "assignments.csv, række 2, kolonne role_code: Rollens kode kendes ikke. Ret den. (der står «NY»)"
        )
        assert told == [said]


def test_the_command_takes_the_published_directory_with_roles_and_again_changes_nothing(tmp_path):
    for path in (*LANDSCAPE.glob("*.csv"), DEMO / "roles.csv"):
        shutil.copy(path, tmp_path)

    def run() -> str:
        out = io.StringIO()
        call_command("import_registry", str(tmp_path), "--commit", stdout=out, stderr=out)
        return out.getvalue()

    told = run()
    assert "roles.csv: 47 er oprettet, 0 er ændret, 0 uændret" in told
    assert Role.objects.count() == 47
    told = run()
    assert "roles.csv: 0 er oprettet, 0 er ændret, 47 uændret" in told
    assert "Der var ikke noget at ændre." in told
    (tmp_path / "people.csv").write_text("name,email\nUden,ingen\n")
    with pytest.raises(CommandError, match="1 fejl"):
        run()


def test_many_assignments_go_in_with_few_queries(loaded, django_assert_max_num_queries):
    System.objects.bulk_create(System(code=f"S{n}", name=f"System {n}", kind="system") for n in range(20))
    people = [f"Person {n},p{n}@example.org" for n in range(100)]
    rows = [f"SYSTEMANSV,p{n}@example.org,S{m},holder,2024," for n in range(100) for m in range(20)]
    head = "role_code,person_email,scope_code,part,since,until"
    sources = only(people="\n".join(["name,email", *people]), assignments="\n".join([head, *rows]))
    with django_assert_max_num_queries(90):  # SQLite takes 999 values at a time
        apply(sources)
    with django_assert_max_num_queries(30):
        assert counts(plan(sources))["assignments"] == (0, 0, 2000)
