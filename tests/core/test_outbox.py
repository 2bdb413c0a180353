"""The outbox: a mail is written with its cause, once per occasion and recipient, and can be stopped or sent again."""

from __future__ import annotations

import datetime
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as django_mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from foi_portal.core import mail
from foi_portal.core.mail import composing, delivery, retention
from foi_portal.core.mail.smtp import Verdict
from foi_portal.core.models import MailEvent, MailState, OutboxMail
from tests import factories

pytestmark = pytest.mark.django_db
BO = mail.Recipient("bo@example.org", "Bo Ås", key="person/1")


@pytest.fixture(autouse=True)
def _no_workers(settings, monkeypatch):
    settings.CELERY_TASK_ALWAYS_EAGER = True
    monkeypatch.setattr(delivery, "_not_before", float("-inf"))


def write(**values: Any) -> OutboxMail:
    """A mail in the outbox."""
    defaults: dict[str, Any] = {"occasion": "test/1", "to": BO, "subject": "Emne", "text": "Tekst"}
    return mail.enqueue(**defaults | values)


def state(row: OutboxMail) -> str:
    row.refresh_from_db()
    return row.state


def events(row: OutboxMail) -> list[str]:
    """What has happened to it, oldest first."""
    return list(row.events.order_by("pk").values_list("what", flat=True))


class TestWriting:
    def test_a_mail_is_a_row_that_waits(self):
        row = write(html="<p>Tekst</p>", about=factories.system(code="CURA", name="Cura"))
        row.refresh_from_db()
        assert (row.state, row.attempts, row.recipient) == (MailState.QUEUED, 0, "Bo Ås (bo@example.org)")
        assert (row.about, row.about_url) == ("Cura", "/fagsystemer/CURA/")
        assert OutboxMail.objects.due(timezone.now()).get() == row
        assert django_mail.outbox == []

    def test_the_same_occasion_and_recipient_is_the_same_mail(self):
        first = write()
        assert write(subject="Et andet emne").pk == first.pk
        assert OutboxMail.objects.get().subject == "Emne"

    def test_another_occasion_or_recipient_is_another(self):
        write()
        write(occasion="test/2")
        write(to="karin@example.org")
        assert OutboxMail.objects.count() == 3

    def test_a_recipient_is_known_by_key_when_the_address_changes(self):
        write()
        write(to=mail.Recipient("ny@example.org", "Bo Ås", key="person/1"))
        assert OutboxMail.objects.get().address == "bo@example.org"

    def test_without_a_key_by_address_in_any_case(self):
        write(to="Bo@Example.org")
        write(to="bo@example.org ")
        assert OutboxMail.objects.count() == 1

    def test_the_database_refuses_a_double_too(self):
        row = write()
        values = {"occasion": row.occasion, "recipient_key": row.recipient_key, "address": "x@example.org"}
        with pytest.raises(IntegrityError, match=r"mail_once|UNIQUE"), transaction.atomic():
            OutboxMail.objects.create(**values, message_id="<other>")

    @pytest.mark.parametrize("to", ["", mail.Recipient("", ""), mail.Recipient("\r\n")])
    def test_nobody_at_all_is_a_fault_of_the_caller(self, to):
        with pytest.raises(ValueError, match="recipient"):
            write(to=to)

    @pytest.mark.parametrize("occasion", ["", "x" * 201])
    def test_so_is_an_occasion_that_cannot_be_kept(self, occasion):
        with pytest.raises(ValueError, match="occasion"):
            write(occasion=occasion)

    def test_each_has_an_identity_of_its_own_at_the_portals_host(self, settings):
        settings.SITE_URL = "https://foi.example.dk:8443"
        ids = {write(occasion=f"test/{n}").message_id for n in range(3)}
        assert len(ids) == 3
        assert all(value.endswith("@foi.example.dk>") for value in ids)


class TestRolledBack:
    def test_what_is_rolled_back_has_no_mail(self):
        with transaction.atomic():
            write()
            transaction.set_rollback(True)
        assert not OutboxMail.objects.exists()

    def test_a_mail_that_is_there_already_wakes_nobody(self, django_capture_on_commit_callbacks):
        write()
        with django_capture_on_commit_callbacks() as callbacks:
            write()
        assert callbacks == []


