"""Sending to a real mail server, which refuses, hangs and hangs up; and taking back what dead senders left."""

from __future__ import annotations

import smtplib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.utils import timezone

from foi_portal.core import mail, tasks
from foi_portal.core.mail import delivery, outbox, smtp
from foi_portal.core.mail.smtp import Patience
from foi_portal.core.models import MailEvent, MailState, OutboxMail
from tests.smtp import MailServer, mail_server, use

pytestmark = pytest.mark.django_db
HASTY = Patience(answer=1, mail=2, whole=20)


@pytest.fixture
def server(settings) -> Iterator[MailServer]:
    with mail_server() as running:
        use(settings, running)
        yield running


@pytest.fixture(autouse=True)
def _server_is_not_known_to_be_away(monkeypatch):
    monkeypatch.setattr(delivery, "_not_before", float("-inf"))


def write(address: str = "bo@example.org", **values: Any) -> OutboxMail:
    defaults: dict[str, Any] = {
        "occasion": "test",
        "subject": "Æble",
        "text": "Grød\n.\nmere",
        "html": "<p>Grød</p>",
    }
    return mail.enqueue(to=mail.Recipient(address, "Bo Ås"), **defaults | values)


def again(row: OutboxMail) -> None:
    """Its next attempt is due."""
    OutboxMail.objects.filter(pk=row.pk, state="queued").update(next_attempt_at=timezone.now())


def told(row: OutboxMail) -> tuple[str, str]:
    row.refresh_from_db()
    return row.state, row.error


class TestSent:
    def test_it_arrives_whole(self, server, settings):
        settings.DEFAULT_FROM_EMAIL = "foi@example.dk"
        row = write()
        assert str(delivery.deliver()) == "1 sendt"
        (taken,) = server.taken
        row.refresh_from_db()
        assert (taken.sender, taken.recipient, taken.message_id) == (
            "foi@example.dk",
            row.address,
            row.message_id,
        )
        assert taken.message["Subject"] == "Æble"
        text, html = (part.get_content() for part in taken.message.iter_parts())
        assert text.splitlines() == ["Grød", ".", "mere"]
        assert html.strip() == "<p>Grød</p>"
        assert (row.state, row.attempts, row.claim) == (MailState.SENT, 1, None)
        assert row.events.get().detail == f"127.0.0.1:{server.port}"

    def test_many_go_over_one_connection_and_each_once(self, server):
        for n in range(60):
            write(f"n{n}@example.org")
        assert delivery.deliver().sent == 60
        assert sorted(server.recipients) == sorted(f"n{n}@example.org" for n in range(60))
        assert server.connections == 2

    def test_a_round_ends_when_its_time_is_up_and_says_that_there_is_more(self, server, monkeypatch):
        for n in range(3):
            write(f"n{n}@example.org")
        done = delivery.deliver(Patience(answer=1, mail=2, whole=-1))
        assert (done.sent, done.more) == (1, True)
        nudged: list[Any] = []
        monkeypatch.setattr(delivery, "deliver", lambda: done)
        monkeypatch.setattr("foi_portal.core.nudging.nudge", nudged.append)
        tasks.send_mail()
        assert nudged == [tasks.send_mail]

    def test_send_due_sends_all_of_it(self, server, monkeypatch):
        monkeypatch.setattr(delivery, "WORKER", Patience(answer=1, mail=2, whole=-1))
        for n in range(3):
            write(f"n{n}@example.org")
        assert delivery.deliver_all().sent == 3

    def test_where_there_is_no_mail_server_it_says_so(self):
        row = write()
        delivery.deliver()
        assert told(row) == (MailState.SENT, "")
        assert row.events.get().detail == "kun skrevet i loggen"


