"""The import's engine: what it does to the registry, from files that are right."""

from __future__ import annotations

import datetime

import pytest

from foi_portal.core.models import Change
from registry.importing import (
    PlanChanged,
    PlanHasProblems,
    SourceFile,
    apply_reading,
    make_plan,
    read_files,
)
from registry.models import Asset, Component, Dependency, Organisation, System
from tests.registry.importing import (
    COMPONENTS,
    FILES,
    SYSTEMS,
    apply,
    counts,
    csv,
    demo,
    plan,
    small,
    told,
)

pytestmark = pytest.mark.django_db


def test_the_demonstration_landscape_is_imported_and_the_second_run_changes_nothing():
    first = apply(demo())
    assert counts(first) == {
        "organisations": (88, 0, 0),
        "components": (137, 0, 0),
        "systems": (61, 0, 0),
        "dependencies": (289, 0, 0),
    }
    assert (Component.objects.count(), System.objects.count(), Dependency.objects.count()) == (137, 61, 289)
    written = Change.objects.count()

    second = apply(demo())

    assert counts(second) == {
        "organisations": (0, 0, 88),
        "components": (0, 0, 137),
        "systems": (0, 0, 61),
        "dependencies": (0, 0, 289),
    }
    assert Change.objects.count() == written


def test_everything_an_import_writes_is_one_change_set_with_its_reason():
    done = apply_reading(read_files(small()), actor=None, reason="Ny aftale")
    changes = Change.objects.filter(change_set=done.change_set)
    assert changes.count() == 6
    assert set(changes.values_list("kind", "reason")) == {("import", "Ny aftale")}


def test_each_file_can_be_imported_alone_twice():
    for name in FILES:
        file = next(f for f in demo() if f.name == f"{name}.csv")
        assert sum(counts(apply([file]))[name][:2]) > 0
        assert counts(apply([file]))[name][:2] == (0, 0)


def test_values_land_in_their_fields():
    apply(small())
    service, system = Asset.objects.get(code="SF1520"), Asset.objects.get(code="CURA")
    dependency = Dependency.objects.get()
    assert (service.kind, service.parent.code, service.provider.code) == ("component", "SP", "KMD")
    assert (service.component_type, service.level, service.lifecycle) == (
        "service",
        "joint-municipal",
        "active",
    )
    assert (system.kind, system.department.code, system.criticality, system.personal_data) == (
        "system",
        "OK",
        4,
        "sensitive",
    )
    assert (dependency.source, dependency.target, dependency.since) == (
        system,
        service,
        datetime.date(2020, 1, 1),
    )


def test_a_column_left_out_is_left_alone_and_an_empty_cell_clears():
    apply(small())
    apply([csv("systems", "code,criticality\nCURA,\n")])
    system = System.objects.get(code="CURA")
    assert (system.criticality, system.name, system.description) == (None, "Cura", "Omsorgsjournal")


def test_rows_missing_from_the_file_stay():
    apply(small())
    apply([csv("systems", SYSTEMS.splitlines()[0] + "\nNY,Ny,KMD,OK,,,,planned\n")])
    assert set(System.objects.values_list("code", flat=True)) == {"CURA", "NY"}


def test_codes_match_in_any_case_and_with_blanks_round_them():
    apply(small())
    again = apply([csv("systems", SYSTEMS.replace("CURA", "  cura ").replace("KMD", "kmd"))])
    assert counts(again)["systems"] == (0, 0, 1)


def test_a_dependency_is_known_by_source_target_and_direction():
    apply(small())
    header = "source_code,target_code,direction,importance,status\n"
    again = apply(
        [csv("dependencies", header + "cura,sf1520,reads,minor,retired\nCURA,SF1520,writes,minor,active\n")]
    )
    assert counts(again)["dependencies"] == (1, 1, 0)
    assert set(Dependency.objects.values_list("direction", "importance", "status")) == {
        ("reads", "minor", "ended"),
        ("writes", "minor", "active"),
    }


