"""/drift/: is what should be sent sent, and does what should run by the clock run? For FOI and administrators."""

from __future__ import annotations

import datetime
import uuid
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, Min, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from foi_portal.core import history, jobs, mail
from foi_portal.core.mail import outbox, smtp
from foi_portal.core.mail.retention import BODIES_KEPT
from foi_portal.core.models import MailState, OutboxMail, ScheduledJob, User
from foi_portal.core.permissions import may
from foi_portal.core.tasks import MAIL_SWEEP
from foi_portal.pages.mail_rows import DAY, MAIL_COLUMNS, WAITS, MailFilter, inside
from foi_portal.ui import elapsed, views
from foi_portal.ui.tables import listing
from roles.models import Person

SHOWN = 10  # of those that failed
NO_ADDRESS = "Du har ingen e-mailadresse i portalen. Skriv den på dig selv under Roller og Personer."
# What is so much overdue is not being looked after: by workers four times a minute, else by cron every five minutes.
LATE, LATE_WITH_CRON = datetime.timedelta(minutes=2), datetime.timedelta(minutes=15)
LONG = datetime.timedelta(minutes=10)  # a mail that has waited so long is worth a warning


@dataclass(frozen=True)
class JobLine:
    """A job as the page shows it."""

    job: jobs.Job
    row: ScheduledJob | None
    now: datetime.datetime

    @property
    def running(self) -> bool:
        return self.row is not None and self.row.started_at is not None and self.row.due_at > self.now

    @property
    def late(self) -> bool:
        allowed = LATE_WITH_CRON if settings.CELERY_TASK_ALWAYS_EAGER else LATE
        return self.row is None or self.row.due_at < self.now - allowed

    @property
    def last_run(self) -> str:
        return elapsed.ago(self.row.last_run_at, self.now) if self.row and self.row.last_run_at else ""

    @property
    def last_success(self) -> str:
        return (
            elapsed.ago(self.row.last_success_at, self.now) if self.row and self.row.last_success_at else ""
        )

    @property
    def took(self) -> str:
        return elapsed.took(self.row.last_duration) if self.row and self.row.last_duration is not None else ""

    @property
    def next_run(self) -> str:
        return elapsed.ahead(self.row.due_at, self.now) if self.row else ""


