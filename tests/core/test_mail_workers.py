"""Real workers, beats, Redis and mail server: what is killed loses nothing, what is away only delays."""

from __future__ import annotations

import datetime
import signal
from collections import Counter
from collections.abc import Iterator

import pytest
from django.utils import timezone

from coordination import reminding
from coordination.models import Caretaker
from foi_portal.core import mail
from foi_portal.core.mail import outbox
from foi_portal.core.models import MailState, OutboxMail, ScheduledJob, User
from foi_portal.core.permissions import FOI
from registry.models import Certificate
from roles.models import Person
from tests import factories
from tests.house.services import Browser, Portal, RedisServer, free_port, wait_for
from tests.smtp import MailServer, mail_server

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.django_db(transaction=True)]
SEND = "foi_portal.core.tasks.send_mail"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis, and two beats that go on ticking through all the tests: one too many, always."""
    folder = tmp_path_factory.mktemp("beats")
    server = RedisServer(folder)
    beats = Portal(server.url, "smtp://127.0.0.1:1", folder)
    for _ in range(2):
        beats.beat()
    yield server
    beats.end()
    server.stop()


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server(pause=0.01) as running:
        yield running


@pytest.fixture
def portal(broker, server, tmp_path, request) -> Iterator[Portal]:
    broker.client.flushall()
    made = Portal(broker.url, f"smtp://127.0.0.1:{server.port}", tmp_path)
    yield made
    made.end()
    print(made.log())  # noqa: T201 - shown when the test fails


@pytest.fixture
def nobody_is_told(monkeypatch) -> None:
    """The test's own process tells no worker: the test does."""
    monkeypatch.setattr(outbox, "nudge", lambda: None)


def write(count: int) -> None:
    for n in range(count):
        mail.enqueue(occasion="test", to=f"n{n}@example.org", subject=f"Mail {n}", text="Tekst")


def remind(count: int) -> None:
    """Reminders of as many certificates that end soon, by the job itself; a beat's worker may run it too."""
    soon = timezone.localdate() + datetime.timedelta(days=5)
    people = Person.objects.bulk_create(Person(name=f"P{n}", email=f"n{n}@example.org") for n in range(count))
    certificates = Certificate.objects.bulk_create(
        Certificate(name=f"C{n}", kind="other", valid_to=soon) for n in range(count)
    )
    Caretaker.objects.bulk_create(
        Caretaker(certificate=one, person=person) for one, person in zip(certificates, people, strict=True)
    )
    reminding.remind(timezone.now())


def waiting() -> int:
    return OutboxMail.objects.exclude(state=MailState.SENT).count()


def test_killed_three_times_in_the_middle_of_two_hundred_reminders(portal, broker, server, nobody_is_told):
    """Before the mail server has the mail, while it gets it, and when it has it and the worker has not heard so."""
    remind(200)
    assert waiting() == 200
    workers = [portal.worker(), portal.worker()]

    def kill(moment: str, number: int) -> None:
        if (moment, number) in (("RCPT", 30), ("DATA", 90), ("TAKEN", 150)):
            for worker in workers:
                worker.kill()
                worker.wait()

    server.at = kill
    for _ in range(3):
        broker.tell(SEND)
        wait_for(lambda: any(worker.poll() is not None for worker in workers))
        workers[:] = [portal.worker()]
    broker.tell(SEND)
    wait_for(lambda: waiting() == 0, 90)

    copies = Counter(server.recipients)
    assert len(copies) == 200, "none is lost"
    assert sum(copies.values()) - 200 <= 3, "a double for each send in flight at a kill, at most"
    identities = {(taken.recipient, taken.message_id) for taken in server.taken}
    assert len(identities) == 200, "a double has the same Message-ID"
    assert not OutboxMail.objects.exclude(state=MailState.SENT).exists()
    assert "0 skrevet" in reminding.remind(timezone.now()), "all that is to be told was told"


def test_told_to_stop_two_workers_finish_what_they_are_at(portal, broker, server, nobody_is_told):
    write(200)
    workers = [portal.worker(), portal.worker()]
    wait_for(lambda: portal.log().count(" ready.") == 2)

    def stop(moment: str, number: int) -> None:
        if (moment, number) == ("DATA", 50):
            for worker in workers:
                worker.send_signal(signal.SIGTERM)

    server.at = stop
    for _ in range(2):
        broker.tell(SEND)
    assert [worker.wait(90) for worker in workers] == [0, 0]
    portal.worker()
    broker.tell(SEND)
    wait_for(lambda: waiting() == 0, 90)
    assert Counter(server.recipients) == Counter({f"n{n}@example.org": 1 for n in range(200)})
    assert set(OutboxMail.objects.values_list("attempts", flat=True)) == {1}


def test_redis_that_refuses_or_hangs_is_not_felt_and_the_mails_come_when_it_is_back(portal, broker, server):
    """Forms are saved while Redis is stopped, and while it is frozen; beats, worker and web go on when it is back."""
    user = factories.member(FOI)
    User.objects.filter(pk=user.pk).update(email="karin@example.org")
    port = free_port()
    portal.web(port)
    portal.worker()
    browser = Browser(port, user)
    wait_for(lambda: portal.log().count(" ready.") == 1)

    browser.look("/drift/")
    took = [browser.press("/drift/proevemail/")]
    wait_for(lambda: len(server.taken) == 1, why="told at once, not by the next sweep", seconds=30)

    broker.stop()
    took += [browser.press("/drift/proevemail/") for _ in range(3)]
    assert waiting() == 3
    broker.start()
    wait_for(lambda: len(server.taken) == 4, 90)

    broker.freeze()
    took += [browser.press("/drift/proevemail/") for _ in range(3)]
    browser.look("/drift/")
    broker.thaw()
    wait_for(lambda: len(server.taken) == 7, 90)

    assert max(took[1:]) < 1, took  # the first is the first that this process answers
    assert len({taken.message_id for taken in server.taken}) == 7, "each came once"
    wait_for(lambda: waiting() == 0, 5)
    wait_for(lambda: ScheduledJob.objects.filter(name="mail-sweep").exists(), 90)
    sweep = ScheduledJob.objects.get(name="mail-sweep")
    assert (sweep.error, sweep.failures) == ("", 0)