def test_only_what_changes_is_written():
    apply(small())
    before = dict(Asset.objects.values_list("code", "version"))
    changed = plan([csv("components", COMPONENTS.replace("CPR-opslag", "CPR opslag"))])
    (row,) = changed.files[0].updated
    assert (row.key, row.before, row.after) == (("SF1520",), {"name": "CPR-opslag"}, {"name": "CPR opslag"})
    apply([csv("components", COMPONENTS.replace("CPR-opslag", "CPR opslag"))])
    after = dict(Asset.objects.values_list("code", "version"))
    assert after == {**before, "SF1520": before["SF1520"] + 1}


def test_rows_that_change_alike_and_rows_that_do_not_each_get_their_own_values():
    header = "source_code,target_code,direction,importance,status,purpose,since\n"
    systems = SYSTEMS + "".join(f"S{i},S{i},KMD,OK,,1,none,active\n" for i in range(60))

    def lines(importance, purpose, since):
        return header + "".join(
            f"S{i},SP,reads,{importance},active,{purpose(i)},{since}\n" for i in range(60)
        )

    apply(small(systems=systems, dependencies=lines("minor", lambda i: "Ens", 2019)))
    apply([csv("dependencies", lines("critical", lambda i: "Ens" if i < 40 else f"Nr. {i}", ""))])
    expected = {(f"S{i}", "critical", "Ens" if i < 40 else f"Nr. {i}", None, 2) for i in range(60)}
    fields = ("source__code", "importance", "purpose", "since", "version")
    assert set(Dependency.objects.values_list(*fields)) == expected


def test_parents_and_successors_may_stand_in_any_order():
    header, platform, service = COMPONENTS.splitlines()
    old = "GAMMEL,Gammel,SF1520,,own,service,retired,,SF1520,"
    apply(small(components="\n".join([header, old, service, platform]), dependencies=""))
    row = Asset.objects.get(code="GAMMEL")
    assert (row.parent.code, row.successor.code, row.parent.parent.code) == ("SF1520", "SF1520", "SP")
    assert row.version == 1


def test_a_successor_that_stands_later_is_there_first_so_each_row_is_written_once():
    header = COMPONENTS.splitlines()[0]
    rows = "GAMMEL,Gammel,,,own,service,retired,,NY,\nNY,Ny,,,own,service,active,,,\n"
    apply(small(components=f"{header}\n{rows}", systems="", dependencies=""))
    assert dict(Asset.objects.values_list("code", "version")) == {"GAMMEL": 1, "NY": 1}
    assert Asset.objects.get(code="GAMMEL").successor.code == "NY"


def test_a_component_may_be_succeeded_by_a_system_of_the_same_import():
    components = COMPONENTS.replace("service,active,,,", "service,active,,CURA,")
    apply(small(components=components))
    assert Asset.objects.get(code="SF1520").successor.code == "CURA"


def test_two_that_succeed_each_other_are_written():
    header = COMPONENTS.splitlines()[0]
    rows = "A,A,,,own,service,active,,B,\nB,B,,,own,service,active,,A,\n"
    apply(small(components=f"{header}\n{rows}", systems="", dependencies=""))
    assert dict(Asset.objects.values_list("code", "successor__code")) == {"A": "B", "B": "A"}


def test_an_archived_row_is_corrected_but_stays_archived():
    apply(small())
    System.objects.update(
        archived_at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), archive_reason="Væk"
    )
    done = apply([csv("systems", "code,name\nCURA,Cura 2\n")])
    system = System.objects.get()
    assert (system.name, system.is_archived) == ("Cura 2", True)
    assert [(n.row, "arkiveret" in n.message) for n in done.notes] == [(2, True)]


def test_one_fault_and_nothing_at_all_is_written():
    with pytest.raises(PlanHasProblems) as caught:
        apply(small(dependencies="source_code,target_code,direction\nCURA,CURA,reads\n"))
    assert len(caught.value.plan.problems) == 1
    assert not Organisation.objects.exists()
    assert not Asset.objects.exists()
    assert not Change.objects.filter(table__startswith="registry_").exists()


