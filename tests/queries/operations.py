"""Queries of the operations page: (limit, address' name, its arguments, query) by title."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from foi_portal.core.models import MailEvent, OutboxMail

LIST, DETAIL = 12, 20
MAIL = 90_001
STATES = ("queued", "sent", "failed", "cancelled")
PAGES: dict[str, tuple[int, str, list[Any], str]] = {
    "drift": (DETAIL, "operations", [], ""),
    "mails": (LIST, "mail-list", [], "size=250"),
    "mails, filtreret": (
        LIST,
        "mail-list",
        [],
        "q=mail&state=waiting&sort=-attempts&col=about&col=error_detail",
    ),
    "mails som regneark": (LIST, "mail-list", [], "_export=xlsx&sent=7"),
    "mail": (DETAIL, "mail-detail", [MAIL], ""),
    "fejlede mails igen": (LIST, "mail-resend-failed", [], ""),
}


def grow(start: int, count: int) -> None:
    """Mails of every state; the mail ``MAIL`` has been tried as often as there are rows."""
    now = timezone.now()
    if start == 0:
        _mail(MAIL, "queued", now).save(force_insert=True)
    OutboxMail.objects.bulk_create(_mail(MAIL + 1 + n, STATES[n % 4], now) for n in range(start, count))
    MailEvent.objects.bulk_create(
        MailEvent(mail_id=MAIL, what="deferred", reason=f"Svar {n}") for n in range(start, count)
    )


def _mail(key: int, state: str, now: Any) -> OutboxMail:
    return OutboxMail(
        pk=key,
        occasion=f"mail/{key}",
        recipient_key="bo",
        recipient_name="Bo",
        address="bo@example.org",
        subject=f"Mail {key}",
        text="Tekst",
        about=f"System {key}",
        about_url="/fagsystemer/",
        message_id=f"<{key}@test>",
        state=state,
        attempts=1,
        error="Afvist" if state == "failed" else "",
        sent_at=now if state == "sent" else None,
        settled_at=None if state == "queued" else now,
    )
