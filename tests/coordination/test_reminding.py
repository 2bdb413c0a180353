"""The job: what it writes into the outbox on which day, once, and what it takes back."""

from __future__ import annotations

import datetime
import threading
from typing import Any

import pytest
from django.core import mail as django_mail
from django.core.management import call_command
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from coordination import reminding
from coordination.models import Acknowledgement, Reminder, ReminderPreference, ReminderRule
from foi_portal.core import jobs, mail
from foi_portal.core.mail import delivery
from foi_portal.core.mail.smtp import Patience
from foi_portal.core.models import MailState, OutboxMail, ScheduledJob
from foi_portal.core.permissions import READER
from foi_portal.core.schedules import COPENHAGEN
from registry.deadlines import Act
from roles.models import Absence
from tests import factories
from tests.coordination.reminders import FOI, KIND, Dates, danish, only, remind
from tests.days import day
from tests.smtp import mail_server, use

pytestmark = pytest.mark.django_db
HASTY = Patience(answer=1, mail=2, whole=20)


@pytest.fixture
def dates(monkeypatch: Any, settings: Any) -> Dates:
    return only(monkeypatch, settings)


def told(mails: list[OutboxMail]) -> list[tuple[str, str]]:
    return [(row.address, row.subject) for row in mails]


class TestOnce:
    def test_each_step_once_however_often_the_job_runs(self, dates: Dates) -> None:
        ann = factories.person(name="Ann", email="ann@example.org")
        dates.put("2027-03-01", [ann])
        subjects = {
            on: [row.subject for row in remind(on, times=10)]
            for on in ("2026-11-30", "2026-12-01", "2026-12-02", "2027-01-30", "2027-02-22", "2027-03-01")
        }
        assert subjects == {
            "2026-11-30": [],
            "2026-12-01": ["Om 90 dage: Certifikat 1: Udløber"],
            "2026-12-02": [],
            "2027-01-30": ["Om 30 dage: Certifikat 1: Udløber"],
            "2027-02-22": ["Om 7 dage: Certifikat 1: Udløber"],
            "2027-03-01": [],
        }
        assert [row.subject for row in remind("2027-03-02")] == [
            "Overskredet med 1 dag: Certifikat 1: Udløber"
        ]
        assert OutboxMail.objects.values_list("occasion", flat=True).order_by("pk")[0] == (
            "reminder/certificate/1/2027-03-01/90"
        )

    def test_on_days_that_were_missed_the_last_step_is_sent(self, dates: Dates) -> None:
        dates.put("2027-03-01", [factories.person()])
        assert [row.subject for row in remind("2027-02-24")] == ["Om 5 dage: Certifikat 1: Udløber"]
        assert [row.step for row in Reminder.objects.all()] == ["7"]

    def test_a_moved_date_begins_anew(self, dates: Dates) -> None:
        ann = factories.person()
        dates.put("2026-12-08", [ann])
        remind("2026-12-01")
        dates.clear()
        dates.put("2027-01-07", [ann])
        assert [row.subject for row in remind("2026-12-02")] == ["Om 36 dage: Certifikat 1: Udløber"]
        assert [row.subject for row in remind("2026-12-08")] == ["Om 30 dage: Certifikat 1: Udløber"]
        dates.clear()
        dates.put("2029-01-07", [ann])
        assert remind("2026-12-31") == [], "renewed"

    def test_a_killed_run_has_told_nobody(self, dates: Dates, monkeypatch: Any) -> None:
        for number in range(3):
            dates.put("2026-12-08", [factories.person()], number)

        enqueue, calls = mail.enqueue, iter((True, True, False))

        def fail(**values: Any) -> Any:
            if next(calls):
                return enqueue(**values)
            raise RuntimeError

        monkeypatch.setattr(mail, "enqueue", fail)
        with pytest.raises(RuntimeError):
            remind("2026-12-01")
        assert not OutboxMail.objects.exists()
        monkeypatch.setattr(mail, "enqueue", enqueue)
        assert len(remind("2026-12-01")) == 3

    def test_rules_of_the_kind(self, dates: Dates) -> None:
        dates.put("2026-12-31", [factories.person()])
        ReminderRule.objects.create(kind=KIND, steps="14", overdue_every=1, escalate_after=2)
        days = {
            on: len(remind(on))
            for on in ("2026-12-01", "2026-12-17", "2026-12-31", "2027-01-01", "2027-01-02")
        }
        assert days == {"2026-12-01": 0, "2026-12-17": 1, "2026-12-31": 0, "2027-01-01": 1, "2027-01-02": 2}
        ReminderRule.objects.update(active=False)
        assert remind("2027-02-02") == []


