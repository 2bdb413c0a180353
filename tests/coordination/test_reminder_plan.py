"""Which letters a day gives: the steps, who gets them, Monday mails and escalation, on plain data."""

from __future__ import annotations

import datetime
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from coordination.recipients import Responsible
from coordination.reminder_plan import NOBODY, Day, Letter, Rule, Sort, Told, plan
from foi_portal.core.mail import Recipient
from registry.deadlines import Deadline

pytestmark = pytest.mark.anywhere

TODAY = datetime.date(2026, 12, 1)  # a Tuesday
MONDAY = datetime.date(2026, 11, 30)
ANN = Responsible(1, "Ann", "ann@example.org", because="Systemansvarlig for Cura")
BO = Responsible(2, "Bo", "bo@example.org")
MUTE = Responsible(3, "Mo", "")
FOI = Recipient("foi@example.org", "FOI-enheden", key="foi")


def due(left: int, kind: str = "certificate", number: int = 1) -> Deadline:
    on = TODAY + timedelta(days=left)
    return Deadline(f"{kind}/{number}/{on}", kind, on, "Udløber", f"Nr. {number}", "/x/")


def letters(*deadlines: Deadline, people: Any = (ANN,), **values: Any) -> list[Letter]:
    return plan(Day(values.pop("on", TODAY), deadlines, lambda _: people, FOI, **values))


def told(*found: Letter) -> set[tuple[str, str, str]]:
    return {(line.deadline.key, line.step, letter.key) for letter in found for line in letter.lines}


def short(found: list[Letter]) -> list[tuple[str, str, list[str]]]:
    return [(letter.sort.value, letter.key, [line.step for line in letter.lines]) for letter in found]


def test_nobody_is_told_of_what_is_decided():
    ending = due(30)
    assert letters(ending)
    assert letters(replace(ending, decided=True), monday=MONDAY, weekly={"person/1"}) == []


class TestSteps:
    @pytest.mark.parametrize(
        ("left", "step"),
        [
            (91, ""),
            (90, "90"),
            (89, "90"),
            (31, "90"),
            (30, "30"),
            (8, "30"),
            (7, "7"),
            (0, "7"),
            (-1, "overdue-0"),
            (-7, "overdue-0"),
            (-8, "overdue-1"),
            (-14, "overdue-1"),
            (-15, "overdue-2"),
        ],
    )
    def test_one_at_a_time(self, left: int, step: str) -> None:
        assert Rule().step(left) == step

    def test_own_steps_in_any_order(self) -> None:
        rule = Rule(before=(14, 180, 0), overdue_every=1)
        steps = [rule.step(left) for left in (181, 180, 15, 14, 1, 0, -1, -2)]
        assert steps == ["", "180", "180", "14", "14", "0", "overdue-0", "overdue-1"]
        assert Rule(before=()).step(3) == ""

    def test_each_step_once_over_a_hundred_days(self) -> None:
        """Told every morning from 100 days before until 20 after."""
        deadline, known, sent = due(100), set[tuple[str, str, str]](), []
        for day in range(121):
            on = TODAY + timedelta(days=day)
            for letter in letters(
                deadline, on=on, told=known, rules={"certificate": Rule(escalate_after=99)}
            ):
                known |= told(letter)
                sent += [((deadline.on - on).days, line.step) for line in letter.lines]
        assert sent == [
            (90, "90"),
            (30, "30"),
            (7, "7"),
            (-1, "overdue-0"),
            (-8, "overdue-1"),
            (-15, "overdue-2"),
        ]

    def test_days_without_a_run_give_the_last_step_missed_once(self) -> None:
        first = letters(due(90))
        late = letters(due(90), on=TODAY + timedelta(days=86), told=told(*first))
        assert short(late) == [("single", "person/1", ["7"])]

    def test_another_date_is_another_deadline(self) -> None:
        first = letters(due(30))
        assert short(letters(due(29), told=told(*first))) == [("single", "person/1", ["30"])]

    def test_a_leap_day_is_a_day(self) -> None:
        last = datetime.date(2028, 2, 29)
        leap = Deadline(f"certificate/1/{last}", "certificate", last, "Udløber", "Nr. 1", "/x/")
        on = [day for day in range(40) if letters(leap, on=datetime.date(2028, 1, 29) + timedelta(days=day))]
        assert on[0] == 0  # a step told to nobody is told every day
        assert short(letters(leap, on=datetime.date(2028, 1, 30)))[0][2] == ["30"]
        assert short(letters(leap, on=datetime.date(2028, 2, 22)))[0][2] == ["7"]
        assert short(letters(leap, on=datetime.date(2028, 3, 1)))[0][2] == ["overdue-0"]

    def test_nothing_of_what_rests_or_is_switched_off(self) -> None:
        assert letters(due(7), resting={due(7).key}) == []
        assert letters(due(7), rules={"certificate": Rule(active=False)}) == []
        assert letters(due(-40), resting={due(-40).key}) == [], "not escalated either"