class TestRefused:
    @pytest.mark.parametrize(
        ("address", "error", "detail"),
        [
            ("550@example.org", "afviser modtagerens adresse", "550 5.1.1 <550@example.org> says no"),
            ("554@example.org", "afviser mailens indhold", "554 5.7.1 Looks like spam"),
        ],
    )
    def test_5xx_is_final_and_told(self, server, address, error, detail):
        row = write(address)
        assert str(delivery.deliver()) == "0 sendt, 1 opgivet"
        assert told(row)[0] == MailState.FAILED
        assert error in row.error
        assert row.error_detail == detail
        assert row.settled_at is not None
        event = row.events.get()
        assert (event.what, event.detail) == ("failed", detail)
        again(row)
        delivery.deliver()
        assert row.attempts == 1

    def test_it_does_not_keep_the_others_waiting(self, server):
        for address in ("550@example.org", "bo@example.org", "451@example.org", "eva@example.org"):
            write(address)
        assert str(delivery.deliver()) == "2 sendt, 1 udskudt, 1 opgivet"

    def test_451_is_tried_again_later_and_then_arrives(self, server):
        row = write("451@example.org")
        for attempts in (1, 2, 3):
            again(row)
            delivery.deliver()
            assert told(row) == (MailState.QUEUED, "Mailserveren kan ikke tage imod mailen lige nu.")
            assert row.attempts == attempts
        wait = row.next_attempt_at - timezone.now()
        assert timedelta(seconds=80) < wait < timedelta(seconds=150)
        assert [event.what for event in row.events.all()] == ["deferred"], "the same trouble is told once"
        assert delivery.deliver().sent == 0, "it is not due yet"
        server.kind = "takes all"
        again(row)
        delivery.deliver()
        assert told(row) == (MailState.SENT, "")
        assert server.taken[0].message_id == row.message_id

    def test_after_three_days_it_is_given_up(self, server):
        row = write("451@example.org")
        OutboxMail.objects.update(queued_at=timezone.now() - timedelta(days=3), attempts=140)
        delivery.deliver()
        assert told(row) == (
            MailState.FAILED,
            "Opgivet efter 3 dage: Mailserveren kan ikke tage imod mailen lige nu.",
        )

    def test_a_mail_that_no_message_can_be_made_of_is_final(self, server, settings):
        settings.DEFAULT_FROM_EMAIL = "foi@example.dk\nBcc: x@example.org"
        row = write()
        delivery.deliver()
        assert told(row) == (MailState.FAILED, "Mailen kan ikke skrives som en gyldig besked.")