class TestWhen:
    @pytest.mark.parametrize("sunday", ["2026-03-29", "2026-10-25"])
    def test_at_seven_danish_time_also_when_the_clock_is_changed(self, dates: Dates, sunday: str) -> None:
        """Asked every half hour through the weekend, a step on each of the days is told at seven o'clock."""
        first = day(sunday) - datetime.timedelta(days=1)
        ann = factories.person()
        for after in range(3):
            on = first + datetime.timedelta(days=after + 7)
            dates.put(str(on), [ann], number=after)
        ReminderRule.objects.create(kind=KIND, steps="7")
        moment = danish(f"{first - datetime.timedelta(days=1)} 12:00").astimezone(datetime.UTC)
        jobs.run_due(moment)
        wrote = []
        for _ in range(3 * 24 * 2):
            moment += datetime.timedelta(minutes=30)
            before = Reminder.objects.count()
            jobs.run_due(moment)
            if Reminder.objects.count() > before:
                wrote.append(f"{moment.astimezone(COPENHAGEN):%a %H:%M}")
        assert wrote == ["Sat 07:00", "Sun 07:00", "Mon 07:00"]

    def test_the_29th_of_february(self, dates: Dates) -> None:
        dates.put("2028-02-29", [factories.person()])
        sent: dict[str, str] = {}
        for about in ("2027-12-01", "2028-01-30", "2028-02-22", "2028-02-29", "2028-03-01"):
            for on in (day(about) + datetime.timedelta(days=days) for days in (-1, 0, 1)):
                sent |= {str(on): row.subject.partition(":")[0] for row in remind(str(on))}
        assert sent == {
            "2027-12-01": "Om 90 dage",
            "2028-01-30": "Om 30 dage",
            "2028-02-22": "Om 7 dage",
            "2028-03-01": "Overskredet med 1 dag",
        }

    def test_the_day_is_the_danish_one(self, dates: Dates) -> None:
        dates.put("2026-12-08", [factories.person()])
        ReminderRule.objects.create(kind=KIND, steps="7")
        reminding.remind(datetime.datetime(2026, 11, 30, 22, 59, tzinfo=datetime.UTC))
        assert not Reminder.objects.exists()
        reminding.remind(datetime.datetime(2026, 11, 30, 23, 1, tzinfo=datetime.UTC))
        assert Reminder.objects.get().on == day("2026-12-01")


