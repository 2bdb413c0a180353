"""The rules of agreements without pages: which steps follow which, the dates, and what is covered."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from foi_portal.ui import formats
from registry import deadlines
from registry.agreements import covering, due, steps
from registry.agreements.days import Standing, with_days
from registry.models import Agreement, AgreementStatus, Dependency
from registry.models.agreement import NEXT
from tests import factories

TODAY = datetime.date(2026, 12, 1)


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


@pytest.mark.anywhere
class TestSteps:
    @pytest.mark.parametrize("to", AgreementStatus)
    @pytest.mark.parametrize("was", AgreementStatus)
    def test_only_the_next_steps_can_be_taken(self, was: AgreementStatus, to: AgreementStatus):
        refusal = steps.why_not(Agreement(status=was), to)
        assert bool(refusal) == (to not in NEXT[was])
        assert not refusal or was.label in refusal

    def test_it_says_what_can_be_done_instead(self):
        refusal = steps.why_not(Agreement(status="requested"), "terminated")
        assert refusal.endswith("kan ikke blive «Opsagt». Næste skridt er «Godkendt» eller «Afvist».")

    def test_nothing_is_done_to_an_archived_one(self):
        archived = Agreement(status="active", archived_at=datetime.datetime.now(datetime.UTC))
        assert steps.why_not(archived, "terminated") == steps.ARCHIVED
        assert steps.why_not_extended(archived) == steps.ARCHIVED

    def test_what_runs_on_is_not_extended(self):
        assert "løber videre" in steps.why_not_extended(Agreement(status="active"))
        assert "Tag opsigelsen tilbage" in steps.why_not_extended(Agreement(status="terminated"))
        assert steps.why_not_extended(Agreement(status="active", valid_to=TODAY)) == ""


@pytest.mark.anywhere
@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("2026-12-01", "i dag"),
        ("2026-12-02", "i morgen"),
        ("2026-11-30", "i går"),
        ("2026-12-13", "om 12 dage"),
        ("2026-11-28", "for 3 dage siden"),
        ("2027-03-01", "om 90 dage"),
        ("2027-05-01", "om 5 måneder"),
        ("2025-06-14", "for 18 måneder siden"),
        ("2030-12-01", "om 4 år"),
    ],
)
def test_how_long_is_left(when: str, words: str):
    assert formats.until(day(when), TODAY) == words


@pytest.mark.django_db
class TestDays:
    @pytest.mark.parametrize(
        "ends", ["2027-03-31", "2028-02-29", "2027-01-01", "2026-12-31", "2026-12-01", "2099-12-31"]
    )
    @pytest.mark.parametrize("months", [1, 3, 12, 60])
    def test_the_database_counts_as_the_model(self, ends: str, months: int):
        """Also from months with 31 days to shorter ones, and over a leap day."""
        begun = day(ends) - datetime.timedelta(days=4000)
        ending = factories.agreement(valid_from=begun, valid_to=day(ends), notice_months=months)
        open_end = factories.agreement(valid_from=begun, reviewed_on=day(ends), review_months=months)
        rows = {row.pk: row for row in with_days(Agreement.objects.all(), TODAY)}
        assert rows[ending.pk].notice_day == ending.last_notice_day()
        assert rows[open_end.pk].review_day == open_end.next_review()
        assert rows[ending.pk].review_day is None
        assert rows[open_end.pk].notice_day is None

    @pytest.mark.parametrize("status", AgreementStatus)
    @pytest.mark.parametrize("ends", ["2026-12-01", "2026-12-02"])
    def test_the_standing_is_the_models(self, status: AgreementStatus, ends: str):
        made = factories.agreement(status=status, valid_to=day(ends), notice_months=3)
        row = with_days(Agreement.objects.all(), TODAY).get()
        assert Standing(row.standing).label == made.standing(TODAY)
        assert row.notice_day == made.last_notice_day()


@pytest.mark.django_db
class TestLacking:
    """Who uses what needs an agreement without having one."""

    @pytest.fixture
    def row(self) -> Dependency:
        return factories.dependency(target=factories.component(needs_agreement=True))

    def lacks(self) -> list[int]:
        return list(covering.lacking(TODAY).values_list("pk", flat=True))

    def test_without_any(self, row: Dependency):
        factories.dependency()  # on what needs none
        assert self.lacks() == [row.pk]

    @pytest.mark.parametrize(
        ("values", "covered"),
        [
            ({}, True),
            ({"status": "terminated", "valid_to": day("2026-12-02")}, True),
            ({"status": "terminated", "valid_to": day("2026-12-01")}, False),
            ({"valid_to": day("2026-12-01")}, False),
            ({"status": "approved"}, False),
            ({"status": "requested"}, False),
            ({"valid_from": day("2026-12-02")}, False),
            ({"environment": "external_test"}, False),
            ({"kind": "contract"}, False),
            ({"kind": "data_processing"}, False),
            ({"kind": "sdn"}, True),
            ({"archived_at": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)}, False),
        ],
    )
    def test_only_what_is_in_force_in_production_counts(
        self, row: Dependency, values: dict[str, Any], covered: bool
    ):
        factories.agreement(dependencies=[row], **values)
        assert self.lacks() == ([] if covered else [row.pk])

    def test_the_systems_own_that_names_what_is_used(self, row: Dependency):
        factories.agreement(system=factories.system(), assets=[row.target])
        assert self.lacks() == [row.pk], "another system's gives it nothing"
        factories.agreement(system_id=row.source_id, assets=[row.target])
        assert self.lacks() == []

    @pytest.mark.parametrize(
        "values",
        [
            {"status": "planned"},
            {"status": "ended"},
            {"until": day("2026-12-01")},
            {"since": day("2027-01-01")},
        ],
    )
    def test_what_is_not_in_use_lacks_nothing(self, row: Dependency, values: dict[str, Any]):
        Dependency.objects.update(**values)
        assert self.lacks() == []

    def test_neither_retired_systems_nor_components_lack_any(self, row: Dependency):
        row.source.lifecycle = "retired"
        row.source.save()
        factories.dependency(source=factories.component(), target=row.target)
        assert self.lacks() == []


@pytest.mark.django_db
class TestDue:
    LAST = day("2027-12-01")

    def found(self, kind: str, last: datetime.date = LAST) -> list[deadlines.Deadline]:
        return deadlines.load(TODAY, last, [kind])

    def test_the_kinds_are_registered(self):
        due.register()
        assert {"agreement_end", "agreement_notice", "agreement_review"} <= {
            source.kind for source in deadlines.sources()
        }

    def test_an_end_stays_until_it_is_dealt_with(self):
        row = factories.agreement(name="KY", valid_to=day("2026-03-01"))
        (late,) = self.found("agreement_end")
        assert (late.on, late.days_left(TODAY), late.cared_for_as) == (
            day("2026-03-01"), -275, f"agreement/{row.pk}",
        )  # fmt: skip
        assert [act.label for act in late.acts] == ["Forlæng", "Opsig"]
        row.status = "terminated"
        row.save()
        assert self.found("agreement_end") == []

    def test_an_ended_one_is_told_of_until_its_last_day(self):
        factories.agreement(status="terminated", valid_to=day("2027-01-01"))
        (coming,) = self.found("agreement_end")
        assert [act.label for act in coming.acts] == ["Tag opsigelsen tilbage"]
        assert "Opsagt" in coming.note
        assert coming.decided, "nobody is reminded of it"

    def test_neither_later_nor_archived_nor_undecided_ones(self):
        for values in (
            {"valid_to": day("2027-12-02")},
            {"status": "requested", "valid_to": day("2027-01-01")},
        ):
            factories.agreement(**values)
        factories.agreement(valid_to=day("2027-01-01"), archived_at=datetime.datetime.now(datetime.UTC))
        assert self.found("agreement_end") == []

    def test_the_day_to_give_notice_stays_until_the_end(self):
        row = factories.agreement(valid_to=day("2027-01-31"), notice_months=3)
        (late,) = self.found("agreement_notice")
        assert (late.on, late.key) == (day("2026-10-31"), f"agreement_notice/{row.pk}/2026-10-31")
        row.valid_to = TODAY
        row.save()
        assert self.found("agreement_notice") == [], "now the end itself is what is late"

    def test_one_without_an_end_is_looked_at(self):
        row = factories.agreement(valid_from=day("2024-02-29"))
        (late,) = self.found("agreement_review")
        assert late.on == day("2025-02-28")
        row.reviewed_on = TODAY
        row.save()
        assert [found.on for found in self.found("agreement_review")] == [self.LAST]
        assert self.found("agreement_review", day("2027-11-30")) == []

    def test_whom_it_concerns(self):
        unit, used = factories.organisation(kind="forvaltning"), factories.dependency()
        named = factories.component()
        factories.agreement(
            system_id=used.source_id,
            unit=unit,
            dependencies=[used],
            assets=[named],
            valid_to=day("2027-01-01"),
        )
        (found,) = self.found("agreement_end")
        assert set(found.assets) == {used.source_id, named.pk}
        assert found.organisations == (unit.pk,)

    def test_as_many_queries_for_many(self, django_assert_num_queries: Any):
        for _ in range(12):
            used = factories.dependency()
            factories.agreement(
                system_id=used.source_id, dependencies=[used], valid_to=day("2027-01-01"), notice_months=1
            )
            factories.agreement(system_id=used.source_id)
        with django_assert_num_queries(9):
            assert (
                len(
                    deadlines.load(
                        TODAY, self.LAST, {"agreement_end", "agreement_notice", "agreement_review"}
                    )
                )
                == 36
            )