class TestServerAway:
    """Trouble that is not the mail's: it waits, and the rest is not even tried."""

    @pytest.mark.parametrize(
        ("kind", "error"),
        [
            ("hang", "Mailserveren svarede ikke i tide."),
            ("drop", "Mailserveren afbrød forbindelsen."),
            ("late", "Mailserveren afbrød forbindelsen."),
            ("refuses", "Mailserveren kan ikke nås."),
            ("silent", "Mailserveren svarede ikke i tide."),
            ("busy", "Mailserveren vil ikke tage imod mails lige nu."),
            ("password", "Mailserveren afviser portalens brugernavn eller adgangskode."),
            ("no such host", "Mailserveren kan ikke nås."),
        ],
    )
    def test_the_mail_waits_and_the_round_ends(self, server, settings, kind, error):
        silent = socket.create_server(("127.0.0.1", 0))  # takes connections, says nothing
        if kind == "refuses":
            settings.EMAIL_PORT = 1
        elif kind == "silent":
            settings.EMAIL_PORT = silent.getsockname()[1]
        elif kind == "no such host":
            settings.EMAIL_HOST = "mail.invalid"
        elif kind == "busy":
            server.greeting = "554 no service"
        elif kind == "password":
            server.signed_in_only = True
        else:
            server.kind = kind
        rows = [write(), write("eva@example.org")]
        done = delivery.deliver(HASTY)
        silent.close()
        assert done.server_away
        assert (done.sent, done.later) == (0, 1)
        assert told(rows[0]) == (MailState.QUEUED, error)
        assert rows[0].waits_for_server
        assert (told(rows[1]), rows[1].attempts) == ((MailState.QUEUED, ""), 0)

    def test_a_server_that_answers_slowly_is_not_waited_for_longer_than_a_mail_may_take(self, settings):
        """Each answer comes within the time for one, but there are five of them."""

        def dawdle(listener: socket.socket) -> None:
            peer, _ = listener.accept()
            with peer:
                for _ in range(9):
                    time.sleep(0.7)
                    with suppress(OSError):
                        peer.sendall(b"250 ok\r\n")

        with socket.create_server(("127.0.0.1", 0)) as listener:
            settings.EMAIL_BACKEND = smtp.SMTP
            settings.EMAIL_HOST, settings.EMAIL_PORT = listener.getsockname()
            threading.Thread(target=dawdle, args=[listener], daemon=True).start()
            row = write()
            began = time.monotonic()
            assert delivery.deliver(HASTY).server_away
            assert time.monotonic() - began < 3.5
        assert told(row)[0] == MailState.QUEUED

    def test_when_the_server_is_back_what_waited_for_it_is_sent_at_once(self, server):
        server.kind = "drop"
        waited = write()
        delivery.deliver()
        refused = write("451@example.org")
        OutboxMail.objects.filter(pk=refused.pk).update(next_attempt_at=timezone.now() + timedelta(hours=1))
        server.kind = ""
        assert delivery.deliver().sent == 0
        write("eva@example.org")
        assert delivery.deliver().sent == 2
        assert told(waited)[0] == MailState.SENT
        assert told(refused)[0] == MailState.QUEUED

    def test_a_mail_that_was_taken_but_not_acknowledged_comes_again_with_the_same_identity(self, server):
        row = write("late@example.org")
        delivery.deliver()
        server.kind = "takes all"
        again(row)
        delivery.deliver()
        assert [taken.message_id for taken in server.taken] == [row.message_id] * 2
        assert told(row)[0] == MailState.SENT

    def test_a_page_waits_a_little_the_first_time_and_then_not_at_all(self, server, monkeypatch):
        server.kind = "hang"
        monkeypatch.setattr(delivery, "INLINE", HASTY)
        for n in range(3):
            write(f"n{n}@example.org")
        began = time.monotonic()
        delivery.deliver_inline()
        assert time.monotonic() - began < 2
        began = time.monotonic()
        delivery.deliver_inline()
        assert time.monotonic() - began < 0.1
        assert sum(server.tried.values()) == 1

    def test_a_hundred_mails_in_a_page_do_not_take_a_hundred_times_as_long(
        self, server, settings, monkeypatch, django_capture_on_commit_callbacks
    ):
        settings.CELERY_TASK_ALWAYS_EAGER = True
        server.pause = 0.1
        monkeypatch.setattr(delivery, "INLINE", Patience(answer=1, mail=2, whole=0))
        began = time.monotonic()
        with django_capture_on_commit_callbacks(execute=True):
            for n in range(30):
                write(f"n{n}@example.org")
        assert time.monotonic() - began < 2
        assert len(server.taken) == 1

    def test_the_promise_to_whoever_waits_for_a_page_is_four_seconds(self):
        assert smtp.INLINE.mail <= 4
        assert smtp.INLINE.whole <= 4

    def test_a_mail_takes_less_time_than_postgresql_lets_a_transaction_idle(self):
        assert smtp.WORKER.mail + smtp.WORKER.answer < 60


class TestJudge:
    def test_a_fault_of_our_own_is_logged_and_the_mail_kept(self, caplog):
        verdict = smtp.judge(KeyError("oh"))
        assert (verdict.what, verdict.server) == ("later", False)
        assert "fejl i portalen" in verdict.error
        assert "could not be sent" in caplog.text

    @pytest.mark.parametrize(
        ("code", "what", "server"),
        [
            (421, "later", True),
            (450, "later", False),
            (552, "never", False),
            (530, "later", True),
            (-1, "later", False),
        ],
    )
    def test_codes(self, code, what, server):
        verdict = smtp.judge(smtplib.SMTPSenderRefused(code, b"said \xff", "foi@example.dk"))
        assert (verdict.what, verdict.server) == (what, server)
        assert verdict.detail == f"{code} said \ufffd"