class TestWho:
    def test_one_mail_with_all_of_a_persons_deadlines(self, dates: Dates) -> None:
        ann, bo = factories.person(name="Ann"), factories.person(name="Bo")
        for number in range(3):
            dates.put("2026-12-08", [ann], number)
        dates.put("2026-12-08", [ann, bo], 3)
        first, second = remind("2026-12-01")
        assert told([first, second]) == [
            (ann.email, "4 frister, den første om 7 dage"),
            (bo.email, "Om 7 dage: Certifikat 3: Udløber"),
        ]
        assert first.text.count("\n* ") == 4
        assert "Også besked til: Bo." in first.text
        assert first.reminders.count() == 4

    def test_an_absent_persons_stand_in(self, dates: Dates) -> None:
        ann, bo = factories.person(name="Ann"), factories.person(name="Bo")
        Absence.objects.create(person=ann, since=day("2026-11-01"), until=day("2026-12-05"), stand_in=bo)
        dates.put("2026-12-08", [ann])
        (row,) = remind("2026-12-01")
        assert row.address == bo.email
        assert "i stedet for Ann, der er fraværende" in row.text
        (row,) = remind("2026-12-05")
        assert row.address == ann.email, "back, and not told yet"

    def test_who_has_left_is_not_told_but_foi(self, dates: Dates) -> None:
        gone = factories.person(active_to=day("2026-11-30"))
        dates.put("2026-12-08", [gone])
        (row,) = remind("2026-12-01")
        assert (row.address, row.recipient_name) == (FOI, "FOI-enheden")
        assert "Ingen er ansvarlig" in row.text

    def test_a_person_without_email(self, dates: Dates) -> None:
        dates.put("2026-12-08", [factories.person(name="Mo", email="")])
        (row,) = remind("2026-12-01")
        assert row.address == FOI
        assert "Mo har ingen e-mailadresse." in row.text
        assert "Mo har ingen e-mailadresse." in row.html

    def test_foi_without_a_mailbox_is_a_marked_row(self, dates: Dates, settings: Any) -> None:
        settings.FOI_EMAIL = ""
        dates.put("2026-12-08")
        (row,) = remind("2026-12-01")
        assert (row.state, row.error.partition(".")[0]) == (
            MailState.FAILED,
            "Modtageren har ingen e-mailadresse",
        )

    def test_a_mailbox_that_refuses(self, dates: Dates) -> None:
        ann = factories.person(name="Ann")
        dates.put("2026-12-31", [ann])
        remind("2026-12-01")
        now = timezone.now()
        OutboxMail.objects.update(state=MailState.FAILED, attempts=1, settled_at=now, error="Afvist")
        (row,) = remind("2026-12-02")
        assert row.address == FOI
        assert "Den seneste mail til Ann kunne ikke afleveres." in row.text
        assert [row.address for row in remind("2026-12-24")] == [ann.email, FOI]
        ann.email = "ny@example.org"
        ann.save()
        assert [row.address for row in remind("2027-01-01")] == [ann.email]


class TestRefused:
    """With a real mail server, which answers 550 to one and 451 to another."""

    def test_5xx_is_seen_and_foi_is_told_and_4xx_only_waits(self, dates: Dates, settings: Any) -> None:
        gone, busy = (
            factories.person(name="Ann", email="550@example.org"),
            factories.person(email="451@example.org"),
        )
        dates.put("2026-12-31", [gone], 1)
        dates.put("2026-12-31", [busy], 2)
        with mail_server() as server:
            use(settings, server)
            remind("2026-12-01")
            delivery.deliver(HASTY)
            refused = OutboxMail.objects.get(recipient_key=f"person/{gone.pk}")
            assert (refused.state, refused.error_detail[:3]) == (MailState.FAILED, "550")
            assert "Mailserveren afviser modtagerens adresse." in page(refused.get_absolute_url())
            assert OutboxMail.objects.get(recipient_key=f"person/{busy.pk}").state == MailState.QUEUED
            remind("2026-12-02")
            delivery.deliver(HASTY)
            (sent,) = server.taken
        assert sent.recipient == FOI
        text = sent.message.get_body(("plain",))
        assert text is not None
        assert "Den seneste mail til Ann kunne ikke afleveres." in text.get_content()


