"""What came, went and changed between two answers and between two days."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.utils import timezone

from registry import differences
from registry.differences import compare_answers
from registry.models import AlternativeGroup, Asset, Dependency, System
from tests import days, factories
from tests.days import day


def hit(code: str, severity: str = "critical", **more: Any) -> dict[str, Any]:
    return {"code": code, "severity": severity, **more}


class TestTwoAnswers:
    def test_each_asset_is_in_the_list_it_belongs_to(self):
        before = [hit("STAYS"), hit("LEAVES"), hit("EASES"), hit("WORSENS", "minor")]
        after = [hit("WORSENS", "degraded"), hit("EASES", "minor"), hit("COMES"), hit("STAYS")]
        found = compare_answers(before, after)
        assert [row["code"] for row in found.new] == ["COMES"]
        assert [row["code"] for row in found.gone] == ["LEAVES"]
        assert [(a["severity"], b["severity"]) for a, b in found.harder] == [("minor", "degraded")]
        assert [(a["severity"], b["severity"]) for a, b in found.milder] == [("critical", "minor")]
        assert found.same == 1
        assert found

    def test_equal_answers_do_not_differ_whatever_their_order_and_ways(self):
        found = compare_answers([hit("A", path="X > A"), hit("B")], [hit("B"), hit("A", path="Y > A")])
        assert not found
        assert found.same == 2

    @pytest.mark.parametrize(("before", "after"), [([], []), ([hit("A")], []), ([], [hit("A")])])
    def test_an_empty_answer_is_an_answer(self, before: list[Any], after: list[Any]):
        found = compare_answers(before, after)
        assert (len(found.gone), len(found.new), found.same) == (len(before), len(after), 0)

    def test_a_changed_code_is_the_same_asset_when_told_its_key(self):
        before, after = [hit("OLD", key=7)], [hit("NEW", key=7)]
        assert compare_answers(before, after)
        assert not compare_answers(before, after, key="key")


def told(found: differences.Comparison) -> set[tuple[str, str, str, str]]:
    """(type, what happened, code of the asset, field of the effect) of each item; a row's code is its source's."""
    codes = dict(Asset.objects.values_list("pk", "code"))
    return {(str(i.type), str(i.how), codes[i.asset], i.field) for i in found.items}


@pytest.mark.django_db
class TestTwoDays:
    def test_what_is_written_on_the_days_between_came_went_and_changed(self):
        with days.written("2026-10-01"):
            sp = factories.component(code="SP")
            stays = factories.system(code="STAYS", criticality=2)
            leaves = factories.system(code="LEAVES")
            same = factories.system(code="SAME")
            kept = factories.dependency(source=stays, target=sp, importance="degraded")
            dropped = factories.dependency(source=same, target=sp, importance="degraded")
        with days.written("2026-10-10"):
            factories.dependency(source=same, target=stays, importance="degraded")
            factories.system(code="COMES")
            System.objects.filter(pk=stays.pk).update(criticality=3, code="STAYED")
            System.objects.filter(pk=leaves.pk).update(archived_at=timezone.now())
            System.objects.filter(pk=same.pk).update(name="Noget andet")
            Dependency.objects.filter(pk=kept.pk).update(importance="minor")
            Dependency.objects.filter(pk=dropped.pk).update(archived_at=timezone.now())
            AlternativeGroup.objects.create(source=stays, name="Opslag")
        with days.written("2026-10-11"):
            System.objects.filter(pk=same.pk).update(name=same.name)
        found = differences.compare(day("2026-10-01"), day("2026-10-20"))
        assert told(found) == {
            ("system", "came", "COMES", ""),
            ("system", "gone", "LEAVES", ""),
            ("system", "changed", "STAYED", ""),
            ("dependency", "came", "SAME", ""),
            ("dependency", "gone", "SAME", ""),
            ("dependency", "changed", "STAYED", ""),
            ("alternatives", "came", "STAYED", ""),
        }
        assert found.dependencies == (2, 2)
        assert told(differences.compare(day("2026-10-11"), day("2026-10-20"))) == set()
        assert ("system", "changed", "SAME", "") in told(
            differences.compare(day("2026-10-01"), day("2026-10-10"))
        )

    def test_dates_that_pass_begin_and_end_things_nobody_wrote_about(self):
        with days.written("2026-10-01"):
            sp = factories.component(code="SP", retired_from="2026-10-15")
            new = factories.system(code="NEW", active_from="2026-10-15")
            old = factories.system(code="OLD")
            factories.dependency(source=new, target=old, since="2026-10-15", importance="degraded")
            factories.dependency(source=old, target=sp, until="2026-10-15", importance="degraded")
        found = differences.compare(day("2026-10-02"), day("2026-10-20"))
        assert told(found) == {
            ("component", "ended", "SP", ""),
            ("system", "began", "NEW", ""),
            ("dependency", "began", "NEW", ""),
            ("dependency", "ended", "OLD", ""),
        }
        assert found.dependencies == (2, 2)

    def test_what_is_written_differently_is_not_told_again_as_begun_or_ended(self):
        with days.written("2026-10-01"):
            old = factories.system(code="OLD")
            row = factories.dependency(source=old, target=factories.component(), importance="degraded")
        with days.written("2026-10-10"):
            System.objects.filter(pk=old.pk).update(lifecycle="retired")
            Dependency.objects.filter(pk=row.pk).update(status="ended")
            factories.dependency(source=old, target=factories.system(code="NEW"), since="2026-10-10")
        assert told(differences.compare(day("2026-10-01"), day("2026-10-20"))) == {
            ("system", "changed", "OLD", ""),
            ("system", "came", "NEW", ""),
            ("dependency", "changed", "OLD", ""),
            ("dependency", "came", "OLD", ""),
        }

    def test_the_effect_is_told_for_what_runs_on_both_days(self):
        with days.written("2026-10-01"):
            sp = factories.component(code="SP")
            factories.component(code="ALONE")
            cura = factories.system(code="CURA", criticality=4)
        with days.written("2026-10-10"):
            factories.dependency(source=cura, target=sp, importance="critical")
        found = differences.compare(day("2026-10-01"), day("2026-10-20"))
        effects = {i.field: (i.asset, i.was, i.now) for i in found.items if i.type == "effect"}
        assert effects == {
            "inherited_criticality": (sp.pk, None, 4),
            "single_point": (sp.pk, 0, 1),
        }

    def test_a_deleted_row_is_gone_and_one_that_came_and_went_is_not_there(self):
        with days.written("2026-10-01"):
            gone = factories.system(code="GONE")
        with days.written("2026-10-10"):
            System.objects.filter(pk=gone.pk).delete()
            factories.system(code="BRIEF").delete()
        found = differences.compare(day("2026-10-01"), day("2026-10-20"))
        assert [(i.type, i.how, i.key) for i in found.items] == [("system", "gone", gone.pk)]

    def test_the_queries_do_not_grow_with_the_rows(self, django_assert_num_queries: Any):
        with days.written("2026-10-01"):
            factories.dependency()
        for on in ("2026-10-05", "2026-10-06"):
            with days.written(on):
                for _ in range(20):
                    factories.dependency()
            with django_assert_num_queries(12):
                differences.compare(day("2026-10-01"), day("2026-10-20"))


@pytest.mark.django_db
class TestOneAsset:
    def test_its_dependencies_are_those_written_at_the_end_of_the_day(self):
        with days.written("2026-10-01"):
            cura, sp, kmd = factories.system(), factories.component(), factories.component()
            moved = factories.dependency(source=cura, target=sp)
            archived = factories.dependency(source=factories.system(), target=cura)
            factories.dependency()
        with days.written("2026-10-10"):
            Dependency.objects.filter(pk=moved.pk).update(target=kmd)
            Dependency.objects.filter(pk=archived.pk).update(archived_at=timezone.now())
        assert set(differences.dependencies_of(cura.pk, day("2026-09-30"))) == set()
        assert set(differences.dependencies_of(cura.pk, day("2026-10-09"))) == {moved.pk, archived.pk}
        assert set(differences.dependencies_of(cura.pk, day("2026-10-10"))) == {moved.pk}
        assert set(differences.dependencies_of(sp.pk, day("2026-10-09"))) == {moved.pk}
        assert set(differences.dependencies_of(sp.pk, day("2026-10-10"))) == set()

    def test_the_day_is_danish(self):
        """Half past midnight in Denmark, also on the night when the clocks change, is the new day."""
        for changes in ("2026-03-29", "2026-10-25"):
            with days.written(changes, hour=0):
                row = factories.system()
            before = day(changes) - datetime.timedelta(days=1)
            assert differences.states(Asset, [row.pk], before) == {}
            assert set(differences.states(Asset, [row.pk], day(changes))) == {row.pk}
            assert differences.days_written(row.pk) == [day(changes)]


@pytest.mark.django_db(transaction=True)
def test_the_last_comparison_is_kept_until_something_is_written():
    with days.written("2026-10-01"):
        row = factories.system()
    with days.written("2026-10-10"):
        System.objects.filter(pk=row.pk).update(name="Nyt navn")
    first, last = day("2026-10-01"), day("2026-10-20")
    found = differences.compare(first, last)
    assert differences.compare(first, last) is found
    assert differences.compare(first, day("2026-10-19")) is not found
    with days.written("2026-10-15"):
        factories.system()
    assert len(differences.compare(first, last).items) == 2
