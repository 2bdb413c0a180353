"""What came, went and changed between two answers and between two days."""

from __future__ import annotations

from typing import Any

import pytest

from registry.differences import compare_answers


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