class TestStopped:
    def test_what_is_gone_moved_or_taken_note_of_is_not_sent(self, dates: Dates) -> None:
        people = [factories.person() for _ in range(4)]
        rows = [dates.put("2026-12-08", [who], number) for number, who in enumerate(people)]
        remind("2026-12-01")
        dates.remove(rows[0])
        dates[0] = dates.put("2026-12-20", [people[1]], 1)
        dates.pop()
        note(rows[2].key, "2026-12-06")
        reminding.stop_dealt_with(danish("2026-12-01 09:00"))
        states = dict(
            OutboxMail.objects.filter(occasion__endswith="2026-12-08/7").values_list("occasion", "state")
        )
        assert [states[f"reminder/{row.key}/7"] for row in rows] == ["cancelled"] * 3 + ["queued"]
        assert Reminder.objects.get().key == rows[3].key

    def test_taken_note_of_until_a_day(self, dates: Dates) -> None:
        deadline = dates.put("2026-12-08", [factories.person()])
        note(deadline.key, "2026-12-05")
        assert [len(remind(on)) for on in ("2026-12-01", "2026-12-04", "2026-12-05", "2026-12-06")] == [
            0,
            0,
            1,
            0,
        ]

    def test_one_of_several_is_gone_and_the_rest_is_told_anew(self, dates: Dates) -> None:
        ann = factories.person()
        gone, _ = dates.put("2026-12-08", [ann], 1), dates.put("2026-12-08", [ann], 2)
        (both,) = remind("2026-12-01")
        dates.remove(gone)
        reminding.stop_dealt_with(danish("2026-12-01 09:00"))
        both.refresh_from_db()
        assert both.state == MailState.QUEUED, (
            "the rest of it still holds, and nobody would tell it before tomorrow"
        )
        (rest,) = remind("2026-12-02")
        both.refresh_from_db()
        assert both.state == MailState.CANCELLED
        assert rest.subject == "Om 6 dage: Certifikat 2: Udløber"

    def test_cancelled_and_back_again_it_is_sent(self, dates: Dates) -> None:
        deadline = dates.put("2026-12-08", [factories.person()])
        remind("2026-12-01")
        dates.clear()
        remind("2026-12-01")
        assert OutboxMail.objects.get().state == MailState.CANCELLED
        dates.append(deadline)
        remind("2026-12-01")
        assert OutboxMail.objects.get().state == MailState.QUEUED

    def test_what_somebody_stopped_by_hand_is_not_sent_again(self, dates: Dates) -> None:
        dates.put("2026-12-08", [factories.person()])
        (row,) = remind("2026-12-01")
        mail.stop(row, actor=factories.user())
        assert remind("2026-12-02") == []
        row.refresh_from_db()
        assert row.state == MailState.CANCELLED

    def test_looking_costs_one_query_when_nothing_waits(
        self, dates: Dates, django_assert_num_queries: Any
    ) -> None:
        with django_assert_num_queries(1):
            reminding.stop_dealt_with(danish("2026-12-01 09:00"))


class TestMonday:
    @pytest.fixture
    def ann(self) -> Any:
        person = factories.person(name="Ann")
        ReminderPreference.objects.create(person=person, digest=True)
        return person

    def test_one_mail_on_monday_and_none_between(self, dates: Dates, ann: Any) -> None:
        ran("2026-11-30")
        for number, on in enumerate(("2026-11-20", "2026-12-08", "2026-12-31", "2027-02-01")):
            dates.put(on, [ann], number)
        ReminderRule.objects.create(kind=KIND, escalate_after=99)
        assert [len(remind(f"2026-12-0{on}")) for on in range(1, 7)] == [0] * 6
        (row,) = remind("2026-12-07", times=3)
        assert told([row]) == [(ann.email, "Ugens frister: 3 frister, 1 overskredet")]
        assert (
            row.text.index("OVERSKREDET") < row.text.index("DENNE UGE") < row.text.index("DE NÆSTE 30 DAGE")
        )
        assert row.occasion == f"reminder/digest-2026-12-07/person/{ann.pk}"

    def test_made_up_for_when_monday_was_missed(self, dates: Dates, ann: Any) -> None:
        ran("2026-12-04")
        dates.put("2026-12-20", [ann])
        assert len(remind("2026-12-09")) == 1
        ran("2026-12-09")
        assert remind("2026-12-10") == []

    def test_nothing_to_tell_no_mail(self, dates: Dates, ann: Any) -> None:
        dates.put("2027-02-01", [ann])
        assert remind("2026-12-07") == []

    def test_each_persons_own(self, dates: Dates, ann: Any) -> None:
        """One person's mail is not taken back with another's."""
        bo = factories.person()
        ReminderPreference.objects.create(person=bo, digest=True)
        gone = dates.put("2026-12-10", [ann], 1)
        dates.put("2026-12-10", [bo], 2)
        assert len(remind("2026-12-07")) == 2
        dates.remove(gone)
        reminding.stop_dealt_with(danish("2026-12-07 08:00"))
        assert list(OutboxMail.objects.order_by("address").values_list("address", "state")) == sorted(
            [(ann.email, "cancelled"), (bo.email, "queued")]
        )