class TestBadInput:
    @pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\u2028", "\x85", "\x0b", "\x00"])
    def test_a_line_break_in_a_subject_or_a_name_is_a_blank(self, break_, django_capture_on_commit_callbacks):
        evil = f"Hej{break_}Bcc: alle@example.org"
        with django_capture_on_commit_callbacks(execute=True):
            row = write(subject=evil, to=mail.Recipient("bo@example.org", evil))
        (sent,) = django_mail.outbox
        parsed = sent.message()
        assert row.subject == "Hej Bcc: alle@example.org"
        assert parsed["Subject"] == "Hej Bcc: alle@example.org"
        assert parsed["Bcc"] is None
        assert sent.recipients() == ['"Hej Bcc: alle@example.org" <bo@example.org>']

    @pytest.mark.parametrize(
        "address",
        [
            "bo",
            "bo@",
            "bo@x y.dk",
            "bo@example.org, eva@example.org",
            "bø@example.org",
            "bo@example.org\nBcc:x@y.dk",
            "x" * 260 + "@example.org",
        ],
    )
    def test_an_address_that_is_none_gives_a_row_that_says_so(self, address):
        row = write(to=mail.Recipient(address, "Bo"))
        assert (row.state, row.error) == (MailState.FAILED, composing.BAD_ADDRESS)

    def test_so_does_no_address_and_two_people_without_one_are_two(self):
        rows = [write(to=mail.Recipient("", name, key=key)) for name, key in (("Bo", "p/1"), ("Bo", "p/2"))]
        assert {row.pk for row in rows} == set(OutboxMail.objects.values_list("pk", flat=True))
        assert {(row.state, row.error) for row in rows} == {(MailState.FAILED, composing.NO_ADDRESS)}

    def test_signs_that_no_database_or_mail_can_hold_are_left_out(self):
        row = write(text="a\x00b\ud800c\r\nd\x1b\te", subject="x\ud800y")
        row.refresh_from_db()
        assert row.text == "ab?c\nd\te"
        assert row.subject == "x?y"

    def test_a_long_subject_is_cut(self):
        assert write(subject="æ" * 500).subject == "æ" * 199 + "…"

    def test_the_database_refuses_to_queue_without_an_address(self):
        row = write(to=mail.Recipient("", "Bo"))
        with pytest.raises(IntegrityError), transaction.atomic():
            OutboxMail.objects.filter(pk=row.pk).update(state="queued", settled_at=None)


class TestMessage:
    def sent(self, capture: Any, **values: Any) -> Any:
        with capture(execute=True):
            write(**values)
        return django_mail.outbox[-1]

    def test_it_has_text_html_and_the_headers_of_a_mail_nobody_answers(
        self, settings, django_capture_on_commit_callbacks
    ):
        settings.FOI_EMAIL = "foi@example.org"
        sent = self.sent(
            django_capture_on_commit_callbacks,
            to=mail.Recipient("bo@ødense.example", 'Bo "Ø" Ås'),
            html="<p>æ</p>",
        )
        message = sent.message()
        assert message["Reply-To"] == "foi@example.org"
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["Message-ID"] == OutboxMail.objects.get().message_id
        assert "bo@xn--dense-uua.example" in message["To"]
        kinds = [part.get_content_type() for part in message.get_payload()]
        assert kinds == ["text/plain", "text/html"]

    def test_rendered_html_is_escaped_and_text_is_not(self):
        text, html = mail.render("mail/test", {"name": "<b>Bo & Eva</b>"})
        assert "<b>Bo & Eva</b>" in text
        assert "&lt;b&gt;Bo &amp; Eva&lt;/b&gt;" in html
        assert "<b>Bo" not in html

    def test_links_are_whole(self, settings):
        settings.SITE_URL = "https://foi.example.dk"
        assert mail.absolute("/drift/") == "https://foi.example.dk/drift/"


