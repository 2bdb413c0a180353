"""Reading what the reminders are made of, writing them into the outbox, and taking back what does not hold any more.

Mails and what is remembered of them (``Reminder``) are written in one transaction that holds the rules' rows: a run
that is killed has told nobody anything, and two runs at once are one after the other. What to tell whom is
``reminder_plan``; what a mail says is ``reminder_letters``.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import time

from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import transaction
from django.db.models import Max, Q

from coordination import reminder_letters
from coordination.models import Acknowledgement, Reminder, ReminderPreference, ReminderRule
from coordination.recipients import Recipients
from coordination.reminder_plan import DIGEST_DAYS, FOI, Day, Letter, Rule, Told, is_open, plan
from foi_portal.core import jobs, mail
from foi_portal.core.keys import among
from foi_portal.core.models import MailState, OutboxMail, ScheduledJob
from foi_portal.core.schedules import COPENHAGEN, Daily, Every
from registry import deadlines
from registry.deadlines import Deadline

NAME, STOPPING = "reminders", "reminders-stop"
SCHEDULE = Daily(time(7, 0))
DEALT_WITH = "Fristen er ordnet, flyttet eller taget til efterretning."
OUTCOMES = {
    MailState.SENT: "sendt",
    MailState.FAILED: "kunne ikke afleveres",
    MailState.CANCELLED: "stoppet",
    MailState.QUEUED: "venter på at blive sendt",
    MailState.SENDING: "sendes nu",
}
MONDAY = 0


def remind(now: datetime.datetime) -> str:
    """Tell everybody what there is to tell by now and has not been told. Out: how many mails, in Danish."""
    on = now.astimezone(COPENHAGEN).date()
    with transaction.atomic():
        keep_rules()
        rules = read_rules(lock=True)
        due = load(on, rules)
        resting = _resting(on)
        stopped = _stop(due, rules, resting, retold=True)
        letters = plan(_day(on, due, rules, resting, _monday(on), Recipients.load(on)))
        _write(letters, on)
    return f"{len(letters)} skrevet" + (f", {stopped} stoppet" if stopped else "")


def stop_dealt_with(now: datetime.datetime) -> str:
    """Take back mails that still wait though all they tell of is dealt with. One query when none waits."""
    if not OutboxMail.objects.of_occasion(reminder_letters.OCCASION).waiting().exists():
        return ""
    on = now.astimezone(COPENHAGEN).date()
    with transaction.atomic():
        rules = read_rules(lock=True)
        stopped = _stop(load(on, rules), rules, _resting(on), retold=False)
    return f"{stopped} stoppet" if stopped else ""


def register() -> None:
    jobs.register(NAME, SCHEDULE, remind, label="Skriv påmindelser")
    jobs.register(STOPPING, Every(300), stop_dealt_with, label="Stop påmindelser om det, der er ordnet")


# --- Ahead ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ahead:
    """A letter that will go out on a day, if nothing happens before."""

    on: datetime.date
    letter: Letter


def ahead(now: datetime.datetime, days: int = 30, about: str = "") -> list[Ahead]:
    """The letters of the next ``days`` days from the next run on, as things stand. Constant number of queries.

    ``about`` is a matter ("agreement/7"): only what is to be told of it.
    """
    first = SCHEDULE.next_after(now).astimezone(COPENHAGEN).date()
    rules = read_rules()
    due = load(first, rules, days)
    if about:
        due = [deadline for deadline in due if matter(deadline) == about]
    recipients = Recipients.load(now.astimezone(COPENHAGEN).date())
    today = _day(first, due, rules, frozenset(), None, recipients)
    rests = dict(Acknowledgement.objects.ongoing(first).values_list("key", "until"))
    told = set(today.told)
    found = []
    for ahead_by in range(days):
        on = first + datetime.timedelta(days=ahead_by)
        day = replace(
            today,
            on=on,
            people_for=recipients.on_day(on).people_for,
            resting={key for key, until in rests.items() if until > on},
            told=told,
            monday=on if on.weekday() == MONDAY else None,
        )
        for letter in plan(day):
            found.append(Ahead(on, letter))
            told |= {(line.deadline.key, line.step, letter.key) for line in letter.lines}
    return found


# --- Reading ----------------------------------------------------------------------------------------------------


def keep_rules() -> None:
    """A row for each kind of deadline, so that it can be edited and locked."""
    known = set(ReminderRule.objects.values_list("kind", flat=True))
    missing = [ReminderRule(kind=source.kind) for source in deadlines.sources() if source.kind not in known]
    if missing:
        ReminderRule.objects.bulk_create(missing, ignore_conflicts=True)


def read_rules(*, lock: bool = False) -> dict[str, Rule]:
    """The rules by kind; ``lock``: nobody else reads them so, before this transaction is over."""
    rows = ReminderRule.objects.order_by("kind")
    return {row.kind: as_rule(row) for row in (rows.select_for_update(no_key=True) if lock else rows)}


def as_rule(row: ReminderRule) -> Rule:
    return Rule(row.days, row.overdue_every, row.escalate_after, row.active)


def load(on: datetime.date, rules: dict[str, Rule], ahead: int = 0) -> list[Deadline]:
    """The deadlines open on the day ``on`` that anybody may be told of by then, or within so many days after."""
    horizon = max([DIGEST_DAYS, Rule().horizon, *(rule.horizon for rule in rules.values())])
    return deadlines.load(on, on + datetime.timedelta(days=horizon + ahead))


def _resting(on: datetime.date) -> frozenset[str]:
    return frozenset(Acknowledgement.objects.ongoing(on).order_by().values_list("key", flat=True))


def _monday(on: datetime.date) -> datetime.date | None:
    """The week whose Monday mails go out today: on Mondays, and later when no run has succeeded since."""
    monday = on - datetime.timedelta(days=on.weekday())
    last = ScheduledJob.objects.filter(name=NAME).values_list("last_success_at", flat=True).first()
    if on == monday:
        return monday
    return monday if last is not None and last.astimezone(COPENHAGEN).date() < monday else None


def _day(
    on: datetime.date,
    due: Sequence[Deadline],
    rules: dict[str, Rule],
    resting: frozenset[str],
    monday: datetime.date | None,
    recipients: Recipients,
) -> Day:
    """Three queries, whatever the size."""
    told: set[tuple[str, str, str]] = set()
    log: dict[str, tuple[Told, ...]] = {}
    of_these = Q(key__in=among([deadline.key for deadline in due])) | Q(step=f"digest-{monday}")
    for key, step, recipient, name, day, state in (
        Reminder.objects.filter(of_these)
        .order_by("on", "pk")
        .values_list("key", "step", "recipient_key", "recipient_name", "on", "mail__state")
    ):
        told.add((key, step, recipient))
        log[key] = (*log.get(key, ()), Told(name, day, OUTCOMES[MailState(state)]))
    weekly = ReminderPreference.objects.filter(digest=True).order_by().values_list("person_id", flat=True)
    return Day(
        on,
        due,
        recipients.people_for,
        foi_mailbox(),
        rules,
        resting,
        told,
        log,
        {f"person/{key}" for key in weekly},
        set(_refused()),
        monday,
    )


def foi_mailbox() -> mail.Recipient:
    return mail.Recipient(settings.FOI_EMAIL, "FOI-enheden", key=FOI)


def _refused() -> Iterator[tuple[str, str]]:
    """Recipients and addresses that the last reminder to them could not be delivered to. One query."""
    ours = OutboxMail.objects.of_occasion(reminder_letters.OCCASION)
    rows = ours.order_by().values("recipient_key", "address").annotate(
        failed=Max("pk", filter=Q(state=MailState.FAILED)), sent=Max("pk", filter=Q(state=MailState.SENT))
    )  # fmt: skip
    for row in rows.filter(failed__isnull=False):
        if row["sent"] is None or row["sent"] < row["failed"]:
            yield row["recipient_key"], row["address"]


# --- Writing ----------------------------------------------------------------------------------------------------


def _write(letters: Sequence[Letter], on: datetime.date) -> None:
    """Each letter as a mail, and what is remembered of all of them in one statement."""
    rows = []
    rights = _rights(letters)
    for letter in letters:
        sent = mail.enqueue(**reminder_letters.written(letter, on, rights.get(letter.key, ())))
        rows += [
            Reminder(
                key=line.deadline.key,
                matter=matter(line.deadline),
                step=line.step,
                recipient_key=sent.recipient_key,
                recipient_name=letter.to.name,
                on=on,
                mail=sent,
            )
            for line in letter.lines
        ]
    Reminder.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)


def _rights(letters: Sequence[Letter]) -> dict[str, set[str]]:
    """Which of the permissions that the deadlines' actions take each recipient has by their group. One query."""
    acts = {act.permission for one in letters for line in one.lines for act in line.deadline.acts}
    people = {int(one.key.rpartition("/")[2]) for one in letters if one.key != FOI}
    found: dict[str, set[str]] = {}
    rows = Permission.objects.filter(
        codename__in={name.rpartition(".")[2] for name in acts},
        group__user__person__in=among(people),
        group__user__is_active=True,
    )
    for person, app, name in rows.order_by().values_list(
        "group__user__person", "content_type__app_label", "codename"
    ):
        found.setdefault(f"person/{person}", set()).add(f"{app}.{name}")
    return found


