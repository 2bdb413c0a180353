"""Sending what is in the outbox, one mail at a time, by as many senders as there are.

A sender takes a mail (``sending``, committed), sends it and says how it went. On PostgreSQL the row is locked
meanwhile: a lock that is free on a mail being sent means that its sender is dead. SQLite has no such locks; there a
claim is too old instead. Either way the mail is queued again, so a sender that dies loses nothing; the recipient gets a
double only when the mail server had taken the mail already, with the same Message-ID.
"""

from __future__ import annotations

import datetime
import logging
import random
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from foi_portal.core import backoff
from foi_portal.core.mail.smtp import INLINE, WORKER, Carrier, Patience, Verdict
from foi_portal.core.models import MailEvent, MailState, OutboxMail

log = logging.getLogger(__name__)

GIVE_UP = datetime.timedelta(days=3)
GIVEN_UP = "Opgivet efter 3 dage: "
# How old a claim must be before it is looked at. Where locks tell who lives, just long enough to have taken one.
LOCKED_SOON = datetime.timedelta(seconds=2)
STALE = datetime.timedelta(seconds=90)  # longer than a mail may take
INTERRUPTED = "Afsendelsen blev afbrudt. Modtageren kan have fået mailen."
INTERRUPTIONS = 3  # attempts after which a mail that is interrupted must wait: perhaps it kills its sender
AT_ONCE = 1000  # mails called back when the mail server is there again
AWAY = 60.0  # seconds without attempts inside requests when the mail server is away
ENOUGH = 10.0  # and when somebody has just waited for as many mails as one may have to wait for

_rng = random.Random()  # noqa: S311 - only spreads the attempts
_not_before = float("-inf")  # attempts inside requests, of this process, on the monotonic clock


@dataclass
class Delivery:
    """What one round of sending came to; ``more`` tells that it stopped for time and mails are still due."""

    sent: int = 0
    later: int = 0
    never: int = 0
    server_away: bool = False
    more: bool = False

    def __str__(self) -> str:
        said = [f"{self.sent} sendt"]
        said += [f"{self.later} udskudt"] if self.later else []
        said += [f"{self.never} opgivet"] if self.never else []
        return ", ".join(said)


def deliver(patience: Patience = WORKER) -> Delivery:
    """Send what is due until there is no more, the time is up, or the mail server is away.

    Must not be called inside a transaction.
    """
    done, began = Delivery(), time.monotonic()
    try:
        with Carrier(patience) as carrier:
            while (mail := _take()) is not None:
                verdict = _attempt(mail, carrier)
                _count(done, verdict)
                if done.server_away:
                    break
                if done.sent == 1:
                    _server_is_back()
                if time.monotonic() - began > patience.whole:
                    done.more = OutboxMail.objects.due(timezone.now()).exists()
                    break
    except (OperationalError, InterfaceError) as error:
        log.warning("The database went away while mails were sent; the next sweep goes on: %s", error)
    return done


def deliver_all() -> Delivery:
    """Send until nothing is due or the mail server is away, however long it takes. Out: the sum."""
    total = Delivery(more=True)
    while total.more and not total.server_away:
        done = deliver()
        total = Delivery(
            total.sent + done.sent,
            total.later + done.later,
            total.never + done.never,
            done.server_away,
            done.more,
        )
    return total


def deliver_inline() -> Delivery:
    """Send within a request, where there are no workers: briefly, and not at all while the mail server is away."""
    global _not_before  # noqa: PLW0603 - one process, one mail server
    if time.monotonic() < _not_before:
        return Delivery()
    done = deliver(INLINE)
    if done.server_away or done.more:
        _not_before = time.monotonic() + (AWAY if done.server_away else ENOUGH)
    return done


def sweep(now: datetime.datetime) -> int:
    """Queue again what dead senders left. Out: how many mails that was."""
    locks = connection.features.has_select_for_update
    old = now - (LOCKED_SOON if locks else STALE)
    with transaction.atomic(durable=True):
        left = OutboxMail.objects.filter(state=MailState.SENDING, claimed_at__lt=old)
        mails = list(left.order_by("pk").select_for_update(skip_locked=True, no_key=True))
        for mail in mails:
            _settle(mail, Verdict("later", INTERRUPTED), interrupted=True)
    return len(mails)


def _take() -> OutboxMail | None:
    """The mail that has been due longest and that nobody else is at, taken; None when there is none."""
    now = timezone.now()
    if not OutboxMail.objects.due(now).exists():  # looking does not hold up anybody who writes
        return None
    with transaction.atomic(durable=True):
        mail = OutboxMail.objects.due(now).select_for_update(skip_locked=True, no_key=True).first()
        if mail is None:
            return None
        mail.state, mail.claim, mail.claimed_at = MailState.SENDING, uuid.uuid4(), now
        mail.attempts += 1
        mail.save(update_fields=["state", "claim", "claimed_at", "attempts"])
    return mail


