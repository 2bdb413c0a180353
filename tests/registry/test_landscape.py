"""The landscape on a day: what is in it, where it comes from, and when it must be read again."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import close_old_connections, connection, connections, transaction
from django.utils import timezone

from foi_portal.core.models import Change
from registry import landscape
from registry.graph import Severity
from registry.landscape import Landscape, Source
from registry.models import AlternativeGroup, Asset, Dependency, ImpactSnapshot, Importance, Organisation
from tests import days, factories

DAY = datetime.timedelta(days=1)


def today() -> datetime.date:
    return timezone.localdate()


def edges(found: Landscape) -> set[tuple[int, int, int]]:
    return {(edge.source, edge.target, edge.importance) for edge in found.graph.edges()}


def written(on: datetime.date) -> set[tuple[int, int, int]]:
    """What ``Dependency.objects.live`` says, as ``edges``."""
    rows = Dependency.objects.live(on).values_list("source_id", "target_id", "importance")
    return {(source, target, landscape.CAPS[importance]) for source, target, importance in rows}


def codes(found: Landscape) -> list[str]:
    return [node.code for node in found.graph.nodes]


def sharp_edges(on: datetime.date) -> None:
    """Assets and dependencies in every state that decides whether they count on the day, and around it."""
    states: list[dict[str, Any]] = [{}, {"archived_at": timezone.now()}]
    states += [{"lifecycle": lifecycle} for lifecycle in ("planned", "phasing_in", "phasing_out", "retired")]
    states += [{"active_from": on + n * DAY} for n in (-1, 0, 1)]
    states += [{"retired_from": on + n * DAY} for n in (-1, 0, 1)]
    components = [factories.component(**state) for state in states]
    systems = [factories.system(**state) for state in states]
    for source in systems:
        for target, importance in zip(components, Importance.values * len(components), strict=False):
            factories.dependency(source=source, target=target, importance=importance)
    conditions: list[dict[str, Any]] = [{"archived_at": timezone.now()}]
    conditions += [{"status": status} for status in ("planned", "in_progress", "phasing_out", "ended")]
    conditions += [{"since": on + n * DAY} for n in (-1, 0, 1)]
    conditions += [{"until": on + n * DAY} for n in (-1, 0, 1)]
    for condition in conditions:
        factories.dependency(**condition)


@pytest.mark.django_db
class TestWhatIsInIt:
    @pytest.mark.parametrize("ahead", [0, 1, 2, 400])
    def test_today_and_later_are_what_is_written_now(self, ahead: int):
        on = today() + ahead * DAY
        sharp_edges(on)
        found = landscape.at(on)
        assert found.source is Source.NOW
        assert {node.key for node in found.graph.nodes} == set(
            Asset.objects.in_operation(on).values_list("pk", flat=True)
        )
        assert edges(found) == written(on)
        assert 20 < len(edges(found)) < Dependency.objects.count()

    def test_before_the_history_begins_the_periods_decide(self):
        on = today() - 30 * DAY
        sharp_edges(on)
        found = landscape.at(on)
        assert (found.on, found.source) == (on, Source.PERIODS)
        assert edges(found) == written(on)

    def test_no_date_means_today(self):
        assert landscape.at().on == today()

    def test_an_empty_landscape(self):
        found = landscape.at()
        assert (dict(found.assets), dict(found.by_code), list(found.graph.nodes)) == ({}, {}, [])
        assert landscape.at(today() - DAY).source is Source.PERIODS

    def test_facts_are_the_assets_own_also_of_those_not_in_operation(self):
        department = factories.organisation(code="BSF", name="Børn og Skole", kind="forvaltning")
        provider = factories.organisation(code="KMD", name="KMD")
        planned = factories.system(
            code="NY",
            name="Nyt system",
            lifecycle="planned",
            department=department,
            provider=provider,
            criticality=4,
            active_from=today(),
        )
        archived = factories.component(archived_at=timezone.now())
        found = landscape.at()
        facts = found.assets[planned.pk]
        assert facts == tuple(Asset.objects.filter(pk=planned.pk).values_list("pk", *landscape.FACTS).get())
        assert (facts.is_system, found.code(planned.pk), found.by_code["NY"]) == (True, "NY", planned.pk)
        assert found.organisations[department.pk] == ("BSF", "Børn og Skole")
        assert found.organisations[provider.pk].code == "KMD"
        assert archived.pk not in found.assets
        assert archived.code not in found.by_code
        assert planned.pk not in found.graph

    def test_platform_is_the_top_of_the_module_tree(self):
        platform = factories.component()
        module = factories.component(parent=platform)
        service = factories.component(parent=module)
        system = factories.system()
        gone = factories.component(archived_at=timezone.now())
        orphan = factories.component(parent=gone)
        found = landscape.at()
        assert {found.platform(asset.pk) for asset in (platform, module, service)} == {platform.pk}
        assert (found.platform(system.pk), found.platform(orphan.pk)) == (system.pk, orphan.pk)

    def test_a_loop_among_parents_ends(self):
        first = factories.component()
        second = factories.component(parent=first)
        Asset.objects.filter(pk=first.pk).update(parent=second)
        found = landscape.at()
        assert found.platform(first.pk) in {first.pk, second.pk}
        assert found.graph.impact([first.pk]).hits[0].key == second.pk

    def test_alternatives_protect_until_their_group_is_archived(self):
        system, one, two = factories.system(), factories.component(), factories.component()
        group = AlternativeGroup.objects.create(source=system, name="CPR", needed=1)
        for target in (one, two):
            factories.dependency(source=system, target=target, importance="critical", alternatives=group)
        found = landscape.at()
        assert found.groups[group.pk] == (system.pk, "CPR", 1)
        assert found.graph.impact([one.pk]).hits == ()
        assert [hit.key for hit in found.graph.impact([one.pk, two.pk]).hits] == [system.pk]

        AlternativeGroup.objects.update(needed=2)
        assert len(landscape.at().graph.impact([one.pk]).hits) == 1
        AlternativeGroup.objects.update(needed=1, archived_at=timezone.now())
        found = landscape.at()
        assert group.pk not in found.groups
        assert [hit.severity for hit in found.graph.impact([one.pk]).hits] == [Severity.CRITICAL]

    def test_loading_takes_four_queries_whatever_the_size(self, django_assert_num_queries: Any):
        for _ in range(2):
            sharp_edges(today())
            with django_assert_num_queries(4):  # inside a transaction no version is asked for
                landscape.at()


@pytest.mark.django_db
class TestEarlierDays:
    def test_a_day_is_what_was_written_at_its_end(self):
        with days.written("2026-01-01"):
            cpr = factories.component(code="CPR")
            cura = factories.system(code="CURA")
        with days.written("2026-01-02"):
            uses = factories.dependency(source=cura, target=cpr, importance="minor")
        with days.written("2026-01-03"):
            Dependency.objects.update(importance="critical")
        with days.written("2026-01-04"):
            Dependency.objects.update(until="2026-01-04", status="ended")

        def seen(day: str) -> set[tuple[int, int, int]]:
            found = landscape.at(days.day(day))
            assert found.source is Source.HISTORY
            return edges(found)

        assert seen("2026-01-01") == set()
        assert seen("2026-01-02") == {(uses.source_id, uses.target_id, Severity.MINOR)}
        assert seen("2026-01-03") == {(uses.source_id, uses.target_id, Severity.CRITICAL)}
        assert seen("2026-01-04") == seen("2026-02-01") == set()

    def test_renamed_archived_and_restored_assets(self):
        with days.written("2026-01-01"):
            row = factories.component(code="GAMMEL", name="Gammelt navn")
        with days.written("2026-01-02"):
            Asset.objects.update(code="NY", name="Nyt navn")
        with days.written("2026-01-03"):
            Asset.objects.update(archived_at=timezone.now())
        with days.written("2026-01-04"):
            Asset.objects.update(archived_at=None)
        found = [landscape.at(days.day(f"2026-01-0{n}")) for n in (1, 2, 3, 4)]
        assert [dict(each.by_code) for each in found] == [
            {"GAMMEL": row.pk},
            {"NY": row.pk},
            {},
            {"NY": row.pk},
        ]
        assert [codes(each) for each in found] == [["GAMMEL"], ["NY"], [], ["NY"]]
        assert found[0].assets[row.pk].name == "Gammelt navn"

    def test_groups_and_organisations_are_those_of_the_day(self):
        with days.written("2026-01-01"):
            vendor = factories.organisation(name="KMD")
            system, one, two = factories.system(provider=vendor), factories.component(), factories.component()
            group = AlternativeGroup.objects.create(source=system, name="CPR", needed=1)
            for target in (one, two):
                factories.dependency(source=system, target=target, alternatives=group)
        with days.written("2026-01-02"):
            AlternativeGroup.objects.update(needed=2)
            Organisation.objects.update(name="Netcompany")
        first, second = landscape.at(days.day("2026-01-01")), landscape.at(days.day("2026-01-02"))
        assert (first.groups[group.pk].needed, second.groups[group.pk].needed) == (1, 2)
        assert (len(first.graph.impact([one.pk]).hits), len(second.graph.impact([one.pk]).hits)) == (0, 1)
        assert first.organisations[vendor.pk].name == "KMD"
        assert second.organisations[vendor.pk].name == "Netcompany"

    def test_the_history_and_the_tables_agree_about_today(self):
        sharp_edges(today())
        system = factories.system()
        group = AlternativeGroup.objects.create(source=system, name="To af tre", needed=2)
        for _ in range(3):
            factories.dependency(source=system, alternatives=group)
        ways = (landscape._from_tables(today()), landscape._from_history(today()))
        now, then = (landscape._build(today(), Source.NOW, *way) for way in ways)
        assert (now.assets, now.organisations, now.groups) == (then.assets, then.organisations, then.groups)
        assert set(now.graph.edges()) == set(then.graph.edges())

    def test_where_a_days_answer_comes_from(self):
        assert landscape.source_of(today() - DAY) is Source.PERIODS
        with days.written("2026-01-02"):
            factories.system()
        assert landscape.source_of(days.day("2026-01-01")) is Source.PERIODS
        assert landscape.source_of(days.day("2026-01-02")) is Source.HISTORY
        assert landscape.source_of(today() - DAY) is Source.HISTORY
        assert landscape.source_of(today()) is Source.NOW
        assert landscape.source_of(today() + DAY) is Source.NOW


def other_connection(task: Callable[[], Any]) -> Any:
    """What the task gives in a thread and a connection of its own."""

    def run() -> Any:
        try:
            return task()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result(20)


def by_sql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE registry_asset SET name = 'Rå'")


def in_a_group() -> None:
    source = Dependency.objects.all()[0].source
    Dependency.objects.update(alternatives=AlternativeGroup.objects.create(source=source, name="CPR"))


def by_bulk_update() -> None:
    rows = list(Dependency.objects.all())
    for row in rows:
        row.importance = "minor"
    Dependency.objects.bulk_update(rows, ["importance"])


WRITES: dict[str, Callable[[], Any]] = {
    "save": factories.component,
    "update": lambda: Asset.objects.update(criticality=3),
    "bulk_create": lambda: Asset.objects.bulk_create(
        [Asset(kind="system", code="A1", name="A"), Asset(kind="system", code="A2", name="B")]
    ),
    "bulk_update": by_bulk_update,
    "sql": by_sql,
    "delete": lambda: Dependency.objects.all().delete(),
    "dependency": lambda: Dependency.objects.update(status="ended"),
    "group": lambda: AlternativeGroup.objects.create(source=Asset.objects.all()[0], name="CPR"),
    "member of a group": in_a_group,
    "organisation": factories.organisation,
    "another connection": lambda: other_connection(lambda: Asset.objects.update(name="Andet")),
    "another connection, by sql": lambda: other_connection(by_sql),
}


@pytest.mark.django_db(transaction=True)
class TestMemory:
    @pytest.fixture(autouse=True)
    def _one_dependency(self) -> None:
        factories.dependency()

    def test_a_repeated_question_costs_one_query(self, django_assert_num_queries: Any):
        with django_assert_num_queries(5):
            first = landscape.at()
        for _ in range(3):
            with django_assert_num_queries(1):
                assert landscape.at() is first

    @pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
    def test_every_way_of_writing_makes_a_new_landscape(self, write: Callable[[], Any]):
        first = landscape.at()
        write()
        second = landscape.at()
        assert second is not first
        assert landscape.at() is second
        # a landscape is in no order: it lies as PostgreSQL happens to read it
        assert {tuple(facts) for facts in second.assets.values()} == set(
            Asset.objects.current().values_list("pk", *landscape.FACTS)
        )
        assert edges(second) == written(today())

    def test_writing_something_else_does_not(self):
        first = landscape.at()
        user = factories.user()
        ImpactSnapshot.objects.create(
            title="Gemt", question="asset=CPR", asked_on=today(), asked_by=user, answer=[]
        )
        Session.objects.create(session_key="x", session_data="", expire_date=timezone.now())
        assert landscape.at() is first

    def test_writing_the_same_values_does_not(self):
        first = landscape.at()
        Asset.objects.update(criticality=None)
        assert landscape.at() is first

    def test_inside_a_transaction_nothing_is_taken_or_kept(self):
        first = landscape.at()
        with transaction.atomic():
            assert landscape.at() is not first
            system = factories.system(code="NY")
            assert landscape.at().by_code["NY"] == system.pk
        after = landscape.at()
        assert after is not first
        assert after.by_code["NY"] == system.pk

    def test_a_transaction_that_is_rolled_back_leaves_no_trace(self):
        first = landscape.at()
        with transaction.atomic():
            factories.system(code="FORTRUDT")
            assert "FORTRUDT" in landscape.at().by_code
            transaction.set_rollback(True)
        assert landscape.at() is first
        assert "FORTRUDT" not in first.by_code
        kept = factories.system()
        assert kept.code in landscape.at().by_code

    def test_each_date_is_kept_by_itself_but_only_a_few(self, django_assert_num_queries: Any):
        dates = [today() + n * DAY for n in range(landscape.KEPT + 1)]
        found = [landscape.at(date) for date in dates]
        assert [each.on for each in found] == dates
        assert [landscape.at(date) for date in dates[1:]] == found[1:]
        assert len(landscape._kept) == landscape.KEPT
        with django_assert_num_queries(5):
            assert landscape.at(dates[0]) is not found[0]

    def test_a_day_that_becomes_yesterday_is_read_from_the_history(self, monkeypatch: pytest.MonkeyPatch):
        on, localdate = today(), timezone.localdate
        assert landscape.at(on).source is Source.NOW
        monkeypatch.setattr(timezone, "localdate", lambda at=None: localdate(at) if at else on + DAY)
        assert landscape.at(on).source is Source.HISTORY

    def test_threads_that_ask_at_once_load_once(self, monkeypatch: pytest.MonkeyPatch):
        loads: list[datetime.date] = []
        load = landscape._load

        def counted(on: datetime.date) -> Landscape:
            loads.append(on)
            return load(on)

        monkeypatch.setattr(landscape, "_load", counted)
        start = Barrier(6)

        def ask(_: int) -> Landscape:
            try:
                close_old_connections()
                start.wait(10)
                return [landscape.at() for _ in range(5)][-1]
            finally:
                connections.close_all()

        with ThreadPoolExecutor(6) as pool:
            found = list(pool.map(ask, range(6)))
        assert loads == [today()]
        assert all(each is found[0] for each in found)

    def test_threads_that_read_while_others_write_see_what_was_written(self):
        """Nobody who asks after a write has ended gets an answer from before it."""

        def work(number: int) -> list[str]:
            try:
                missing = []
                for turn in range(4):
                    code = f"T{number}-{turn}"
                    factories.system(code=code)
                    if code not in landscape.at().by_code:
                        missing.append(code)
                return missing
            finally:
                connections.close_all()

        with ThreadPoolExecutor(4) as pool:
            assert [missing for found in pool.map(work, range(4)) for missing in found] == []


@contextmanager
def under_way(task: Callable[[], Any]) -> Iterator[Callable[[], None]]:
    """A transaction on a connection of its own that has done the task; gives what commits it."""
    done, may_end = Barrier(2), Barrier(2)

    def run() -> None:
        try:
            with transaction.atomic():
                task()
                done.wait(10)
                may_end.wait(10)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(run)
        done.wait(10)

        def commit() -> None:
            may_end.wait(10)
            job.result(10)

        yield commit


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
class TestTransactionsAtOnce:
    def test_a_lower_number_that_appears_after_a_higher_one_is_noticed(self):
        with under_way(lambda: factories.system(code="FOERST")) as commit:
            factories.system(code="SIDST")
            cached = landscape.at()
            assert set(cached.by_code) == {"SIDST"}
            assert landscape.at() is cached
            commit()
        numbers = Change.objects.filter(table="registry_asset").order_by("pk")
        assert list(numbers.values_list("after__code", flat=True)) == ["FOERST", "SIDST"]
        assert set(landscape.at().by_code) == {"FOERST", "SIDST"}

    def test_so_it_is_when_the_writer_is_a_savepoint_deep(self):
        def deep() -> None:
            with transaction.atomic():
                factories.system(code="FOERST")

        with under_way(deep) as commit:
            factories.system(code="SIDST")
            landscape.at()
            commit()
        assert set(landscape.at().by_code) == {"FOERST", "SIDST"}

    def test_two_that_are_under_way_may_end_in_any_order(self):
        with (
            under_way(lambda: factories.system(code="A")) as commit_a,
            under_way(lambda: factories.system(code="B")) as commit_b,
        ):
            factories.system(code="C")
            assert set(landscape.at().by_code) == {"C"}
            commit_b()
            assert set(landscape.at().by_code) == {"B", "C"}
            commit_a()
        assert set(landscape.at().by_code) == {"A", "B", "C"}

    def test_one_that_writes_something_else_disturbs_nobody(self):
        first = landscape.at()
        with under_way(factories.user) as commit:
            assert landscape.at() is first
            commit()
        assert landscape.at() is first

    def test_one_that_is_given_up_changes_nothing_that_is_seen(self):
        def give_up() -> None:
            factories.system(code="FORTRUDT")
            transaction.set_rollback(True)

        with under_way(give_up) as end:
            factories.system(code="SIDST")
            assert set(landscape.at().by_code) == {"SIDST"}
            end()
        assert set(landscape.at().by_code) == {"SIDST"}