def matter(deadline: Deadline) -> str:
    """What the deadline is about, without its day."""
    return deadline.cared_for_as or deadline.key.rpartition("/")[0]


def _stop(due: Sequence[Deadline], rules: dict[str, Rule], resting: frozenset[str], *, retold: bool) -> int:
    """Cancel waiting mails that tell only of what is dealt with, and forget that they told. Out: how many mails.

    ``retold``: also those that tell of more, for the rest is told anew at once. Not so a Monday mail: it has its week.
    """
    still_open = {deadline.key for deadline in due if is_open(deadline, rules, resting)}
    mails: dict[int, tuple[str, list[bool]]] = {}
    waiting = Reminder.objects.filter(mail__state__in=(MailState.QUEUED, MailState.SENDING))
    for key, pk, occasion in waiting.values_list("key", "mail_id", "mail__occasion"):
        mails.setdefault(pk, (occasion, []))[1].append(key in still_open)
    stale = {
        pk: occasion
        for pk, (occasion, alive) in mails.items()
        if not any(alive) or (retold and not all(alive) and not reminder_letters.is_weekly(occasion))
    }
    stopped = sum(mail.cancel(occasion, reason=DEALT_WITH) for occasion in set(stale.values()))
    if stale:
        Reminder.objects.filter(mail__in=among(stale), mail__state=MailState.CANCELLED).delete()
    return stopped


__all__ = [
    "NAME",
    "Ahead",
    "ahead",
    "as_rule",
    "foi_mailbox",
    "keep_rules",
    "load",
    "matter",
    "read_rules",
    "register",
    "remind",
    "stop_dealt_with",
]