class TestEscalation:
    def test_foi_hears_who_was_told_and_when(self, dates: Dates) -> None:
        dates.put("2026-12-08", [factories.person(name="Ann")])
        remind("2026-12-01")
        OutboxMail.objects.update(state="sent", sent_at=timezone.now(), settled_at=timezone.now())
        remind("2026-12-09")
        (row,) = (row for row in remind("2026-12-15", times=2) if row.occasion.endswith("escalation"))
        assert told([row]) == [(FOI, "Intet er sket: Certifikat 1: Udløber")]
        assert "- Ann, 1. dec. 2026 (sendt)" in row.text
        assert "- Ann, 9. dec. 2026 (venter på at blive sendt)" in row.text
        assert not [row for row in remind("2026-12-16") if row.occasion.endswith("escalation")]


class TestMarkup:
    def test_is_escaped_in_html_and_no_line_break_gets_into_a_subject(self, dates: Dates) -> None:
        evil = "<script>alert(1)</script>\r\nBcc: alle@example.org"
        ann = factories.person(name="Ann <b>")
        dates.put("2026-12-08", [ann], subject=evil, title="<b>Ud</b>", note="<img src=x>")
        (row,) = remind("2026-12-01")
        assert row.subject == "Om 7 dage: <script>alert(1)</script> Bcc: alle@example.org: <b>Ud</b>"
        assert "<script" not in row.html
        assert "<img" not in row.html
        assert "&lt;b&gt;Ud&lt;/b&gt;" in row.html
        assert "<script>alert(1)</script>" in row.text
        assert "&lt;" not in row.text

    def test_only_what_one_may_do_is_offered(self, dates: Dates) -> None:
        """FOI's mailbox is offered everything, a person what the group allows."""
        acts = (Act("Forny", "/forny/", "registry.change_certificate"), Act("Se efter", "/se/"))
        reader, editor = (factories.person(user=factories.member(group)) for group in (READER, "FOI"))
        nobody = factories.person()
        for people in ([reader, editor, nobody], []):
            dates.put("2026-12-08", people, len(people), acts=acts)
        offered = {row.recipient_key: "/forny/" in row.text for row in remind("2026-12-01")}
        assert offered == {
            f"person/{reader.pk}": False,
            f"person/{editor.pk}": True,
            f"person/{nobody.pk}": False,
            "foi": True,
        }

    def test_links_are_whole(self, dates: Dates, settings: Any) -> None:
        settings.SITE_URL = "https://foi.example.dk"
        dates.put("2026-12-08", [factories.person()])
        (row,) = remind("2026-12-01")
        for part in (row.text, row.html):
            assert "https://foi.example.dk/x/1/forny/" in part
            assert "https://foi.example.dk/udloeb/mine-paamindelser/" in part
        assert 'href="/' not in row.html

    def test_a_long_list_is_cut_and_counted(self, dates: Dates) -> None:
        ann = factories.person()
        for number in range(75):
            dates.put("2026-12-08", [ann], number)
        (row,) = remind("2026-12-01")
        assert row.subject == "75 frister, den første om 7 dage"
        assert row.text.count("\n* ") == 60
        assert "Og 15 til." in row.text
        assert Reminder.objects.count() == 75


