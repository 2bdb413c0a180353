"""Telling a worker costs nothing: not when the broker refuses, not when it hangs, not a hundred times."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from foi_portal.core import mail, nudging
from foi_portal.core.models import OutboxMail


class Task:
    """A task whose message takes as long to send as one says."""

    name = "test"

    def __init__(self, publish: Callable[[], None]) -> None:
        self.publish = publish
        self.sent: list[tuple[str, ...]] = []

    def delay(self, *args: str) -> None:
        self.sent.append(args)
        self.publish()


def hang(thaw: threading.Event) -> None:
    thaw.wait(5)


def wait_for(what: Callable[[], bool]) -> None:
    until = time.monotonic() + 5
    while not what():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_broker_that_refuses_is_logged_and_no_more(caplog):
    def refuse() -> None:
        raise ConnectionRefusedError("no broker")

    task = Task(refuse)
    nudging.nudge(task, "7")
    wait_for(lambda: "did not take test" in caplog.text)
    assert task.sent == [("7",)]


def test_one_that_hangs_is_asked_once_more_however_often_one_asks_meanwhile():
    thaw = threading.Event()
    task = Task(lambda: hang(thaw))
    began = time.monotonic()
    for _ in range(100):
        nudging.nudge(task)
    assert time.monotonic() - began < 0.5
    assert threading.active_count() < 20
    thaw.set()
    wait_for(lambda: not nudging._under_way)
    assert len(task.sent) == 2, "the second is for what was committed after the first was begun"


def test_other_messages_are_not_kept_waiting():
    thaw = threading.Event()
    task = Task(lambda: hang(thaw))
    nudging.nudge(task, "a")
    nudging.nudge(task, "b")
    wait_for(lambda: sorted(task.sent) == [("a",), ("b",)])
    thaw.set()
    wait_for(lambda: not nudging._under_way)


@pytest.mark.django_db
@pytest.mark.parametrize("broker", ["refuses", "hangs"])
def test_a_mail_is_written_at_once_whatever_the_broker_does(
    settings, monkeypatch, django_capture_on_commit_callbacks, broker
):
    settings.CELERY_TASK_ALWAYS_EAGER = False
    asked, thaw = threading.Event(), threading.Event()

    def delay() -> None:
        asked.set()
        if broker == "refuses":
            raise ConnectionRefusedError
        thaw.wait(5)

    monkeypatch.setattr("foi_portal.core.tasks.send_mail.delay", delay)
    began = time.monotonic()
    with django_capture_on_commit_callbacks(execute=True):
        mail.enqueue(occasion="test", to="bo@example.org", subject="Emne", text="Tekst")
    assert time.monotonic() - began < 0.5
    assert asked.wait(2)
    assert OutboxMail.objects.get().state == "queued"
    thaw.set()
    wait_for(lambda: not nudging._under_way)
