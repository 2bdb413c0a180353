"""/drift/: what waits, what failed and why, sending again, and the scheduled jobs."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as django_mail
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foi_portal.core import mail
from foi_portal.core.mail import delivery
from foi_portal.core.models import MailState, OutboxMail, ScheduledJob, User
from foi_portal.core.permissions import ADMINISTRATOR, FOI, MANAGER, READER, RESPONSIBLE
from foi_portal.ui import elapsed
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_workers(settings, monkeypatch):
    settings.CELERY_TASK_ALWAYS_EAGER = True
    monkeypatch.setattr(delivery, "_not_before", float("-inf"))


@pytest.fixture
def foi() -> Client:
    return factories.client(FOI)


def write(**values: Any) -> OutboxMail:
    defaults: dict[str, Any] = {"occasion": "test", "subject": "Emne", "text": "Tekst"}
    return mail.enqueue(**{"to": mail.Recipient("bo@example.org", "Bo Ås"), **defaults, **values})


def failed(**values: Any) -> OutboxMail:
    row = write(**values)
    OutboxMail.objects.filter(pk=row.pk).update(
        state="failed",
        settled_at=timezone.now(),
        attempts=1,
        error="Mailserveren afviser modtagerens adresse.",
        error_detail="550 <bo> unknown",
    )
    row.refresh_from_db()
    return row


def page(client: Client, name: str, *args: Any, query: str = "", status: int = 200) -> str:
    response = client.get(reverse(name, args=args) + query)
    assert response.status_code == status
    return response.content.decode()


class TestWho:
    @pytest.mark.parametrize("kind", [READER, RESPONSIBLE, MANAGER, None])
    def test_others_see_nothing_of_it(self, kind):
        row = failed()
        client = factories.client(kind)
        for name, args in (
            ("operations", []),
            ("mail-list", []),
            ("mail-detail", [row.pk]),
            ("mail-resend-failed", []),
        ):
            page(client, name, *args, status=403)
        for name in ("mail-resend", "mail-stop"):
            assert client.post(reverse(name, args=[row.pk]), {"seen": row.seen}).status_code == 403
        for name in ("mail-resend-failed", "mail-test"):
            assert client.post(reverse(name), {"count": 1, "newest": row.pk}).status_code == 403
        row.refresh_from_db()
        assert row.state == MailState.FAILED
        assert OutboxMail.objects.count() == 1
        assert 'href="/drift/"' not in page(client, "front", status=403 if kind is None else 200)

    @pytest.mark.parametrize("kind", [FOI, ADMINISTRATOR])
    def test_foi_and_administrators_do(self, kind):
        client = factories.client(kind)
        page(client, "operations")
        assert 'href="/drift/"' in page(client, "front")

    def test_a_mail_that_is_not_there_is_404(self, foi):
        page(foi, "mail-detail", 0, status=404)
        page(foi, "mail-detail", 10**30, status=404)


class TestOverview:
    def test_an_empty_portal_is_calm(self, foi):
        call_command("send_due", verbosity=0, stdout=io.StringIO())
        html = page(foi, "operations")
        assert "Alt, der kunne sendes, er sendt." in html
        assert "kører ikke til tiden" not in html

    def test_each_number_links_to_as_many_mails(self, foi):
        for n in range(3):
            write(occasion=f"a/{n}")
        delivery.deliver()
        for n in range(2):
            failed(occasion=f"b/{n}")
        write(occasion="c")
        OutboxMail.objects.filter(occasion="a/0").update(sent_at=timezone.now() - timedelta(days=2))
        response = foi.get(reverse("operations"))
        numbers = {label: (count, url) for count, label, url in response.context["tiles"]}
        assert [count for count, _ in numbers.values()] == [1, 2, 2]
        for count, url in numbers.values():
            assert foi.get(url).context["page"].paginator.count == count

    def test_failed_mails_stand_with_the_reason(self, foi):
        failed(subject="<b>Certifikat</b>")
        html = page(foi, "operations")
        assert "&lt;b&gt;Certifikat&lt;/b&gt;" in html
        assert "<b>Certifikat" not in html
        assert "Mailserveren afviser modtagerens adresse." in html

    def test_it_says_that_mails_only_go_to_the_log(self, foi, settings):
        assert "bliver kun skrevet i loggen" in page(foi, "operations")
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "mail.example.dk", 25
        html = page(foi, "operations")
        assert "kun skrevet i loggen" not in html
        assert "mail.example.dk:25" in html

    def test_it_warns_when_a_mail_has_waited_long_and_says_why(self, foi, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        write()
        assert "En mail har ventet" not in page(foi, "operations")
        OutboxMail.objects.update(
            queued_at=timezone.now() - timedelta(hours=3), error="Mailserveren kan ikke nås."
        )
        html = page(foi, "operations")
        assert "En mail har ventet i 3 timer" in html
        assert "Mailserveren kan ikke nås." in html

    def test_jobs_tell_how_they_went_and_when_they_run_next(self, foi):
        call_command("send_due", verbosity=0, stdout=io.StringIO())
        ScheduledJob.objects.filter(name="clear-sessions").update(
            error="Kørslen fejlede.", error_detail="<script>", failures=3
        )
        html = page(foi, "operations")
        assert "Hver dag kl. 7.00" in html
        assert "Kørslen fejlede. 3 gange i træk." in html
        assert "&lt;script&gt;" in html
        assert "lige nu" in html or "sekunder siden" in html

    @pytest.mark.parametrize(
        ("workers", "minutes", "late"), [(True, 3, True), (False, 3, False), (False, 20, True)]
    )
    def test_it_warns_when_nothing_runs(self, foi, settings, workers, minutes, late):
        call_command("send_due", verbosity=0, stdout=io.StringIO())
        settings.CELERY_TASK_ALWAYS_EAGER = not workers
        ScheduledJob.objects.update(due_at=timezone.now() - timedelta(minutes=minutes))
        html = page(foi, "operations")
        assert ("Planlagte job kører ikke til tiden" in html) is late
        if late:
            assert ("beat" in html) is workers
            assert ("manage.py send_due" in html) is not workers

    def test_before_anything_has_run_it_says_so(self, foi):
        assert "Planlagte job kører ikke til tiden" in page(foi, "operations")


class TestList:
    @pytest.fixture(autouse=True)
    def mails(self, foi) -> None:
        failed(occasion="certificate/7", subject="Ældst")
        write(occasion="b", subject="Åben", to="eva@example.org")
        OutboxMail.objects.filter(occasion="b").update(attempts=2, error="Mailserveren svarede ikke i tide.")

    @pytest.mark.parametrize(
        ("query", "subjects"),
        [
            ("", ["Åben", "Ældst"]),
            ("?sort=subject", ["Ældst", "Åben"]),
            ("?state=failed", ["Ældst"]),
            ("?state=waiting", ["Åben"]),
            ("?q=eva", ["Åben"]),
            ("?q=certificate/7", ["Ældst"]),
            ("?q=bo ås", ["Ældst"]),
            ("?sent=7", []),
            ("?state=no-such", ["Åben", "Ældst"]),
        ],
    )
    def test_filters_and_sorting(self, foi, query, subjects):
        response = foi.get(reverse("mail-list") + query + ("&" if query else "?") + "_export=csv")
        rows = list(csv.DictReader(io.StringIO(response.getvalue().decode("utf-8-sig"))))
        assert [row["subject"] for row in rows] == subjects

    def test_what_is_tried_again_says_so(self, foi):
        html = page(foi, "mail-list")
        assert "Prøves igen" in html
        assert "2 i udbakken" in html

    def test_a_superuser_can_see_it_too(self):
        client = Client()
        client.force_login(User.objects.create_superuser("root"))
        page(client, "mail-list")

    def test_a_link_out_of_the_portal_is_no_link(self, foi):
        OutboxMail.objects.update(about="Et sted", about_url="//evil.example")
        html = page(foi, "mail-list", query="?col=about") + page(
            foi, "mail-detail", OutboxMail.objects.values_list("pk", flat=True)[0]
        )
        assert "Et sted" in html
        assert "evil.example" not in html


class TestDetail:
    def test_markup_in_a_mail_is_shown_and_not_obeyed(self, foi):
        row = write(text="Formål: <script>alert(1)</script>\nLinje 2", html="<p>x</p>")
        html = page(foi, "mail-detail", row.pk)
        assert "&lt;script&gt;alert(1)&lt;/script&gt;<br>Linje 2" in html
        assert "<script>alert" not in html

    def test_it_is_sent_again_with_who_and_why(self, foi, django_capture_on_commit_callbacks):
        row = failed()
        with django_capture_on_commit_callbacks(execute=True):
            response = foi.post(
                reverse("mail-resend", args=[row.pk]),
                {"seen": row.seen, "reason": "Postkassen er der nu", "address": "ny@example.org"},
                follow=True,
            )
        html = response.content.decode()
        assert "Mailen er sat i kø" in html
        html = page(foi, "mail-detail", row.pk)
        assert "«Postkassen er der nu»" in html
        assert "bo@example.org → ny@example.org" in html
        assert [sent.recipients() for sent in django_mail.outbox] == [['"Bo Ås" <ny@example.org>']]

    @pytest.mark.parametrize("address", ["", "bo", "bo@example.org, eva@example.org"])
    def test_a_bad_address_is_said_at_its_field_and_what_was_typed_stays(self, foi, address):
        row = failed()
        response = foi.post(
            reverse("mail-resend", args=[row.pk]),
            {"seen": row.seen, "reason": "Min grund", "address": address},
        )
        html = response.content.decode()
        assert response.status_code == 422
        assert 'aria-describedby="address-error"' in html
        assert 'value="Min grund"' in html
        row.refresh_from_db()
        assert row.state == MailState.FAILED

    def test_of_two_who_press_one_is_told_that_it_is_done(self, foi):
        row = failed()
        posted = {"seen": row.seen, "address": row.address}
        assert foi.post(reverse("mail-resend", args=[row.pk]), posted).status_code == 302
        response = factories.client(ADMINISTRATOR).post(reverse("mail-resend", args=[row.pk]), posted)
        assert response.status_code == 409
        assert "Mailen er ændret, siden du så den" in response.content.decode()
        assert row.events.filter(what="queued").count() == 1

    def test_what_waits_can_be_stopped(self, foi):
        row = write()
        response = foi.post(
            reverse("mail-stop", args=[row.pk]), {"seen": row.seen, "reason": "Forkert"}, follow=True
        )
        assert "annulleret og bliver ikke sendt" in response.content.decode()
        assert foi.post(reverse("mail-stop", args=[row.pk]), {"seen": row.seen}).status_code == 409

    def test_an_emptied_mail_says_so_and_is_not_sent_again(self, foi):
        row = failed()
        OutboxMail.objects.update(emptied_at=timezone.now(), text="")
        html = page(foi, "mail-detail", row.pk)
        assert "Indholdet blev slettet" in html
        assert reverse("mail-resend", args=[row.pk]) not in html
        response = foi.post(reverse("mail-resend", args=[row.pk]), {"seen": row.seen, "address": row.address})
        assert response.status_code == 409


class TestAllThatFailed:
    def test_they_are_shown_by_reason_and_sent_again(self, foi, django_capture_on_commit_callbacks):
        rows = [failed(occasion=f"a/{n}") for n in range(3)]
        write(occasion="x", to=mail.Recipient("", "Uden"))
        html = page(foi, "mail-resend-failed")
        assert "Send 3 mails igen" in html
        posted = {"newest": rows[-1].pk, "count": 3, "reason": "Serveren er rettet"}
        with django_capture_on_commit_callbacks(execute=True):
            assert foi.post(reverse("mail-resend-failed"), posted).status_code == 302
        assert OutboxMail.objects.filter(state=MailState.SENT).count() == 3
        assert len(django_mail.outbox) == 3

    @pytest.mark.parametrize("count", ["2", "", "-1", "9" * 40, "x"])
    def test_another_number_than_the_one_shown_is_refused(self, foi, count):
        rows = [failed(occasion=f"a/{n}") for n in range(3)]
        response = foi.post(reverse("mail-resend-failed"), {"newest": rows[-1].pk, "count": count})
        assert response.status_code == 409
        assert "Der er kommet andre mails til" in response.content.decode()
        assert not OutboxMail.objects.exclude(state=MailState.FAILED).exists()

    def test_when_there_are_none_it_says_so(self, foi):
        assert "Der er ingen mails at sende igen" in page(foi, "mail-resend-failed")


class TestTestMail:
    def test_it_goes_to_whoever_asks(self, django_capture_on_commit_callbacks):
        client = factories.client(FOI)
        user = User.objects.get()
        factories.person(user=user, email="karin@example.org")
        with django_capture_on_commit_callbacks(execute=True):
            response = client.post(reverse("mail-test"))
        row = OutboxMail.objects.get()
        assert response["Location"] == row.get_absolute_url()
        assert row.state == MailState.SENT
        sent: Any = django_mail.outbox[0]
        assert sent.recipients()[0].endswith("<karin@example.org>")
        assert "Når du læser den, kan FOI-portalen sende mail" in sent.body
        assert reverse("operations") in sent.alternatives[0][0]

    def test_without_an_address_it_says_where_to_write_one(self, foi):
        response = foi.post(reverse("mail-test"), follow=True)
        assert "Du har ingen e-mailadresse i portalen" in response.content.decode()
        assert not OutboxMail.objects.exists()


class TestElapsed:
    @pytest.mark.parametrize(
        ("seconds", "said"),
        [
            (0.4, "lige nu"),
            (1, "for 1 sekund siden"),
            (59, "for 59 sekunder siden"),
            (60, "for 1 minut siden"),
            (7199, "for 1 time siden"),
            (7200, "for 2 timer siden"),
        ],
    )
    def test_ago(self, seconds, said):
        now = timezone.now()
        assert elapsed.ago(now - timedelta(seconds=seconds), now) == said

    def test_from_a_day_or_an_hour_on_it_is_the_moment(self):
        now = timezone.now()
        assert "kl." in elapsed.ago(now - timedelta(days=1), now)
        assert "kl." in elapsed.ahead(now + timedelta(hours=1), now)
        assert elapsed.ahead(now + timedelta(minutes=2), now) == "om 2 minutter"
        assert elapsed.ahead(now - timedelta(minutes=2), now) == "nu"

    @pytest.mark.parametrize(
        ("seconds", "said"), [(0.04, "0,0 s"), (1.26, "1,3 s"), (12.4, "12 s"), (200, "3 minutter")]
    )
    def test_took(self, seconds, said):
        assert elapsed.took(timedelta(seconds=seconds)) == said

    def test_days(self):
        assert [elapsed.span(timedelta(days=n)) for n in (1, 3)] == ["1 dag", "3 dage"]