class TestWho:
    def test_one_letter_lists_all_that_one_person_has(self) -> None:
        (letter,) = letters(due(30, number=1), due(7, number=2), due(-1, number=3))
        assert short([letter]) == [("single", "person/1", ["30", "7", "overdue-0"])]

    def test_all_who_are_responsible_and_each_hears_of_the_others(self) -> None:
        found = letters(due(7), people=(ANN, BO))
        assert [(letter.key, letter.lines[0].others) for letter in found] == [
            ("person/1", ("Bo",)),
            ("person/2", ("Ann",)),
        ]

    def test_nobody_is_fois_mailbox(self) -> None:
        (letter,) = letters(due(7), people=())
        assert (letter.to, letter.lines[0].why) == (FOI, NOBODY)

    @pytest.mark.parametrize(
        ("email", "why"),
        [("", "Mo har ingen e-mailadresse."), ("mo@", "Mo har en e-mailadresse, der ikke kan bruges.")],
    )
    def test_who_cannot_be_written_to_is_fois_matter(self, email: str, why: str) -> None:
        first, second = letters(due(7), people=(ANN, Responsible(3, "Mo", email)))
        assert (first.key, first.lines[0].others) == ("person/1", ("FOI-enheden",))
        assert (second.key, second.lines[0].why) == ("foi", why)

    def test_where_the_mail_server_refuses_both_get_it(self) -> None:
        found = letters(due(7), refused={("person/1", ANN.email)})
        assert [letter.key for letter in found] == ["person/1", "foi"]
        assert found[1].lines[0].why == "Den seneste mail til Ann kunne ikke afleveres."
        assert len(letters(due(7), refused={("person/1", "old@example.org")})) == 1, (
            "the address was put right"
        )

    def test_who_takes_over_is_told_the_present_step_too(self) -> None:
        first = letters(due(30))
        assert short(letters(due(30), people=(BO,), told=told(*first))) == [("single", "person/2", ["30"])]

    def test_why(self) -> None:
        whys = {
            (): "Systemansvarlig for Cura",
            ("Cai",): "Systemansvarlig for Cura, i stedet for Cai, der er fraværende",
        }
        for instead_of, why in whys.items():
            one = Responsible(1, "Ann", "ann@example.org", instead_of, because=ANN.because)
            assert letters(due(7), people=(one,))[0].lines[0].why == why
        deputy = Responsible(1, "Ann", "ann@example.org", as_deputy=True, because=ANN.because)
        expected = "stedfortræder for Systemansvarlig for Cura, som ingen er lige nu"
        assert letters(due(7), people=(deputy,))[0].lines[0].why == expected


class TestMonday:
    weekly = frozenset({"person/1"})

    def test_instead_of_single_mails(self) -> None:
        assert letters(due(7), weekly=self.weekly) == []
        found = letters(due(7), people=(ANN, BO), weekly=self.weekly)
        assert [(letter.key, letter.lines[0].others) for letter in found] == [("person/2", ("Ann",))]

    def test_what_is_overdue_and_the_next_30_days_whatever_was_told(self) -> None:
        rows = [due(left, number=left) for left in (-40, -1, 0, 6, 30, 31)]
        rules = {"certificate": Rule(escalate_after=99)}
        (letter,) = letters(*rows, weekly=self.weekly, monday=MONDAY, rules=rules)
        assert letter.sort == Sort.DIGEST
        assert [line.deadline.days_left(TODAY) for line in letter.lines] == [-40, -1, 0, 6, 30]
        assert letters(*rows, weekly=self.weekly, monday=MONDAY, rules=rules, told=told(letter)) == []

    def test_nothing_to_tell_is_no_mail(self) -> None:
        assert letters(due(31), weekly=self.weekly, monday=MONDAY) == []

    def test_once_a_week_also_when_more_has_come(self) -> None:
        first = letters(due(7), weekly=self.weekly, monday=MONDAY)
        more = letters(due(7), due(3, number=2), weekly=self.weekly, monday=MONDAY, told=told(*first))
        assert more == []

    def test_without_an_address_it_is_fois_matter_at_once(self) -> None:
        found = letters(due(7), people=(MUTE,), weekly={"person/3"})
        assert short(found) == [("single", "foi", ["7"])]

    def test_refused_foi_gets_the_steps(self) -> None:
        found = letters(due(7), weekly=self.weekly, refused={("person/1", ANN.email)})
        assert short(found) == [("single", "foi", ["7"])]

    def test_escalation_does_not_wait(self) -> None:
        assert short(letters(due(-7), weekly=self.weekly)) == [("escalation", "foi", ["escalation"])]


class TestEscalation:
    def test_once_so_many_days_after_with_who_was_told(self) -> None:
        log = {due(-7).key: (Told("Ann", MONDAY, "sendt"),)}
        assert [letter.sort for letter in letters(due(-6))] == [Sort.SINGLE]
        single, escalation = letters(due(-7), log=log)
        assert escalation.to == FOI
        assert escalation.lines[0].told == (*log[due(-7).key], Told("Ann", TODAY, "skrives nu"))
        assert letters(due(-7), log=log, told=told(single))[0].lines[0].told == log[due(-7).key]
        assert letters(due(-7), told=told(single, escalation)) == []
        later = letters(due(-7), on=TODAY + timedelta(days=23), told=told(single, escalation))
        assert short(later) == [("single", "person/1", ["overdue-4"])]

    def test_several_are_one_mail(self) -> None:
        found = letters(due(-7, number=1), due(-8, number=2))
        assert short(found)[1] == ("escalation", "foi", ["escalation", "escalation"])

    def test_at_once_when_so_asked(self) -> None:
        rules = {"certificate": Rule(before=(), escalate_after=0)}
        assert Sort.ESCALATION not in [letter.sort for letter in letters(due(1), rules=rules)]
        assert Sort.ESCALATION in [letter.sort for letter in letters(due(0), rules=rules)]