class TestInline:
    """Without Redis."""

    def test_it_is_sent_after_the_commit(self, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            row = write()
            assert django_mail.outbox == []
        assert len(django_mail.outbox) == 1
        assert state(row) == MailState.SENT
        assert events(row) == ["sent"]

    def test_an_unforeseen_fault_is_not_the_pages(
        self, django_capture_on_commit_callbacks, monkeypatch, caplog
    ):
        def fail(*_args: object) -> None:
            raise RuntimeError("oh")

        monkeypatch.setattr(delivery, "deliver", fail)
        with django_capture_on_commit_callbacks(execute=True):
            row = write()
        assert state(row) == MailState.QUEUED
        assert "could not be sent" in caplog.text


class TestCancelling:
    def test_what_waits_is_not_sent_at_any_step_of_the_occasion(self):
        rows = [write(occasion=name) for name in ("a/7", "a/7/30", "a/7/30/x", "a/71/30", "b/7")]
        assert mail.cancel("a/7", reason="Aftalen er fornyet") == 3
        assert [state(row) for row in rows] == ["cancelled"] * 3 + ["queued"] * 2
        event = MailEvent.objects.get(mail=rows[1])
        assert (event.what, event.reason, event.actor) == ("cancelled", "Aftalen er fornyet", None)
        assert mail.cancel("a/7") == 0

    def test_what_is_sent_stays_sent(self):
        row = write()
        delivery.deliver()
        assert mail.cancel("test") == 0
        assert state(row) == MailState.SENT

    def test_the_same_occasion_again_is_queued_anew(self, django_capture_on_commit_callbacks):
        """A matter was dealt with, and then it was not after all."""
        row = write()
        mail.cancel("test/1")
        with django_capture_on_commit_callbacks() as callbacks:
            again = write(subject="Nyt emne")
        assert len(callbacks) == 1
        assert (again.pk, again.state, again.subject) == (row.pk, MailState.QUEUED, "Nyt emne")
        assert events(row) == ["cancelled", "queued"]

    def test_but_not_when_a_person_stopped_it(self):
        row = write()
        mail.stop(row, actor=factories.user(), reason="Forkert modtager")
        write()
        assert state(row) == MailState.CANCELLED

    def test_an_address_that_was_put_right_gets_its_mail(self):
        row = write(to=mail.Recipient("", "Bo", key="p/1"))
        write(to=mail.Recipient("", "Bo", key="p/1"))
        assert state(row) == MailState.FAILED
        write(to=mail.Recipient("bo@example.org", "Bo", key="p/1"))
        assert (state(row), row.error) == (MailState.QUEUED, "")

    def test_what_failed_for_good_is_not_tried_again_at_the_same_address(self):
        row = write()
        OutboxMail.objects.update(state="failed", settled_at=timezone.now(), attempts=1)
        write()
        assert state(row) == MailState.FAILED

    def test_a_mail_cancelled_while_it_is_sent_is_not_tried_again(self):
        row = write()
        taken = delivery._take()
        assert taken is not None
        assert mail.cancel("test") == 0
        delivery._settle(taken, Verdict("later", "Ikke nu"))
        assert state(row) == MailState.CANCELLED

    def test_and_is_sent_if_it_is_taken(self):
        row = write()
        taken = delivery._take()
        assert taken is not None
        mail.cancel("test")
        delivery._settle(taken, Verdict("sent"))
        assert state(row) == MailState.SENT


class TestSendingAgain:
    def failed(self, **values: Any) -> OutboxMail:
        row = write(**values)
        now = timezone.now()
        OutboxMail.objects.filter(pk=row.pk).update(
            state="failed", settled_at=now, attempts=3, error="Afvist"
        )
        row.refresh_from_db()
        return row

    def test_what_failed_is_sent_with_the_same_identity_and_says_who_and_why(
        self, django_capture_on_commit_callbacks
    ):
        row, karin = self.failed(), factories.user()
        with django_capture_on_commit_callbacks(execute=True):
            mail.resend(row, actor=karin, reason="Postkassen er oprettet")
        before = row.message_id
        assert state(row) == MailState.SENT
        assert row.message_id == before
        event = row.events.order_by("pk")[0]
        assert (event.what, event.actor, event.reason) == ("queued", karin, "Postkassen er oprettet")

    def test_what_was_sent_gets_a_new_identity(self, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            row = write()
        row.refresh_from_db()
        before = row.message_id
        with django_capture_on_commit_callbacks(execute=True):
            mail.resend(row, actor=factories.user())
        row.refresh_from_db()
        assert len(django_mail.outbox) == 2
        assert row.message_id != before

    def test_what_waits_for_its_next_attempt_is_tried_now(self):
        row = write()
        later = timezone.now() + timedelta(minutes=20)
        OutboxMail.objects.update(next_attempt_at=later, attempts=4)
        row.refresh_from_db()
        mail.resend(row, actor=factories.user())
        row.refresh_from_db()
        assert row.next_attempt_at < later
        assert row.attempts == 4

    def test_of_two_people_one_sends_it_again(self):
        row, same = self.failed(), OutboxMail.objects.get()
        mail.resend(row, actor=factories.user())
        with pytest.raises(mail.Refused, match="ændret, siden du så den"):
            mail.resend(same, actor=factories.user())

    def test_what_is_being_sent_is_not_sent_again(self):
        row = write()
        assert delivery._take() is not None
        with pytest.raises(mail.Refused, match="ved at blive sendt"):
            mail.resend(row, actor=factories.user())

    def test_without_an_address_or_content_it_is_refused(self):
        row = write(to=mail.Recipient("", "Bo"))
        with pytest.raises(mail.BadAddress, match="ingen e-mailadresse"):
            mail.resend(row, actor=factories.user())
        with pytest.raises(mail.BadAddress, match="kan ikke bruges"):
            mail.resend(row, actor=factories.user(), address="bo@example.org\nBcc: x@y.dk")
        row = self.failed(occasion="test/2")
        OutboxMail.objects.filter(pk=row.pk).update(emptied_at=timezone.now())
        with pytest.raises(mail.Refused, match="indhold er slettet"):
            mail.resend(row, actor=factories.user())

    def test_an_address_can_be_put_right_on_the_way(self, django_capture_on_commit_callbacks):
        row = write(to=mail.Recipient("", "Bo", key="person/1"))
        with django_capture_on_commit_callbacks(execute=True):
            mail.resend(row, actor=factories.user(), address=" bo@example.org ")
        assert django_mail.outbox[0].recipients() == ['"Bo" <bo@example.org>']
        assert row.events.order_by("pk")[0].detail == "ingen adresse → bo@example.org"
        assert write(to=mail.Recipient("ny@example.org", "Bo", key="person/1")).pk == row.pk, (
            "still the same mail"
        )

    def test_all_that_failed_is_sent_again_when_it_is_what_the_user_saw(self):
        rows = [self.failed(occasion=f"test/{n}") for n in range(3)]
        write(occasion="x", to=mail.Recipient("", "Bo"))  # cannot be sent at all
        karin = factories.user()
        newest = rows[-1].pk
        with pytest.raises(mail.Refused, match="Der er kommet andre mails til"):
            mail.resend_failed(newest=newest, count=2, actor=karin)
        assert {state(row) for row in rows} == {"failed"}
        assert mail.resend_failed(newest=newest, count=3, actor=karin, reason="Serveren er rettet") == 3
        assert {state(row) for row in rows} == {"queued"}
        assert MailEvent.objects.filter(reason="Serveren er rettet").count() == 3


class TestRetention:
    NOW = datetime.datetime(2030, 1, 1, 12, tzinfo=datetime.UTC)

    def settled(self, days: int, **values: Any) -> OutboxMail:
        row = write(html="<p>x</p>", **values)
        at = self.NOW - timedelta(days=days)
        OutboxMail.objects.filter(pk=row.pk).update(
            state="sent", sent_at=at, settled_at=at, error_detail="250 ok"
        )
        row.refresh_from_db()
        return row

    def test_bodies_are_emptied_after_ninety_days_and_mails_deleted_after_two_years(self):
        young = self.settled(89, occasion="a")
        old = self.settled(91, occasion="b")
        ancient = self.settled(731, occasion="c")
        MailEvent.objects.create(mail=ancient, what="sent")
        waiting = write(occasion="d")
        OutboxMail.objects.filter(pk=waiting.pk).update(created_at=self.NOW - timedelta(days=900))
        assert retention.tidy_up(self.NOW) == "2 tømt, 1 slettet"
        for row in (young, old, waiting):
            row.refresh_from_db()
        assert (young.text, waiting.text) == ("Tekst", "Tekst")
        assert (old.text, old.html, old.error_detail, old.emptied_at) == ("", "", "", self.NOW)
        assert events(old) == ["emptied"]
        assert not OutboxMail.objects.filter(pk=ancient.pk).exists()
        assert retention.tidy_up(self.NOW) == "0 tømt, 0 slettet"

    def test_an_emptied_mail_still_keeps_its_occasion_from_being_sent_again(self):
        row = self.settled(91)
        retention.tidy_up(self.NOW)
        assert write().pk == row.pk
        assert state(row) == MailState.SENT