def _attempt(mail: OutboxMail, carrier: Carrier) -> Verdict | None:
    """Send a mail that was taken and write down how it went. None: somebody took it for left behind."""
    with _held(mail) as mine:
        if not mine:
            return None
        verdict = carrier.send(mail)
        _settle(mail, verdict)
    return verdict


@contextmanager
def _held(mail: OutboxMail) -> Iterator[bool]:
    """Keep the row locked where that can be: it is the sender's sign of life. Out: whether it is still ours.

    On SQLite a transaction would keep everybody from writing for as long as the mail server takes. The lock is waited
    for: another sender that looks for work can hold it for a moment (PostgreSQL locks a row's newest version before it
    asks whether that is due).
    """
    if not connection.features.has_select_for_update:
        yield True
        return
    with transaction.atomic(durable=True):
        mine = OutboxMail.objects.filter(pk=mail.pk, claim=mail.claim)
        yield mine.select_for_update(no_key=True).first() is not None


def _settle(mail: OutboxMail, verdict: Verdict, *, interrupted: bool = False) -> None:
    """Write down what came of an attempt. ``mail`` is as it was taken."""
    now = timezone.now()
    what, values = _outcome(mail, verdict, now, interrupted)
    with transaction.atomic():
        mine = OutboxMail.objects.filter(pk=mail.pk, claim=mail.claim)
        if not mine.update(claim=None, claimed_at=None, **values):
            log.warning("Mail %s was taken over by another sender.", mail.pk)
            return
        # The same trouble again is counted on the mail and told once.
        if what != MailEvent.What.DEFERRED or values["error"] != mail.error:
            told = values["error"] if what != MailEvent.What.CANCELLED else ""
            MailEvent.objects.create(mail=mail, at=now, what=what, reason=told, detail=verdict.detail)


def _outcome(
    mail: OutboxMail, verdict: Verdict, now: datetime.datetime, interrupted: bool
) -> tuple[MailEvent.What, dict[str, Any]]:
    """What happened, and what the row gets."""
    values: dict[str, Any] = {"error": verdict.error, "error_detail": verdict.detail}
    values["waits_for_server"] = False
    if verdict.what == "sent":
        values |= {"state": MailState.SENT, "sent_at": now, "settled_at": now, "error_detail": ""}
        return MailEvent.What.SENT, values
    if verdict.what == "never":
        return MailEvent.What.FAILED, values | {"state": MailState.FAILED, "settled_at": now}
    if _was_cancelled(mail):
        return MailEvent.What.CANCELLED, values | {"state": MailState.CANCELLED, "settled_at": now}
    if now - mail.queued_at >= GIVE_UP:
        values |= {"state": MailState.FAILED, "settled_at": now, "error": GIVEN_UP + verdict.error}
        return MailEvent.What.FAILED, values
    at_once = interrupted and mail.attempts < INTERRUPTIONS
    again = now if at_once else now + backoff.delay(mail.attempts, _rng)
    values |= {"state": MailState.QUEUED, "next_attempt_at": again, "waits_for_server": verdict.server}
    return (MailEvent.What.INTERRUPTED if interrupted else MailEvent.What.DEFERRED), values


def _was_cancelled(mail: OutboxMail) -> bool:
    """Whether the mail was cancelled while it was being sent."""
    cancelled = MailEvent.objects.filter(mail=mail, what=MailEvent.What.CANCELLED)
    return cancelled.filter(at__gte=mail.claimed_at).exists()


def _server_is_back() -> None:
    """The mail server takes mails, so those that only waited for it wait no longer."""
    now = timezone.now()
    late = OutboxMail.objects.filter(state=MailState.QUEUED, waits_for_server=True, next_attempt_at__gt=now)
    with transaction.atomic(durable=True):
        free = late.order_by("pk").select_for_update(skip_locked=True, no_key=True)
        keys = list(free.values_list("pk", flat=True)[:AT_ONCE])
        OutboxMail.objects.filter(pk__in=keys).update(next_attempt_at=now)


def _count(done: Delivery, verdict: Verdict | None) -> None:
    if verdict is None:
        return
    done.sent += verdict.what == "sent"
    done.later += verdict.what == "later"
    done.never += verdict.what == "never"
    done.server_away = verdict.server


__all__ = ["Delivery", "deliver", "deliver_all", "deliver_inline", "sweep"]
