"""Writing into the outbox, and taking back or sending again what is there. Every function is one transaction."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from foi_portal.core.history import tidy
from foi_portal.core.mail.composing import Recipient, new_message_id, one_line, sound, subject_line
from foi_portal.core.models import MailEvent, MailState, OutboxMail, User
from foi_portal.core.models.mail import WAITING

log = logging.getLogger(__name__)

OCCASION_LENGTH = 200
EMPTY = "Mailens indhold er slettet, så den kan ikke sendes igen."
ON_ITS_WAY = "Mailen er ved at blive sendt."
CHANGED = "Mailen er ændret, siden du så den. Se den igen."


class Refused(Exception):  # noqa: N818  (an answer, not a fault)
    """The mail cannot be sent again or stopped; the text says why, in Danish."""


class BadAddress(Refused):
    """The address that the mail was to be sent to is none."""


def enqueue(
    *,
    occasion: str,
    to: Recipient | str,
    subject: str,
    text: str,
    html: str = "",
    about: object | None = None,
) -> OutboxMail:
    """Have a mail sent once this transaction is committed. Out: its row, new or from an earlier call.

    ``occasion`` says what the mail is for, from the general to the step: ``certificate/7/2026-12-01/30``. The same
    occasion and recipient is the same mail: it is sent once. Only what was cancelled, or failed for an address that
    has been put right since, is queued anew, with the new words; what a person stopped stays stopped. A recipient
    that cannot be written to gives a row that says so. ``about`` is what the mail is about, for the operations page.
    """
    if not occasion or len(occasion) > OCCASION_LENGTH:
        raise ValueError(f"an occasion has 1 to {OCCASION_LENGTH} characters: {occasion!r}")
    recipient = (Recipient(to) if isinstance(to, str) else to).tidy()
    values = _written(recipient, subject, text, html, about)
    with transaction.atomic():
        mail, created = OutboxMail.objects.get_or_create(
            occasion=occasion,
            recipient_key=recipient.key,
            defaults={**values, "message_id": new_message_id()},
        )
        if not created and values["state"] == MailState.QUEUED and _may_begin_anew(mail, recipient):
            seen = OutboxMail.objects.filter(pk=mail.pk, state=mail.state)
            if seen.update(**values, attempts=0, emptied_at=None):
                MailEvent.objects.create(mail=mail, what=MailEvent.What.QUEUED)
                created = True
            mail.refresh_from_db()
        if created and mail.state == MailState.QUEUED:
            transaction.on_commit(nudge, robust=True)
    return mail


def cancel(occasion: str, *, reason: str = "") -> int:
    """Do not send what still waits for this occasion or one below it. Out: how many mails that was.

    A mail that is being sent at this moment is not stopped, but not tried again either.
    """
    with transaction.atomic():
        return _cancel(OutboxMail.objects.of_occasion(occasion), None, reason)


def stop(mail: OutboxMail, *, actor: User, reason: str = "") -> None:
    """Do not send a mail that waits. Raises ``Refused`` when it does not wait any more."""
    with transaction.atomic():
        if not _cancel(OutboxMail.objects.filter(pk=mail.pk), actor, reason):
            raise Refused("Mailen venter ikke længere på at blive sendt.")


def resend(mail: OutboxMail, *, actor: User, reason: str = "", address: str | None = None) -> OutboxMail:
    """Send a mail again, or now if it waits for its next attempt. ``mail`` is the row as the user saw it.

    ``address`` is where to, when that is another than before. One that has been sent gets a new Message-ID, or the
    recipient's mail program might hide it as a double. Raises ``Refused``, and ``BadAddress`` for the address.
    """
    with transaction.atomic():
        # Whoever sends it holds the row for as long as that takes.
        now = OutboxMail.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=mail.pk).first()
        if now is None or now.state == MailState.SENDING:
            raise Refused(ON_ITS_WAY)
        if (now.state, now.settled_at) != (mail.state, mail.settled_at):
            raise Refused(CHANGED)
        if now.emptied_at is not None:
            raise Refused(EMPTY)
        recipient = Recipient(now.address if address is None else address, key=now.recipient_key).tidy()
        if recipient.trouble:
            raise BadAddress(recipient.trouble)
        moved = (
            f"{now.address or 'ingen adresse'} → {recipient.address}"
            if now.address != recipient.address
            else ""
        )
        now.address = recipient.address
        _queue([now], actor, reason, moved)
    return now


def resend_failed(*, newest: int, count: int, actor: User, reason: str = "") -> int:
    """Send again all that failed, up to the mail ``newest``: the ``count`` that the user saw. Out: how many.

    Raises ``Refused`` when there are more or fewer by now.
    """
    with transaction.atomic():
        mails = list(sendable_again().filter(pk__lte=newest).select_for_update(no_key=True))
        if len(mails) != count:
            raise Refused("Der er kommet andre mails til, siden du så listen. Se den igen.")
        _queue(mails, actor, reason)
    return count


def sendable_again() -> models.QuerySet[OutboxMail]:
    """What failed and can be tried again: with an address that looks right and its content."""
    failed = OutboxMail.objects.filter(state=MailState.FAILED, emptied_at=None, attempts__gt=0)
    return failed.exclude(address="").order_by("pk")


def nudge() -> None:
    """Have the outbox sent now: by a worker, or here where there are none. Never raises, never waits for Redis.

    Cheap when asked a hundred times: after the first there is nothing to send, or it is put off.
    """
    from foi_portal.core import nudging, tasks
    from foi_portal.core.mail import delivery

    if not settings.CELERY_TASK_ALWAYS_EAGER:
        nudging.nudge(tasks.send_mail)
        return
    try:
        delivery.deliver_inline()
    except Exception:
        log.exception("The outbox could not be sent; it is tried again later.")


def _written(
    recipient: Recipient, subject: str, text: str, html: str, about: object | None
) -> dict[str, Any]:
    """What is written on a row that is queued now, or cannot be."""
    now = timezone.now()
    trouble = recipient.trouble
    get_url = getattr(about, "get_absolute_url", None)
    return {
        "recipient_name": recipient.name,
        "address": recipient.address[:254],
        "subject": subject_line(subject),
        "text": sound(text),
        "html": sound(html),
        "about": one_line(str(about))[:200] if about is not None else "",
        "about_url": str(get_url())[:500] if get_url else "",
        "state": MailState.FAILED if trouble else MailState.QUEUED,
        "error": trouble,
        "error_detail": "",
        "queued_at": now,
        "next_attempt_at": now,
        "settled_at": now if trouble else None,
    }


def _may_begin_anew(mail: OutboxMail, recipient: Recipient) -> bool:
    """Whether a mail from an earlier call was never sent for a reason that is gone."""
    if mail.sent_at is not None:
        return False
    if mail.state == MailState.FAILED:
        return mail.address != recipient.address
    stopped = MailEvent.objects.filter(mail=mail, what=MailEvent.What.CANCELLED, actor__isnull=False)
    return mail.state == MailState.CANCELLED and not stopped.exists()


def _cancel(mails: models.QuerySet[OutboxMail], actor: User | None, reason: str) -> int:
    """Out: how many were stopped. One that is being sent is told too: it is not tried again if this try fails."""
    keys = list(mails.filter(state__in=WAITING).values_list("pk", flat=True))
    _note(keys, MailEvent.What.CANCELLED, actor, reason)
    queued = OutboxMail.objects.filter(pk__in=keys, state=MailState.QUEUED)
    return queued.update(state=MailState.CANCELLED, settled_at=timezone.now())


def _queue(mails: Iterable[OutboxMail], actor: User, reason: str, detail: str = "") -> None:
    now = timezone.now()
    keys = []
    for mail in mails:
        if mail.state == MailState.SENT:
            mail.message_id = new_message_id()
        if mail.state != MailState.QUEUED:
            mail.attempts, mail.queued_at = 0, now
        mail.state, mail.settled_at, mail.next_attempt_at = MailState.QUEUED, None, now
        mail.save(
            update_fields=[
                "message_id", "address", "attempts", "queued_at", "state", "settled_at", "next_attempt_at"
            ]
        )  # fmt: skip
        keys.append(mail.pk)
    _note(keys, MailEvent.What.QUEUED, actor, reason, detail)
    transaction.on_commit(nudge, robust=True)


def _note(
    keys: Iterable[int], what: MailEvent.What, actor: User | None, reason: str, detail: str = ""
) -> None:
    MailEvent.objects.bulk_create(
        MailEvent(mail_id=key, what=what, actor=actor, reason=tidy(reason), detail=detail) for key in keys
    )


__all__ = [
    "BadAddress",
    "Refused",
    "cancel",
    "enqueue",
    "nudge",
    "resend",
    "resend_failed",
    "sendable_again",
    "stop",
]