class OperationsPage(View):
    """The outbox in numbers, what could not be sent and why, and each scheduled job."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if not may(request.user, "view", OutboxMail):
            raise PermissionDenied
        now = timezone.now()
        lines = job_lines(now)
        sweep = next(line for line in lines if line.job.name == MAIL_SWEEP)
        numbers = counted(now)
        failed = OutboxMail.objects.filter(state=MailState.FAILED).order_by("-settled_at", "-pk")
        oldest = numbers["oldest"]
        context = {
            "section": "operations",
            "tiles": tiles(numbers),
            "failed": list(failed.defer("text", "html")[:SHOWN]),
            "failed_count": numbers["failed"],
            "failed_url": listing(reverse("mail-list"), state=MailState.FAILED),
            "sendable": outbox.sendable_again().count() if numbers["failed"] else 0,
            "oldest": elapsed.span(now - oldest) if oldest and now - oldest > LONG else "",
            "trouble": OutboxMail.objects.waiting().exclude(error="").values_list("error", flat=True).first(),
            "waiting": numbers["waiting"],
            "lines": lines,
            "late": any(line.late for line in lines),
            "sweep": sweep,
            "real": smtp.is_real(),
            "via": smtp.via(),
            "sender": settings.DEFAULT_FROM_EMAIL,
            "workers": not settings.CELERY_TASK_ALWAYS_EAGER,
            "may_change": may(request.user, "change", OutboxMail),
            "days": BODIES_KEPT.days,
        }
        return render(request, "pages/operations.html", context)


def counted(now: datetime.datetime) -> dict[str, Any]:
    """The outbox in numbers, and since when the mail that has waited longest has done so."""
    waits = Q(state__in=(MailState.QUEUED, MailState.SENDING))
    return OutboxMail.objects.aggregate(
        waiting=Count("pk", filter=waits),
        failed=Count("pk", filter=Q(state=MailState.FAILED)),
        sent=Count("pk", filter=Q(sent_at__gte=now - DAY)),
        oldest=Min("queued_at", filter=waits),
    )


def tiles(numbers: dict[str, Any]) -> list[tuple[int, str, str]]:
    """Number, label and the list of just so many mails."""
    address = reverse("mail-list")
    return [
        (numbers["waiting"], "venter på at blive sendt", listing(address, state=WAITS)),
        (numbers["failed"], "kunne ikke sendes", listing(address, state=MailState.FAILED)),
        (numbers["sent"], "sendt det seneste døgn", listing(address, sent=1)),
    ]


def job_lines(now: datetime.datetime) -> list[JobLine]:
    """Every job that the code declares, with what its row remembers."""
    rows = {row.name: row for row in ScheduledJob.objects.all()}
    return [JobLine(job, rows.get(job.name), now) for job in jobs.registered()]


class MailView(views.ModelView):
    model = OutboxMail  # type: ignore[assignment]  # no version and no archive: nobody edits a mail
    url_base = "mail"
    lookup = "pk"

    @property
    def user(self) -> User:
        assert isinstance(self.request.user, User)  # noqa: S101 - nobody else comes past the login
        return self.request.user

    @property
    def reason(self) -> str:
        return history.tidy(self.request.POST.get("reason", ""))

    def page(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        return super().page({**context, "section": "operations"}, status)


class MailList(MailView, views.ListView):
    template_name = "pages/mail_list.html"
    columns = MAIL_COLUMNS
    filterset_class = MailFilter
    default_sort = "-created_at"
    importable = False
    creatable = False

    def total(self) -> int:
        return OutboxMail.objects.count()


class MailDetail(MailView):
    """One mail: to whom, how it went, what stands in it, and sending it again."""

    template_name = "pages/mail_detail.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.show(self.get_object("view"))

    def show(self, obj: OutboxMail, refused: mail.Refused | None = None) -> HttpResponse:
        posted = self.request.POST.get("address")
        bad_address = isinstance(refused, mail.BadAddress)
        return self.page(
            {
                "object": obj,
                "about_url": inside(obj.about_url),
                "events": list(obj.events.select_related("actor").order_by("pk")),
                "refused": refused,
                "reason": self.reason,
                "may_change": may(self.request.user, "change", obj),
                "sendable": obj.state != MailState.SENDING and obj.emptied_at is None,
                "address": obj.address if posted is None else posted,
                "bad_address": bad_address,
                "queued": obj.state == MailState.QUEUED,
                "days": BODIES_KEPT.days,
            },
            status=200 if refused is None else 422 if bad_address else 409,
        )


class MailDeed(MailDetail):
    """Something done to the mail that was looked at; else its page says why not (409, or 422 for the address)."""

    action = "change"
    http_method_names = ["post"]
    done: str

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        try:
            if request.POST.get("seen") != obj.seen:
                raise mail.Refused(outbox.CHANGED)
            self.act(obj)
        except mail.Refused as refused:
            return self.show(self.get_object(), refused)
        messages.success(request, self.done)
        return HttpResponseRedirect(obj.get_absolute_url())

    @abstractmethod
    def act(self, obj: OutboxMail) -> None:
        """Do it, or raise ``mail.Refused``."""


class MailResend(MailDeed):
    done = "Mailen er sat i kø og sendes om lidt."

    def act(self, obj: OutboxMail) -> None:
        address = self.request.POST.get("address")
        mail.resend(obj, actor=self.user, reason=self.reason, address=address)


class MailStop(MailDeed):
    done = "Mailen er annulleret og bliver ikke sendt."

    def act(self, obj: OutboxMail) -> None:
        mail.stop(obj, actor=self.user, reason=self.reason)


class MailResendFailed(MailView):
    """All that could not be sent, once more: after a fault in the set-up. Just those that were shown are sent."""

    action = "change"
    template_name = "pages/mail_resend_failed.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.confirm()

    def confirm(self, refused: str = "") -> HttpResponse:
        failed = outbox.sendable_again()
        numbers = failed.aggregate(count=Count("pk"), newest=Max("pk"))
        why = failed.order_by().values("error").annotate(count=Count("pk")).order_by("-count", "error")
        context = {**numbers, "why": list(why), "refused": refused, "reason": self.reason}
        return self.page(context, status=409 if refused else 200)

    def post(self, request: HttpRequest) -> HttpResponse:
        newest, count = (self.number(name) for name in ("newest", "count"))
        try:
            mail.resend_failed(newest=newest, count=count, actor=self.user, reason=self.reason)
        except mail.Refused as refused:
            return self.confirm(str(refused))
        text = "1 mail er sat i kø igen." if count == 1 else f"{count} mails er sat i kø igen."
        messages.success(request, text)
        return HttpResponseRedirect(reverse("operations"))

    def number(self, name: str) -> int:
        text = self.request.POST.get(name, "")
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


class MailTest(MailView):
    """A mail to oneself, to see that mail works."""

    action = "change"
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponseBase:
        address = self.user.email or self.address_as_person()
        if not address:
            messages.error(request, NO_ADDRESS)
            return HttpResponseRedirect(reverse("operations"))
        text, html = mail.render("mail/test", {"name": str(self.user)})
        sent = mail.enqueue(
            occasion=f"test/{uuid.uuid4()}",
            to=mail.Recipient(address, str(self.user)),
            subject="Prøvemail fra FOI-portalen",
            text=text,
            html=html,
        )
        messages.success(request, f"Prøvemailen til {address} er lagt i kø. Her ses, hvordan det går.")
        return HttpResponseRedirect(sent.get_absolute_url())

    def address_as_person(self) -> str:
        return Person.objects.filter(user=self.user).values_list("email", flat=True).first() or ""


__all__ = [
    "MailDetail",
    "MailList",
    "MailResend",
    "MailResendFailed",
    "MailStop",
    "MailTest",
    "OperationsPage",
]
