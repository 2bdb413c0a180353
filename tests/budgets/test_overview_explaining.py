"""Explaining a deviation: it is asked for, kept with what it explained, and asked for again when that has moved."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from budgets.models import BudgetLine, BudgetYear, Forecast
from foi_portal.core import history
from foi_portal.core.permissions import ADMINISTRATOR, FOI, MANAGER, READER, RESPONSIBLE
from tests import factories
from tests.budgets.years import page, table, year_2026
from tests.registry.pages import opened, words

pytestmark = pytest.mark.django_db
WHY = "Flere opslag end ventet."


@pytest.fixture
def line():
    year_2026()
    return BudgetLine.objects.get(component__code="SP")


@pytest.fixture
def url(line):
    return reverse("explanation-update", args=[2026, line.pk])


@pytest.fixture
def foi(client):
    client.force_login(factories.user(FOI))
    return client


def forecast(line, amount):
    Forecast.objects.filter(line=line).update(amount=Decimal(amount))


def test_an_explanation_stands_with_the_deviation_it_explains(foi, line, url):
    assert "1 linje afviger og mangler forklaring" in words(foi.get(reverse("budget-year", args=[2026])))
    fields = opened(foi, url)
    answer = foi.post(url, {**fields, "explanation": WHY})
    assert answer["Location"].startswith(reverse("budget-year", args=[2026]))
    line.refresh_from_db()
    assert (line.explanation, line.explained) == (WHY, Decimal("30.00"))
    text = page(foi)
    assert [f"Afviger, fordi: «{WHY}» Ret afvigelsen: Serviceplatformen, transaktion"] == [
        row[0] for row in table(text) if row[0].startswith("Afviger")
    ]
    assert "mangler forklaring" not in text
    change = history.changes_of(line).first()
    assert change is not None
    assert change.after is not None
    assert (change.after["explanation"], change.reason) == (WHY, "")
    assert change.actor is not None
    assert WHY in words(foi.get(reverse("budget-component", args=[2026, "SP"])))


def test_it_is_asked_for_again_when_the_deviation_has_moved(foi, line, url):
    foi.post(url, {**opened(foi, url), "explanation": WHY})
    forecast(line, "239")  # 9 kr. is under 5 % of 200
    assert "uforklarede" not in page(foi)
    forecast(line, "240")
    text = page(foi)
    assert "kun uforklarede afvigelser (1)" in text
    assert "Afvigelsen har flyttet sig siden" in text
    assert "Afvigelsen har flyttet sig, siden den blev forklaret" in words(foi.get(url))
    foi.post(url, {**opened(foi, url), "explanation": f"{WHY} Og prisen steg."})
    assert "uforklarede" not in page(foi)


def test_a_deviation_that_moves_while_one_writes_is_not_explained_unseen(foi, line, url):
    fields = opened(foi, url)
    forecast(line, "300")
    answer = foi.post(url, {**fields, "explanation": WHY})
    assert answer.status_code == 422
    assert "Afvigelsen er ændret, mens du skrev: Den er nu +100,00 kr." in words(answer)
    line.refresh_from_db()
    assert (line.explanation, line.explained) == ("", None)
    assert WHY in answer.content.decode()  # nothing that was typed is lost
    again = {**fields, "explanation": WHY, "seen": "100.00"}
    assert foi.post(url, again).status_code == 302


def test_an_empty_explanation_is_refused(foi, line, url):
    answer = foi.post(url, {**opened(foi, url), "explanation": "   "})
    assert answer.status_code == 422
    assert "Skriv, hvad der er årsag til afvigelsen." in words(answer)


def test_two_people_at_once_get_the_conflict_page(foi, line, url):
    fields = opened(foi, url)
    foi.post(url, {**fields, "explanation": "Den første"})
    answer = foi.post(url, {**fields, "explanation": "Den anden"})
    assert answer.status_code == 409
    text = words(answer)
    assert "I har begge rettet" in text
    assert "Den første" in text
    assert "Den anden" in text
    line.refresh_from_db()
    assert line.explanation == "Den første"


def test_of_a_small_deviation_none_is_asked(foi, line):
    small = BudgetLine.objects.get(component__code="FKOEKO")
    assert "så den behøver ingen forklaring" in words(
        foi.get(reverse("explanation-update", args=[2026, small.pk]))
    )


def test_only_who_may_edit_lines_explains(client, line, url):
    fields: dict[str, str] = {}
    for group in (FOI, MANAGER):
        client.force_login(factories.user(group))
        fields = opened(client, url)
    for group in (READER, RESPONSIBLE, ADMINISTRATOR):
        client.force_login(factories.user(group))
        assert client.get(url).status_code == 403
        assert client.post(url, {**fields, "explanation": WHY}).status_code == 403
    line.refresh_from_db()
    assert line.explanation == ""
    client.force_login(factories.user(ADMINISTRATOR))  # sees amounts, but may not explain
    assert "Mangler forklaring" in page(client)
    assert url not in page(client)


def test_a_line_of_another_year_or_an_archived_one_is_not_found(foi, line):
    BudgetYear.objects.create(year=2027)
    assert foi.get(reverse("explanation-update", args=[2027, line.pk])).status_code == 404
    BudgetLine.objects.filter(pk=line.pk).update(archived_at=timezone.now(), archive_reason="Fejl")
    assert foi.get(reverse("explanation-update", args=[2026, line.pk])).status_code == 404