def test_a_registry_that_changed_since_the_dry_run_refuses_the_import():
    apply(small())
    reading = read_files([csv("systems", "code,name\nCURA,Cura 2\n")])
    expected = make_plan(reading).digest()
    System.objects.update(name="Cura 3")
    with pytest.raises(PlanChanged):
        apply_reading(reading, actor=None, reason="", expected=expected)
    assert System.objects.get().name == "Cura 3"


def test_a_change_that_does_not_touch_the_plan_does_not_refuse_it():
    apply(small())
    reading = read_files([csv("systems", "code,name\nCURA,Cura 2\n")])
    expected = make_plan(reading).digest()
    Component.objects.filter(code="SP").update(name="SP")
    apply_reading(reading, actor=None, reason="", expected=expected)
    assert System.objects.get().name == "Cura 2"


def test_planning_takes_the_same_number_of_queries_whatever_the_size(django_assert_num_queries):
    reading = read_files(small())
    with django_assert_num_queries(6):
        make_plan(reading)
    apply(demo())
    with django_assert_num_queries(7):  # one more: there are dependencies to compare with now
        make_plan(read_files(demo()))


def test_a_changed_row_is_refused_when_somebody_writes_it_between_plan_and_lock(monkeypatch):
    apply(small())
    reading = read_files([csv("systems", "code,name\nCURA,Cura 2\n")])

    def plan_then_somebody_writes(given, progress):
        found = make_plan(given, progress)
        System.objects.update(description="Imens")
        return found

    monkeypatch.setattr("registry.importing.applying.make_plan", plan_then_somebody_writes)
    with pytest.raises(PlanChanged):
        apply_reading(reading, actor=None, reason="")
    assert System.objects.get().name == "Cura"


def test_a_row_somebody_else_just_made_is_an_answer_and_not_a_crash(monkeypatch):
    apply(small(dependencies=""))
    reading = read_files(small())

    def plan_then_somebody_writes(given, progress):
        found = make_plan(given, progress)
        ids = dict(Asset.objects.values_list("code", "pk"))
        Dependency.objects.create(source_id=ids["CURA"], target_id=ids["SF1520"], direction="reads")
        return found

    monkeypatch.setattr("registry.importing.applying.make_plan", plan_then_somebody_writes)
    from registry.importing import Collision

    with pytest.raises(Collision, match="støder sammen"):
        apply_reading(reading, actor=None, reason="")


IDS = [f"00000000-0000-4000-8000-00000000000{n}" for n in range(4)]


def with_ids(*pairs: tuple[str, str]) -> list[SourceFile]:
    return [csv("systems", "code,name,external_id\n" + "".join(f"{c},{c},{i}\n" for c, i in pairs))]


def ids() -> dict[str, str]:
    return {code: str(found or "") for code, found in System.objects.values_list("code", "external_id")}


@pytest.mark.parametrize(
    "after",
    [
        {"A": IDS[1], "B": IDS[0], "C": IDS[2]},  # swapped
        {"A": IDS[1], "B": IDS[2], "C": IDS[0]},  # in a ring
        {"A": IDS[1], "B": IDS[2], "C": IDS[3]},  # handed on
        {"A": "", "B": IDS[1], "C": IDS[0]},  # given away
        {"A": "", "B": IDS[1], "C": IDS[2], "D": IDS[0]},  # taken over by a new one
    ],
)
def test_kitos_ids_may_change_hands_within_a_file(after):
    apply(with_ids(("A", IDS[0]), ("B", IDS[1]), ("C", IDS[2])))
    apply(with_ids(*after.items()))
    assert ids() == after


def test_only_a_row_whose_id_another_takes_has_one_change_more():
    apply(with_ids(("A", IDS[0]), ("B", IDS[1]), ("C", IDS[2])))
    done = apply_reading(
        read_files(with_ids(("A", IDS[3]), ("B", IDS[2]), ("C", IDS[1]))), actor=None, reason=""
    )
    assert dict(System.objects.values_list("code", "version")) == {"A": 2, "B": 3, "C": 3}
    assert Change.objects.filter(change_set=done.change_set).count() == 5


def test_no_problems_in_the_demo():
    assert told(plan(demo())) == []
