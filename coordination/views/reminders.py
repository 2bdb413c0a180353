"""/udloeb/paamindelser/: the rules, and what they lead to in the next 30 days; and how each person wants it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from coordination import preferring, reminding
from coordination.models import Reminder, ReminderRule
from coordination.models.reminder import ReminderPreference
from coordination.reminder_forms import ReminderRuleForm
from coordination.reminder_letters import days, headline
from coordination.reminder_plan import FOI, Line, Sort
from foi_portal.core.models import OutboxMail, ScheduledJob
from foi_portal.core.permissions import may
from foi_portal.ui import views
from registry import deadlines
from roles.models import Person

DAYS, MATTER_DAYS = 30, 400
SHOWN_MAILS, SHOWN_OF_MATTER, SHOWN_LINES, SHOWN_TOLD = 200, 8, 4, 20
SORTS = {Sort.SINGLE: "Påmindelse", Sort.DIGEST: "Mandagsmail", Sort.ESCALATION: "Intet er sket"}


class RuleView(views.ModelView):
    model = ReminderRule  # type: ignore[assignment]  # a rule is switched off, not archived
    url_base = "reminder-rule"
    lookup = "kind"

    def url(self, verb: str, obj: Any = None) -> str:
        return reverse("reminder-rule-list")

    def page(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        return super().page({**context, "section": "reminder"}, status)


class RulePage(RuleView):
    """The rules by kind, the mails of the next 30 days, and with ``?sag=`` those about one matter."""

    template_name = "coordination/reminders.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        matter = request.GET.get("sag", "")
        shown = SHOWN_OF_MATTER if matter else SHOWN_MAILS
        mails = [
            Foretold.of(one, now) for one in reminding.ahead(now, MATTER_DAYS if matter else DAYS, matter)
        ]
        context = {
            "rules": rules(),
            "mails": mails[:shown],
            "mail_count": len(mails),
            "more": max(len(mails) - shown, 0),
            "recipients": len({one.key for one in mails}),
            "days": DAYS,
            "matter": matter,
            "about": next((mail.lines[0][0].deadline for mail in mails), None) if matter else None,
            "job": ScheduledJob.objects.filter(name=reminding.NAME).first(),
            "foi_mailbox": reminding.foi_mailbox().address,
            "may_change": may(request.user, "change", ReminderRule),
            "may_operate": may(request.user, "view", OutboxMail),
        }
        return self.page(context)


def rules() -> list[ReminderRule]:
    """The rule of each kind of deadline, as it is or as it would be. One query."""
    rows = {row.kind: row for row in ReminderRule.objects.all()}
    return [rows.get(source.kind) or unwritten(source.kind) for source in deadlines.sources()]


def unwritten(kind: str) -> ReminderRule:
    """The usual rule, which nobody has edited."""
    return ReminderRule(kind=kind, updated_at=None)  # type: ignore[misc]  # never written


@dataclass(frozen=True)
class Foretold:
    """A mail to come as the page shows it; each line with what happens and how long is left on the day it is sent."""

    on: datetime.date
    when: str
    sort: str
    key: str
    name: str
    address: str
    lines: list[tuple[Line, str, str]]
    more: int

    @classmethod
    def of(cls, one: reminding.Ahead, now: datetime.datetime) -> Foretold:
        letter = one.letter
        lines = [
            (line, headline(line.deadline), days(line.deadline.days_left(one.on)))
            for line in letter.lines[:SHOWN_LINES]
        ]
        when = days((one.on - timezone.localdate(now)).days)
        more = len(letter.lines) - len(lines)
        return cls(
            one.on, when, SORTS[letter.sort], letter.key, letter.to.name, letter.to.address, lines, more
        )

    @property
    def person(self) -> int | None:
        """The person's key; None for FOI's mailbox."""
        return None if self.key == FOI else int(self.key.rpartition("/")[2])


class RuleUpdate(RuleView, views.UpdateView):
    """Edit the rule of one kind. Until somebody has, it is not in the database and says what is usual."""

    form_class = ReminderRuleForm
    fieldsets = (("Hvornår der sendes påmindelser", ("steps", "overdue_every", "escalate_after", "active")),)

    def get_object(self, action: str | None = None) -> Any:
        if not may(self.request.user, "change", ReminderRule):
            raise PermissionDenied
        kind = self.kwargs["kind"]
        found = ReminderRule.objects.filter(kind=kind).first()
        if found is None and kind not in {source.kind for source in deadlines.sources()}:
            raise Http404
        return found or unwritten(kind)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        with transaction.atomic():
            self.get_object()
            reminding.keep_rules()
            return self.save_guarded(request)


class PreferencePage(View):
    """How a person wants to be reminded, and what they have been told: everybody's own, and FOI's for others."""

    def get(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        return self.show(self.person(pk))

    def post(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        person = self.person(pk)
        wish = request.POST.get("mails")
        if person is None or wish not in ("weekly", "single"):
            return self.show(person, error="Vælg, hvordan påmindelser skal sendes.", status=422)
        preferring.want(person, digest=wish == "weekly", actor=request.user)  # type: ignore[arg-type]
        how = "samles i én mail om mandagen" if wish == "weekly" else "sendes enkeltvis"
        messages.success(request, f"Påmindelser til {person} {how}.")
        return HttpResponseRedirect(request.path)

    def person(self, pk: int | None) -> Person | None:
        """Whose page it is: one's own person, if one has any; somebody else's only for those who may."""
        user = self.request.user
        if pk is None:
            if not may(user, "view", Person):
                raise PermissionDenied
            return Person.objects.filter(user=user.pk).first()
        if not may(user, "change", ReminderPreference):
            raise PermissionDenied
        return get_object_or_404(Person, pk=pk, merged_into=None)

    def show(self, person: Person | None, *, error: str = "", status: int = 200) -> HttpResponse:
        own = person is None or person.user_id == self.request.user.pk
        told = (
            Reminder.objects.filter(recipient_key=f"person/{person.pk}")
            if person
            else Reminder.objects.none()
        )
        mails = OutboxMail.objects.filter(pk__in=told.order_by().values("mail")).defer("text", "html")
        context = {
            "section": "front" if own else "person",
            "person": person,
            "own": own,
            "weekly": preferring.is_weekly(person) if person else False,
            "mails": list(mails.order_by("-pk")[:SHOWN_TOLD]),
            "error": error,
            "may_operate": may(self.request.user, "view", OutboxMail),
        }
        return render(self.request, "coordination/reminder_preference.html", context, status=status)


__all__ = ["PreferencePage", "RulePage", "RuleUpdate"]
