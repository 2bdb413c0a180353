"""Planned days in the life of assets: open until the lifecycle says that they have happened."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from registry.deadlines import Deadline
from registry.lifecycle_due import lifecycle_deadlines
from registry.models import Asset
from tests import factories

pytestmark = pytest.mark.django_db

ON = datetime.date(2026, 12, 1)
LAST = datetime.date(2027, 12, 1)


def found(last: datetime.date = LAST) -> list[Deadline]:
    return list(lifecycle_deadlines(ON, last))


def day(days: int) -> datetime.date:
    return ON + datetime.timedelta(days=days)


@pytest.mark.parametrize(
    ("field", "lifecycle", "open_"),
    [
        ("active_from", "planned", True),
        ("active_from", "phasing_in", False),
        ("active_from", "active", False),
        ("phasing_out_from", "active", True),
        ("phasing_out_from", "planned", True),
        ("phasing_out_from", "phasing_out", False),
        ("retired_from", "phasing_out", True),
        ("retired_from", "retired", False),
    ],
)
def test_a_day_is_open_until_it_has_happened(field: str, lifecycle: str, open_: bool):
    asset = factories.system(lifecycle=lifecycle, **{field: day(10)})
    assert [d.key for d in found()] == ([f"lifecycle/{asset.pk}-{field}/{day(10)}"] if open_ else [])


def test_what_should_have_happened_long_ago_is_overdue():
    factories.component(lifecycle="phasing_out", retired_from=day(-900))
    assert [d.days_left(ON) for d in found()] == [-900]


def test_nothing_after_the_last_day_and_nothing_of_what_is_archived():
    factories.system(retired_from=day(20))
    factories.system(retired_from=day(5), archived_at=timezone.now())
    assert [d.on for d in found(day(20))] == [day(20)]
    assert found(day(19)) == []


def test_it_says_what_to_do_and_who_may():
    system = factories.system(code="KY", name="Ydelser", phasing_out_from=day(3), retired_from=day(9))
    out, gone = found()
    assert (out.title, gone.title) == (
        "Udfasningen af Ydelser begynder",
        "Ydelser: første dag uden drift",
    )
    assert out.subject == "Ydelser"
    assert gone.url == "/fagsystemer/KY/"
    assert gone.assets == (system.pk,)
    assert [(act.url, act.permission) for act in gone.acts] == [
        ("/konsekvens/?asset=KY", ""),
        ("/fagsystemer/KY/ret/", "registry.change_system"),
    ]


def test_one_query_whatever_the_number(django_assert_num_queries):
    for n in range(20):
        factories.system(retired_from=day(n), phasing_out_from=day(n - 5))
    with django_assert_num_queries(1):
        assert len(found()) == 40
    assert Asset.objects.count() == 20


def test_what_has_happened_is_left_out_beside_what_has_not():
    factories.system(
        lifecycle="phasing_out", active_from=day(-900), phasing_out_from=day(-9), retired_from=day(9)
    )
    assert [d.on for d in found()] == [day(9)]