class TestDeadSenders:
    def left(self, seconds: float) -> OutboxMail:
        """A mail whose sender took it so long ago and was never heard of since."""
        row = write()
        assert delivery._take() is not None
        OutboxMail.objects.update(claimed_at=timezone.now() - timedelta(seconds=seconds))
        return row

    def test_what_a_dead_sender_left_is_sent(self, server):
        row = self.left(100)
        assert delivery.deliver().sent == 0
        assert delivery.sweep(timezone.now()) == 1
        assert told(row) == (MailState.QUEUED, "Afsendelsen blev afbrudt. Modtageren kan have fået mailen.")
        assert delivery.deliver().sent == 1
        assert [event.what for event in row.events.order_by("pk")] == ["interrupted", "sent"]

    def test_what_was_taken_just_now_is_left_to_its_sender(self):
        row = self.left(1)
        assert delivery.sweep(timezone.now()) == 0
        assert told(row)[0] == MailState.SENDING

    def test_a_mail_that_is_interrupted_again_and_again_must_wait(self):
        row = write()
        OutboxMail.objects.update(attempts=4)
        assert delivery._take() is not None
        delivery.sweep(timezone.now() + timedelta(seconds=100))
        row.refresh_from_db()
        assert row.next_attempt_at > timezone.now() + timedelta(minutes=1)

    def test_a_sender_that_was_given_up_writes_nothing(self, server):
        row = write()
        taken = delivery._take()
        assert taken is not None
        OutboxMail.objects.update(claim="00000000-0000-0000-0000-000000000001")
        delivery._settle(taken, smtp.Verdict("sent"))
        assert told(row)[0] == MailState.SENDING
        assert not MailEvent.objects.exists()

    def test_the_sweep_takes_back_and_has_it_sent(self, server, settings):
        settings.CELERY_TASK_ALWAYS_EAGER = True
        row = self.left(100)
        assert tasks.sweep_mail(timezone.now()) == "1 efterladt"
        assert told(row)[0] == MailState.SENT

    def test_a_database_that_goes_away_leaves_the_mail_for_the_sweep(self, server, monkeypatch):
        row = write()

        def gone(*_args: object, **_values: object) -> None:
            raise OperationalError("server closed the connection")

        monkeypatch.setattr(delivery, "_settle", gone)
        delivery.deliver()
        assert told(row)[0] == MailState.SENDING


@pytest.mark.django_db(transaction=True)
class TestSeveralSenders:
    @pytest.fixture(autouse=True)
    def _nobody_is_told(self, monkeypatch):
        monkeypatch.setattr(outbox, "nudge", lambda: None)

    def test_eight_senders_send_each_mail_once(self, server):
        for n in range(80):
            write(f"n{n}@example.org")
        server.pause = 0.005
        gate = threading.Barrier(8)

        def work() -> None:
            gate.wait()
            delivery.deliver()
            connections.close_all()

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(server.recipients) == sorted(f"n{n}@example.org" for n in range(80))
        assert set(OutboxMail.objects.values_list("state", flat=True)) == {"sent"}

    @pytest.mark.postgres
    def test_a_sender_at_work_is_left_alone_however_long_it_takes(self, server):
        row = write()
        server.pause = 1.0

        def work() -> None:
            delivery.deliver()
            connections.close_all()

        worker = threading.Thread(target=work)
        worker.start()
        until = time.monotonic() + 5
        while not server.tried and time.monotonic() < until:
            time.sleep(0.02)
        assert delivery.sweep(timezone.now() + timedelta(minutes=10)) == 0
        with pytest.raises(mail.Refused):
            mail.resend(OutboxMail.objects.get(), actor=None)  # type: ignore[arg-type]
        worker.join()
        assert told(row)[0] == MailState.SENT
        assert len(server.taken) == 1

    @pytest.mark.postgres
    def test_two_at_once_write_the_same_mail_once(self):
        gate = threading.Barrier(6)

        def work() -> None:
            gate.wait()
            write()
            connections.close_all()

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert OutboxMail.objects.count() == 1


def test_sending_inside_a_transaction_is_a_fault():
    """It could be rolled back when the mail is gone."""
    write()
    with pytest.raises(RuntimeError, match="durable"), _not_a_test():
        delivery.deliver()


class _not_a_test:  # noqa: N801  (reads as one word)
    """Inside, the transaction that the test runs in counts as any other."""

    def __enter__(self) -> None:
        self.blocks: list[Any] = list(connection.atomic_blocks)
        self.before = [block._from_testcase for block in self.blocks]
        for block in self.blocks:
            block._from_testcase = False

    def __exit__(self, *exc: object) -> None:
        for block, value in zip(self.blocks, self.before, strict=True):
            block._from_testcase = value
