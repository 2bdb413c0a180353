"""Pages of reminders: rules and what they lead to, own wishes, and who looks after an agreement or a certificate."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from coordination.models import Caretaker, Reminder, ReminderPreference, ReminderRule
from foi_portal.core.permissions import READER
from tests import factories
from tests.coordination.reminders import KIND, Dates, only, remind

pytestmark = pytest.mark.django_db
RULES = "/udloeb/paamindelser/"
MINE = "/udloeb/mine-paamindelser/"


@pytest.fixture
def dates(monkeypatch: Any, settings: Any) -> Dates:
    return only(monkeypatch, settings)


def soon(days: int) -> str:
    return str(timezone.localdate() + datetime.timedelta(days=days))


def page(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


class TestRules:
    def test_an_empty_portal_says_what_will_be(self, dates: Dates) -> None:
        shown = page(factories.client().get(RULES))
        assert "Certifikat udløber" in shown
        assert "Der skal ikke sendes noget de næste 30 dage." in shown

    def test_what_will_be_sent_to_whom(self, dates: Dates) -> None:
        ann = factories.person(name="Ann <b>")
        dates.put(soon(9), [ann])
        dates.put(soon(11), [], 2)
        shown = page(factories.client(READER).get(RULES))
        assert "Mails de næste 30 dage" in shown
        assert 'href="/x/1/">Certifikat 1: Udløber</a>' in shown
        assert f'href="/personer/{ann.pk}/">Ann &lt;b&gt;</a>' in shown
        assert "Ingen er ansvarlig" in shown
        assert "om 7 dage" in shown

    def test_of_one_matter_over_a_longer_time(self, dates: Dates) -> None:
        ann = factories.person()
        dates.put(soon(200), [ann], cared_for_as="certificate/1")
        dates.put(soon(9), [ann], 2, cared_for_as="certificate/2")
        shown = page(factories.client().get(RULES, {"sag": "certificate/1"}))
        assert "Mails, der kommer</h2>" in shown
        assert "om 90 dage" in shown
        assert "Og sådan videre, til sagen er ordnet." in shown
        assert "Certifikat 2" not in shown
        assert "Der er ingen påmindelser på vej om den." in page(
            factories.client().get(RULES, {"sag": "x\x00y"})
        )

    def test_a_rule_is_edited_and_counts_at_once(self, dates: Dates) -> None:
        foi = factories.client()
        values = {
            "steps": "7; 14  180",
            "overdue_every": "1",
            "escalate_after": "0",
            "active": "on",
            "version": "1",
        }
        assert foi.get(f"{RULES}{KIND}/").status_code == 200
        assert not ReminderRule.objects.exists(), "looking writes nothing"
        assert foi.post(f"{RULES}{KIND}/", values).status_code == 302
        rule = ReminderRule.objects.get()
        assert (rule.steps, rule.days, rule.overdue_every, rule.escalate_after) == (
            "180, 14, 7",
            (180, 14, 7),
            1,
            0,
        )
        shown = page(foi.get(RULES))
        assert "180, 14, 7" in shown
        assert "hver dag" in shown
        assert "samme dag" in shown

    def test_two_who_edit_the_same_rule_get_the_conflict_page(self, dates: Dates) -> None:
        foi = factories.client()
        values = {"steps": "60", "overdue_every": "7", "escalate_after": "7", "active": "on", "version": "1"}
        assert foi.post(f"{RULES}{KIND}/", values).status_code == 302
        answer = foi.post(f"{RULES}{KIND}/", values | {"steps": "45"})
        assert answer.status_code == 409
        assert "60" in page(answer)
        assert ReminderRule.objects.get().steps == "60"

    @pytest.mark.parametrize(
        ("values", "error"),
        [
            ({"steps": "snart"}, "Skriv hele dage fra 0 til 730, adskilt af komma, fx 90, 30, 7."),
            ({"steps": "-7"}, "Skriv hele dage fra 0 til 730"),
            ({"steps": "7,5, 1000"}, "Skriv hele dage fra 0 til 730"),
            ({"steps": "731"}, "Skriv højst 730 dage."),
            ({"steps": "30 30"}, "Skriv hvert tal én gang."),
            ({"steps": "1 2 3 4 5 6 7 8 9"}, "Skriv højst 8 tal."),
            ({"overdue_every": "0"}, "Skriv mindst 1."),
            ({"overdue_every": ""}, "Skriv et antal dage."),
            ({"escalate_after": "366"}, "Skriv højst 365."),
            ({"escalate_after": "syv"}, "Skriv et helt antal dage."),
        ],
    )
    def test_what_is_no_rule_is_refused_in_danish(
        self, dates: Dates, values: dict[str, str], error: str
    ) -> None:
        usual = {"steps": "90", "overdue_every": "7", "escalate_after": "7", "active": "on", "version": "1"}
        answer = factories.client().post(f"{RULES}{KIND}/", usual | values)
        assert answer.status_code == 422
        assert error in page(answer)
        assert not ReminderRule.objects.exists(), "rolled back"

    def test_switched_off(self, dates: Dates) -> None:
        foi = factories.client()
        values = {"steps": "", "overdue_every": "7", "escalate_after": "7", "version": "1"}
        foi.post(f"{RULES}{KIND}/", values)
        assert "Slået fra" in page(foi.get(RULES))

    def test_a_kind_that_is_none(self, dates: Dates) -> None:
        assert factories.client().get(f"{RULES}noget/").status_code == 404

    def test_without_a_mailbox_for_foi_the_page_warns(self, dates: Dates, settings: Any) -> None:
        settings.FOI_EMAIL = ""
        assert "FOI-enheden har ingen postkasse" in page(factories.client().get(RULES))


class TestWishes:
    def test_ones_own(self, dates: Dates) -> None:
        reader = factories.client(READER)
        me = factories.person(name="Ann", user=reader.user)  # type: ignore[attr-defined]
        assert "Der er ikke sendt nogen endnu." in page(reader.get(MINE))
        for wish, weekly in (("weekly", True), ("weekly", True), ("single", False)):
            assert reader.post(MINE, {"mails": wish}).status_code == 302
            assert ReminderPreference.objects.get(person=me).digest is weekly
        assert reader.post(MINE, {"mails": "aldrig"}).status_code == 422
        dates.put("2026-12-08", [me])
        (row,) = remind("2026-12-01")
        assert row.subject in page(reader.get(MINE))
        assert reverse("mail-detail", args=[row.pk]) not in page(reader.get(MINE))

    def test_a_user_who_is_no_person(self, dates: Dates) -> None:
        reader = factories.client(READER)
        assert "Din bruger er ikke knyttet til en person" in page(reader.get(MINE))
        assert reader.post(MINE, {"mails": "weekly"}).status_code == 422

    def test_foi_sets_it_for_others_and_nobody_else_does(self, dates: Dates) -> None:
        ann = factories.person(name="Ann", email="")
        url = f"/personer/{ann.pk}/paamindelser/"
        assert factories.client(READER).post(url, {"mails": "weekly"}).status_code == 403
        foi = factories.client()
        assert "Ann har ingen e-mailadresse" in page(foi.get(url))
        foi.post(url, {"mails": "weekly"})
        assert "én mail om mandagen" in page(foi.get(ann.get_absolute_url()))


class TestCaretaker:
    @pytest.fixture(params=["aftaler", "certifikater"])
    def matter(self, request: Any) -> Any:
        return factories.agreement() if request.param == "aftaler" else factories.certificate()

    def test_named_changed_and_removed(self, matter: Any) -> None:
        foi, ann, bo = factories.client(), factories.person(name="Ann"), factories.person(name="Bo")
        url = f"{matter.get_absolute_url()}ansvarlig/"
        assert foi.post(url, {"person": "Ann", "version": "0"}).status_code == 302
        row = Caretaker.objects.get()
        assert row.person == ann
        assert str(ann) in page(foi.get(matter.get_absolute_url()))
        assert str(matter) in page(foi.get(ann.get_absolute_url()))
        foi.post(url, {"person": bo.email, "version": str(row.version)})
        row.refresh_from_db()
        assert row.person == bo
        foi.post(url, {"remove": "1", "version": str(row.version), "reason": "Rejst"})
        row.refresh_from_db()
        assert (row.is_archived, row.archive_reason) == (True, "Rejst")
        assert "Ingen er nævnt" in page(foi.get(matter.get_absolute_url()))
        foi.post(url, {"person": "Ann", "version": "0"})
        row.refresh_from_db()
        assert (row.person, row.is_archived) == (ann, False), "the same row again"

    def test_somebody_else_was_first(self, matter: Any) -> None:
        foi = factories.client()
        url = f"{matter.get_absolute_url()}ansvarlig/"
        factories.person(name="Ann"), factories.person(name="Bo")
        foi.post(url, {"person": "Ann", "version": "0"})
        answer = foi.post(url, {"person": "Bo", "version": "0"})
        assert answer.status_code == 409
        assert "Nu er Ann ansvarlig" in page(answer)
        assert Caretaker.objects.get().person.name == "Ann"

    def test_who_has_left_or_is_unknown_is_refused(self, matter: Any) -> None:
        foi = factories.client()
        url = f"{matter.get_absolute_url()}ansvarlig/"
        factories.person(name="Væk", active_to=timezone.localdate())
        for name, error in (("Væk", "Væk er fratrådt"), ("Ukendt", "findes ikke")):
            answer = foi.post(url, {"person": name, "version": "0"})
            assert answer.status_code == 422
            assert error in page(answer)

    def test_who_has_been_reminded_stands_on_the_matter(self, matter: Any, dates: Dates) -> None:
        name = "agreement" if hasattr(matter, "counterpart_id") else "certificate"
        ann = factories.person(name="Ann")
        dates.put("2026-12-08", [ann], cared_for_as=f"{name}/{matter.pk}")
        remind("2026-12-01")
        shown = page(factories.client(READER).get(matter.get_absolute_url()))
        assert "Påmindelser, der er skrevet" in shown
        assert "1. dec. 2026, venter på at blive sendt" in shown


class TestHandOver:
    def test_all_at_once_for_who_leaves(self) -> None:
        foi, ann, bo = factories.client(), factories.person(name="Ann"), factories.person(name="Bo")
        rows = [
            Caretaker.objects.create(person=ann, agreement=factories.agreement()),
            Caretaker.objects.create(person=ann, certificate=factories.certificate()),
        ]
        url = f"/personer/{ann.pk}/passer-paa/"
        assert f'href="{url}"' in page(foi.get(ann.get_absolute_url()))
        assert foi.post(url, {"person": "Ann", "row": [row.pk for row in rows]}).status_code == 422
        assert foi.post(url, {"person": "Bo", "row": [rows[0].pk]}).status_code == 409
        assert foi.post(url, {"person": "Bo", "row": [row.pk for row in rows]}).status_code == 302
        assert set(Caretaker.objects.values_list("person", flat=True)) == {bo.pk}
        assert "ikke nævnt som ansvarlig for fornyelse af noget" in page(foi.get(url))


def test_what_is_remembered_goes_with_the_mail(dates: Dates) -> None:
    dates.put("2026-12-08", [factories.person()])
    (row,) = remind("2026-12-01")
    row.delete()
    assert not Reminder.objects.exists()
