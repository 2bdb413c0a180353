"""PostgreSQL crashes and starts again under load: what was acknowledged is there, and the portal recovers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

import psycopg
import pytest

from foi_portal.core.permissions import FOI
from tests import factories
from tests.house.services import Browser, Portal, PostgresServer, free_port, wait_for

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
WRITERS = 8


@pytest.fixture
def database() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.end()


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    made = Portal("", "smtp://127.0.0.1:1", tmp_path)
    yield made
    made.end()
    print(made.log())  # noqa: T201 - shown when the test fails


class Writer(threading.Thread):
    """Makes organisations one after the other until told to stop; ``answers``: when, code, status (0: none)."""

    def __init__(self, browser: Browser, number: int, stop: threading.Event) -> None:
        super().__init__()
        self.browser, self.number, self.stop = browser, number, stop
        self.answers: list[tuple[float, str, int]] = []

    def run(self) -> None:
        while not self.stop.is_set():
            code = f"W{self.number}-{len(self.answers)}"
            try:
                status = self.browser.send("/organisationer/ny/", code=code, name=code, kind="vendor")
            except (OSError, HTTPException):
                status = 0
            self.answers.append((time.monotonic(), code, status))


def test_no_acknowledged_change_is_lost_and_the_pool_recovers(database: PostgresServer, portal: Portal):
    port = free_port()
    browsers = [Browser(port, factories.member(FOI)) for _ in range(WRITERS)]
    database.copy()
    portal.web(port, database.url)
    wait_for(lambda: "Listening at" in portal.log(), 30)
    for browser in browsers:
        browser.look("/organisationer/ny/")

    stop = threading.Event()
    writers = [Writer(browser, number, stop) for number, browser in enumerate(browsers)]
    for writer in writers:
        writer.start()
    wait_for(lambda: all(len(writer.answers) >= 5 for writer in writers), 30)
    crashed = time.monotonic()
    database.crash()
    wait_for(lambda: any(status != 302 for writer in writers for _, _, status in writer.answers), 30)
    database.start()
    started = time.monotonic()
    wait_for(lambda: all(_since(writer, started) >= 5 for writer in writers), 30, "they do not write again")
    stop.set()
    for writer in writers:
        writer.join()

    acknowledged = {code for writer in writers for _, code, status in writer.answers if status == 302}
    with psycopg.connect(database.url) as connection:
        there = {code for (code,) in connection.execute("SELECT code FROM registry_organisation")}
        told = connection.execute(
            "SELECT after ->> 'code' FROM core_change WHERE \"table\" = 'registry_organisation'"
        ).fetchall()
    assert acknowledged <= there, "acknowledged and lost"
    assert sorted(code for (code,) in told) == sorted(there), "the history is that of the rows"
    assert {code for code in there if code.startswith("W")} - acknowledged <= _unanswered(writers, crashed)
    for writer in writers:
        late = [status for moment, _, status in writer.answers if moment > started + 10]
        assert set(late) <= {302}, "the pool did not recover"
    assert "FOI-portalen" in browsers[0].look("/")


def _since(writer: Writer, moment: float) -> int:
    """How many rows the writer has had acknowledged since."""
    return sum(status == 302 and when > moment for when, _, status in writer.answers)


def _unanswered(writers: list[Writer], crashed: float) -> set[str]:
    """Codes whose answer told of the crash: they may have been written all the same."""
    return {
        code
        for writer in writers
        for when, code, status in writer.answers
        if status != 302 and when >= crashed
    }