class TestSize:
    def test_reading_takes_the_same_queries_and_each_mail_a_few(self, dates: Dates) -> None:
        def queries(count: int, on: str) -> int:
            dates.clear()
            OutboxMail.objects.all().delete()
            for number in range(count):
                dates.put("2027-01-01", [factories.person(), factories.person()], number)
            with CaptureQueriesContext(connections["default"]) as caught:
                reminding.remind(danish(f"{on} 07:00"))
            return len(caught)

        nothing = queries(0, "2026-12-01")
        assert queries(10, "2026-12-01") - nothing <= 20 * 6 + 3
        assert queries(10, "2026-09-01") == queries(40, "2026-09-01"), "nothing to write"
        assert nothing < 30

    def test_the_same_for_what_lies_ahead(self, dates: Dates) -> None:
        def queries(count: int) -> int:
            for number in range(count):
                dates.put("2027-01-01", [factories.person()], number)
            with CaptureQueriesContext(connections["default"]) as caught:
                assert len(reminding.ahead(danish("2026-12-01 12:00"))) >= count
            return len(caught)

        assert queries(2) == queries(20)


class TestAhead:
    def test_says_what_will_be_sent(self, dates: Dates) -> None:
        """What is foretold is what the next thirty mornings then write."""
        ann, bo = factories.person(name="Ann"), factories.person(name="Bo")
        ReminderPreference.objects.create(person=bo, digest=True)
        Absence.objects.create(person=ann, since=day("2026-12-10"), until=day("2026-12-20"), stand_in=bo)
        for number, on in enumerate(("2026-11-28", "2026-12-08", "2026-12-15", "2027-01-04", "2027-02-20")):
            dates.put(on, [ann, bo][: 1 + number % 2], number)
        note(dates[2].key, "2026-12-12")
        remind("2026-12-01")
        foretold = [
            (str(one.on), one.letter.key, len(one.letter.lines))
            for one in reminding.ahead(danish("2026-12-01 08:00"))
        ]
        came = []
        for ahead in range(30):
            morning = day("2026-12-02") + datetime.timedelta(days=ahead)
            ran(str(morning - datetime.timedelta(days=1)))
            came += [(str(morning), row.recipient_key, row.reminders.count()) for row in remind(str(morning))]
        assert foretold == came
        assert len(came) > 8

    def test_nothing_when_there_is_nothing(self, dates: Dates) -> None:
        assert reminding.ahead(timezone.now()) == []

    def test_asks_what_is_open_today_and_falls_late_enough(self, dates: Dates) -> None:
        reminding.ahead(danish("2026-12-01 08:00"))
        assert dates.asked == (day("2026-12-02"), day("2027-04-01"))


def test_send_due_does_it_without_celery(
    dates: Dates, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = True
    soon = timezone.localdate() + datetime.timedelta(days=5)
    dates.put(str(soon), [factories.person()])
    for _ in range(2):
        call_command("send_due")
    (sent,) = django_mail.outbox
    assert sent.subject == "Om 5 dage: Certifikat 1: Udløber"
    assert ScheduledJob.objects.get(name="reminders").summary == "1 skrevet"


@pytest.mark.django_db(transaction=True)
def test_send_due_counts_the_mails_of_its_jobs(dates: Dates, settings: Any, capsys: Any) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = True
    dates.put(str(timezone.localdate() + datetime.timedelta(days=5)), [factories.person()])
    call_command("send_due")
    assert "Mails: 1 sendt" in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_two_at_once_write_each_once(dates: Dates) -> None:
    people = [factories.person() for _ in range(20)]
    for number in range(40):
        dates.put("2026-12-08", [people[number % 20]], number)
    gate = threading.Barrier(4)

    def run() -> None:
        gate.wait()
        reminding.remind(danish("2026-12-01 07:00"))
        connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert OutboxMail.objects.count() == 20
    assert Reminder.objects.count() == 40


def page(url: str) -> str:
    """A page as FOI sees it."""
    return factories.client().get(url).content.decode()


def note(key: str, until: str) -> None:
    """Somebody takes note of a deadline."""
    values = {"title": "Udløber", "reason": "Vi venter", "by": factories.user()}
    Acknowledgement.objects.create(key=key, until=day(until), **values)


def ran(on: str) -> None:
    """The job succeeded on the day."""
    moment = danish(f"{on} 07:00")
    ScheduledJob.objects.update_or_create(
        name=reminding.NAME,
        defaults={"schedule": str(reminding.SCHEDULE), "due_at": moment, "last_success_at": moment},
    )
