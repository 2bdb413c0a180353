"""/drift/ in a browser: from a mail that was refused to the same mail sent, and what else the page can show."""

from __future__ import annotations

import smtplib

import pytest
from django.conf import settings
from playwright.sync_api import expect

from foi_portal.core import mail
from foi_portal.core.mail import outbox, smtp
from foi_portal.core.models import MailState, OutboxMail, ScheduledJob
from registry.models import System
from tests.browser.conftest import Visit
from tests.smtp import mail_server

LONG = "Certifikatet til den fælleskommunale fordelingskomponent udløber om 30 dage, og ingen har taget det på sig"


def refused_and_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail that was refused, one without an address and one that waits for its next attempt."""
    monkeypatch.setattr(outbox, "nudge", lambda: None)
    cura = System.objects.get(code="CURA")
    for number, (address, what) in enumerate(
        (("bo@example.org", "no"), ("", "none"), ("eva@example.org", "later"))
    ):
        row = mail.enqueue(
            occasion=f"certificate/7/2026-12-31/{number}",
            to=mail.Recipient(address, "Bo Ås", key=f"person/{number}"),
            subject=LONG if what == "no" else f"Mail {number}",
            text="Hej Bo\n\nForny certifikatet.",
            about=cura,
        )
        said = smtp.judge(
            smtplib.SMTPRecipientsRefused({address: (550, b"5.1.1 <bo@example.org> unknown " * 4)})
        )
        told = {"error": said.error, "error_detail": said.detail, "attempts": 1}
        if what == "no":
            OutboxMail.objects.filter(pk=row.pk).update(state="failed", settled_at=row.queued_at, **told)
        elif what == "later":
            OutboxMail.objects.filter(pk=row.pk).update(**told)
    monkeypatch.undo()


@pytest.mark.parametrize("width", [1280, 360])
def test_a_refused_mail_is_put_right_and_sent(visit: Visit, monkeypatch: pytest.MonkeyPatch, width: int):
    foi = visit("foi", width)
    page = foi.goto("/drift/")
    expect(page.get_by_text("Alt, der kunne sendes, er sendt.")).to_be_visible()
    foi.audit("tom")
    foi.goto("/drift/mails/")
    foi.audit("tom")
    refused_and_waiting(monkeypatch)
    ScheduledJob.objects.update(
        error="Kørslen fejlede.", error_detail="OperationalError: server closed", failures=2
    )
    page = foi.goto("/drift/")
    foi.audit()
    foi.goto("/drift/mails/send-igen/")
    foi.audit()
    foi.goto("/drift/")
    page.get_by_role("link", name="mails kunne ikke sendes").click()
    expect(page.get_by_text("Viser 1–2 af 2")).to_be_visible()
    foi.audit("fejlede")
    page.get_by_role("link", name=LONG).click()
    foi.audit("fejlet")
    page.get_by_label("E-mailadresse").fill("bo@")
    page.get_by_label("Begrundelse").fill("Adressen var stavet forkert")
    page.evaluate("document.querySelector('form [name=address]').form.noValidate = true")
    page.get_by_role("button", name="Send igen").click()
    expect(page.get_by_text("Skriv en adresse som")).to_be_visible()
    foi.audit("forkert adresse")
    page.get_by_label("E-mailadresse").fill("bo.aas@example.org")
    with mail_server() as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "EMAIL_BACKEND", smtp.SMTP)
        patch.setattr(settings, "EMAIL_HOST", "127.0.0.1")
        patch.setattr(settings, "EMAIL_PORT", server.port)
        patch.setattr(settings, "CELERY_TASK_ALWAYS_EAGER", True)
        page.get_by_role("button", name="Send igen").click()
        expect(page.get_by_role("status")).to_contain_text("sat i kø")
        foi.audit("sendt")
        assert "bo.aas@example.org" in server.recipients
    expect(page.get_by_text("«Adressen var stavet forkert»")).to_be_visible()
    assert OutboxMail.objects.get(subject=LONG).state == MailState.SENT


def test_without_script_one_that_waits_is_stopped_and_the_failed_are_sent_again(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
):
    foi = visit("foi", 1280, script=False)
    refused_and_waiting(monkeypatch)
    waiting = OutboxMail.objects.get(subject="Mail 2")
    page = foi.goto(waiting.get_absolute_url())
    page.get_by_role("button", name="Annullér mailen").click()
    expect(page.get_by_role("status")).to_contain_text("annulleret")
    page = foi.goto("/drift/")
    page.get_by_role("link", name="1 af dem igen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Send 1 mail igen")
    page.get_by_role("button", name="Send 1 mail igen").click()
    expect(page.get_by_role("status")).to_contain_text("1 mail er sat i kø igen")
